// torch-model-archiver beside `archive()`: the same options must give the same manifest (but for its date), the same files and names, and each
// side must read the other's archives.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ArchiveFormat, type ArchiveOptions, archive, archiveFormats } from "../src/archive/archive.ts";
import { extractArchive } from "../src/archive/extract-archive.ts";
import { openArchive } from "../src/archive/open-archive.ts";
import { nn, randn, trace } from "../src/index.ts";
import { type Answer, ask } from "./python.ts";

/** The two programs call their options alike, but for the spelling. */
const flags = {
  modelName: "--model-name",
  version: "--version",
  handler: "--handler",
  serializedFile: "--serialized-file",
  modelFile: "--model-file",
  extraFiles: "--extra-files",
  runtime: "--runtime",
  exportPath: "--export-path",
  archiveFormat: "--archive-format",
  requirementsFile: "--requirements-file",
  configFile: "--config-file",
} as const;
type Plain = { readonly [K in keyof typeof flags]?: string };

/** What is packed: an ONNX model alone, with everything, and what only TorchServe runs. */
function cases(folder: string): Readonly<Record<string, Partial<ArchiveOptions>>> {
  const at = (name: string) => join(folder, "in", name);
  return {
    plain: { serializedFile: at("m.onnx"), handler: "image_classifier" },
    all: {
      serializedFile: at("m.onnx"),
      handler: at("größe_handler.py"),
      modelFile: at("net.py"),
      requirementsFile: at("requirements.txt"),
      configFile: at("model-config.yaml"),
      extraFiles: `${at("index_to_name.json")},${at("assets")},${at("*.csv")}`,
      runtime: "python3",
    },
    torchscript: { serializedFile: at("m.pt"), handler: at("entry_handler") },
  };
}

async function writeInputs(folder: string): Promise<void> {
  const inputs = join(folder, "in");
  mkdirSync(join(inputs, "assets", "deep", "__pycache__"), { recursive: true });
  mkdirSync(join(inputs, "assets", ".hidden"));
  const texts = {
    "größe_handler.py": "def handle(data, context): return data\n",
    "entry_handler.py": "def handle(data, context): return data\n",
    "net.py": "class Net: pass\n",
    "requirements.txt": "numpy\n",
    "model-config.yaml": "batchSize: 2\n",
    "index_to_name.json": '{"0": "no", "1": "yes"}',
    "a.csv": "1,2\n",
    "b.csv": "3,4\n",
    "m.pt": "not really\n",
    "assets/vocabulary.txt": "a b c\n".repeat(1000),
    "assets/deep/nested.txt": "nested\n",
    "assets/deep/__pycache__/x.pyc": "no\n",
    "assets/.hidden/x": "no\n",
    "assets/.env": "kept\n",
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(inputs, name), text);
  const traced = await trace(
    nn.seeded(0, () => new nn.Linear(4, 2)),
    randn([1, 4], { seed: 0 }),
  );
  await traced.save(join(inputs, "m.onnx"));
}

/** Answers once for each case and format, then with what Python's own libraries make of ours. */
export async function* compareArchives(python: string, folder: string): AsyncIterable<Answer> {
  const home = join(folder, "archives");
  mkdirSync(home);
  await writeInputs(home);
  const ours: string[] = [];
  for (const [name, options] of Object.entries(cases(home)))
    for (const archiveFormat of archiveFormats) {
      const model = `${name} ${archiveFormat}`;
      try {
        ours.push(await compareOne(python, join(home, `${name}-${archiveFormat}`), { ...options, archiveFormat }));
        yield { model, note: "manifest, names and bytes are equal" };
      } catch (error) {
        yield { model, problem: error instanceof Error ? error.message : String(error) };
      }
    }
  yield* ask(python, "archive_peer.py", ours);
  yield* readByJava(ours.filter((path) => path.endsWith(".mar")));
}

/** TorchServe unpacks an archive as a stream, by the library of Java. */
async function* readByJava(paths: readonly string[]): AsyncIterable<Answer> {
  for (const path of paths) {
    const model = `${path.split("/").slice(-3).join("/")} in Java`;
    const { status, error, stdout, stderr } = spawnSync("java", [join(import.meta.dirname, "peers/ReadZip.java"), path], {
      encoding: "utf8",
    });
    if (error) {
      yield { model: "in Java", skipped: "there is no `java` here (version 11 or later)" };
      return;
    }
    const { files } = await openArchive(path, { anyModel: true });
    const lines = files.map((file) => `${file.bytes} ${file.path}`);
    const same = status === 0 && stdout.trimEnd() === lines.join("\n");
    yield same ? { model, note: `${lines.length} files` } : { model, problem: stderr || stdout };
  }
}

/** Gives the path of our archive. */
async function compareOne(
  python: string,
  folder: string,
  options: Partial<ArchiveOptions> & { readonly archiveFormat: ArchiveFormat },
): Promise<string> {
  for (const name of ["theirs", "ours", "temporary"]) mkdirSync(join(folder, name), { recursive: true });
  const common = { modelName: "peer", version: "1.2", handler: "base_handler", ...options };
  const report = await archive({ ...common, exportPath: join(folder, "ours") });
  const theirs = { ...common, exportPath: join(folder, "theirs") } as Plain;
  const words = Object.entries(flags).flatMap(([key, flag]) => {
    const value = theirs[key as keyof Plain];
    return value === undefined ? [] : [flag, value];
  });
  // It works in a folder of the model's name below the one for temporary files, and removes what it finds there.
  const env = { ...process.env, TMPDIR: join(folder, "temporary") };
  const ran = spawnSync(python, ["-m", "model_archiver.model_packaging", ...words], { env, encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stderr);
  const path = report.path.replace(join(folder, "ours"), join(folder, "theirs"));
  const anyModel = { anyModel: true };
  const [a, b] = [await openArchive(path, anyModel), await openArchive(report.path, anyModel)];
  assert.deepEqual({ ...a.manifest, createdOn: "" }, { ...b.manifest, createdOn: "" });
  await extractArchive(path, join(folder, "theirs-unpacked"), anyModel);
  await extractArchive(report.path, join(folder, "ours-unpacked"), anyModel);
  assert.deepEqual(contents(join(folder, "ours-unpacked")), contents(join(folder, "theirs-unpacked")));
  return report.path;
}

/** The text of every file, by name; the manifest without its date. */
function contents(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  const withoutDate = (text: string) => text.replace(/"createdOn": "\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d"/, "");
  return Object.fromEntries(files.map((name) => [name, withoutDate(readFileSync(join(folder, name), "latin1"))]));
}
