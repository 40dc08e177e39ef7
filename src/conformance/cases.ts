// Finds test cases of ONNX's backend suite: in a folder tree, or in a packed one.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { gunzipSync } from "node:zlib";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { readTar } from "./tar.ts";

/** The inputs and outputs of one run, by file name: `input_0.pb`, `output_0.pb`. */
export interface DataSet {
  readonly name: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The bytes of a case. */
export interface CaseFiles {
  readonly name: string;
  /** Absent where the case has data and no model. */
  readonly model: Uint8Array | undefined;
  /** Where the model lies, when it is a file of its own: its external data is beside it. */
  readonly modelPath: string | undefined;
  readonly dataSets: readonly DataSet[];
  /** Inputs without a file are those that the suite's runner makes for models with weights of its own making: `arange(n) / n`. */
  readonly inputsByRule: boolean;
}

/** A case that was found; its files are read when it is its turn. */
export interface FoundCase {
  readonly name: string;
  /** Folder or archive, and the place in it. */
  readonly place: string;
  read(): CaseFiles;
}

type Read = () => Uint8Array;

/** An archive unpacks to no more than this, in bytes. */
const largestArchive = 2 ** 31 - 1;

/**
 * The cases at a path, in the order of their paths: a folder of cases (nested as deep as it likes, or a case itself), or a `.tar`, `.tar.gz`
 * or `.tgz` of such folders. A case is a folder with `model.onnx` and `test_data_set_N/`; or, as ONNX keeps its light models,
 * `NAME.onnx` beside `NAME_output_0.pb`. Throws `FileNotFound`, `FileNotReadable`, `ConformanceCases`.
 *
 * @example
 * for (const { name, read } of findCases("onnx/backend/test/data/node")) console.log(name, read().model?.length);
 */
export function findCases(path: string): FoundCase[] {
  const cases = casesIn(path, isFolder(path) ? filesOfFolder(path) : filesOfArchive(path));
  if (cases.length === 0)
    throw ingotError("ConformanceCases", { path, problem: "there is no folder with a model.onnx and test_data_set_0" });
  return cases;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}

/** Files by their path below the folder, with `/` between the parts. */
function filesOfFolder(folder: string): Map<string, Read> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => name.split(sep).join("/"));
  return new Map(names.sort().map((name) => [name, () => readOf(join(folder, name))]));
}

function readOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}

function filesOfArchive(path: string): Map<string, Read> {
  if (!/\.(tar|tar\.gz|tgz)$/i.test(path))
    throw ingotError("ConformanceCases", { path, problem: "it is neither a folder nor a tar archive" });
  const packed = readOf(path);
  try {
    const tar = /gz$/i.test(path) ? gunzipSync(packed, { maxOutputLength: largestArchive }) : packed;
    return new Map([...readTar(tar)].map((file) => [file.path.replace(/^(\.?\/)+/, ""), () => file.bytes]));
  } catch (cause) {
    throw ingotError("ConformanceCases", { path, problem: (cause as Error).message }, { cause });
  }
}

const dataFile = /^(?:(.*)\/)?(test_data_set_\d+)\/([^/]+\.pb)$/;

function casesIn(root: string, files: ReadonlyMap<string, Read>): FoundCase[] {
  const sets = new Map<string, Map<string, Map<string, Read>>>();
  const folders = new Set<string>();
  const cases: FoundCase[] = [];
  for (const [path, read] of files) {
    const [, folder = "", set, file] = dataFile.exec(path) ?? [];
    if (set !== undefined && file !== undefined) {
      folders.add(folder);
      const ofCase = sets.get(folder) ?? new Map<string, Map<string, Read>>();
      sets.set(folder, ofCase.set(set, (ofCase.get(set) ?? new Map<string, Read>()).set(file, read)));
    } else if (basename(path) === "model.onnx") folders.add(dirname(path) === "." ? "" : dirname(path));
    else if (path.endsWith(".onnx") && files.has(path.replace(/\.onnx$/, "_output_0.pb"))) cases.push(flatCase(root, path, files));
  }
  for (const folder of folders) cases.push(folderCase(root, folder, files, sets.get(folder) ?? new Map()));
  return cases.sort((a, b) => (a.place < b.place ? -1 : 1));
}

function folderCase(
  root: string,
  folder: string,
  files: ReadonlyMap<string, Read>,
  sets: ReadonlyMap<string, ReadonlyMap<string, Read>>,
): FoundCase {
  const name = basename(folder === "" ? resolve(root) : folder);
  const model = folder === "" ? "model.onnx" : `${folder}/model.onnx`;
  const numbered = [...sets].sort(([a], [b]) => Number(a.replace(/\D+/g, "")) - Number(b.replace(/\D+/g, "")));
  return {
    name,
    place: join(root, folder),
    read: () => ({
      name,
      model: files.get(model)?.(),
      modelPath: isFolder(root) ? join(root, model) : undefined,
      dataSets: numbered.map(([set, ofSet]) => ({ name: set, files: new Map([...ofSet].map(([file, read]) => [file, read()])) })),
      inputsByRule: false,
    }),
  };
}

function flatCase(root: string, path: string, files: ReadonlyMap<string, Read>): FoundCase {
  const stem = path.replace(/\.onnx$/, "");
  const name = basename(stem);
  const own = [...files].filter(([file]) => file.startsWith(`${stem}_`) && /^(input|output)_\d+\.pb$/.test(file.slice(stem.length + 1)));
  return {
    name,
    place: join(root, path),
    read: () => ({
      name,
      model: files.get(path)?.(),
      modelPath: isFolder(root) ? join(root, path) : undefined,
      dataSets: [{ name: "", files: new Map(own.map(([file, read]) => [file.slice(stem.length + 1), read()])) }],
      inputsByRule: true,
    }),
  };
}
