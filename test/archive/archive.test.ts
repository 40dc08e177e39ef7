// Making archives: their names, layout and manifest are torch-model-archiver's, and what is packed comes out again.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { type ArchiveFormat, type ArchiveOptions, archive, archiveFormats } from "../../src/archive/archive.ts";
import { extractArchive } from "../../src/archive/extract-archive.ts";
import { formatDate, formatManifest } from "../../src/archive/manifest.ts";
import { openArchive } from "../../src/archive/open-archive.ts";
import { fromText } from "../../src/archive/packed-file.ts";
import { writeZip } from "../../src/archive/zip-writer.ts";
import { goodManifest, modelWithData, reluModel } from "../support/archive-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Every file below a folder, by its path. */
function filesBelow(folder: string): Record<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(names.filter((n) => statSync(join(folder, n)).isFile()).map((n) => [n, readFileSync(join(folder, n))]));
}

describe("archive", () => {
  const inFolder = temporaryFolder({ eachTest: true });
  const write = (name: string, bytes: Uint8Array | string) => {
    mkdirSync(dirname(inFolder(name)), { recursive: true });
    return inFolder(name, bytes);
  };
  const pack = (more: Partial<ArchiveOptions> = {}) =>
    archive({
      modelName: "m",
      version: "1.0",
      handler: "base_handler",
      serializedFile: inFolder("in/m.onnx"),
      exportPath: inFolder("out"),
      ...more,
    });
  const packedFiles = async (more: Partial<ArchiveOptions>) => (await pack(more)).files.map(({ path }) => path);
  beforeEach(() => {
    write("in/m.onnx", reluModel);
    mkdirSync(inFolder("out"));
  });
  afterEach(() => {
    delete process.env.SOURCE_DATE_EPOCH;
  });

  it("writes the manifest as torch-model-archiver does, and as the last entry", async () => {
    process.env.SOURCE_DATE_EPOCH = "1794998096";
    for (const name of ["model.py", "handler.py", "r.txt", "c.yaml"]) write(`in/${name}`, "# a\n");
    write("in/c.yaml", "batchSize: 2\n");
    const { path, manifest, files } = await pack({
      modelFile: inFolder("in/model.py"),
      handler: inFolder("in/handler"),
      requirementsFile: inFolder("in/r.txt"),
      configFile: inFolder("in/c.yaml"),
    });
    assert.equal(path, inFolder("out/m.mar"));
    await extractArchive(path, inFolder("x"));
    assert.equal(
      readFileSync(inFolder("x/MAR-INF/MANIFEST.json"), "utf8"),
      [
        "{",
        '  "createdOn": "18/11/2026 10:34:56",',
        '  "runtime": "python",',
        '  "model": {',
        '    "modelName": "m",',
        '    "serializedFile": "m.onnx",',
        '    "handler": "handler",',
        '    "modelFile": "model.py",',
        '    "modelVersion": "1.0",',
        '    "requirementsFile": "r.txt",',
        '    "configFile": "c.yaml"',
        "  },",
        '  "archiverVersion": "0.12.0"',
        "}",
      ].join("\n"),
    );
    assert.deepEqual((await openArchive(path)).manifest, manifest);
    assert.deepEqual(
      files.map((file) => file.path),
      ["c.yaml", "handler.py", "m.onnx", "model.py", "r.txt", "MAR-INF/MANIFEST.json"],
    );
  });

  const endings: { readonly [F in ArchiveFormat]: string } = { default: "m.mar", "zip-store": "m.mar", tgz: "m.tar.gz", "no-archive": "m" };
  for (const archiveFormat of archiveFormats)
    it(`makes the same ${archiveFormat} archive of the same files, which is read back`, async () => {
      process.env.SOURCE_DATE_EPOCH = "1";
      write("in/extra/a.txt", "a");
      write("in/extra/sub/b.txt", "b".repeat(3000));
      mkdirSync(inFolder("out2"));
      const options = { archiveFormat, extraFiles: inFolder("in/extra") };
      const { path } = await pack(options);
      const second = await pack({ ...options, exportPath: inFolder("out2") });
      assert.equal(path, inFolder(`out/${endings[archiveFormat]}`));
      const bytes = (of: string) => (archiveFormat === "no-archive" ? filesBelow(of) : readFileSync(of));
      assert.deepEqual(bytes(second.path), bytes(path));
      const { files } = await extractArchive(path, inFolder("x"));
      assert.deepEqual(Object.keys(filesBelow(inFolder("x"))).sort(), files.map((file) => file.path).sort());
      assert.equal(readFileSync(inFolder("x/sub/b.txt"), "utf8"), "b".repeat(3000));
      assert.equal(readFileSync(inFolder("x/a.txt"), "utf8"), "a");
      assert.deepEqual(readdirSync(inFolder("out")), [endings[archiveFormat]]);
    });

  it("takes extra files by name, by wildcard, and folders with their contents at the top", async () => {
    for (const name of [
      "a.json",
      "b.json",
      ".hidden.json",
      "c.txt",
      "d/e.txt",
      "d/f/g.txt",
      "d/.git/h",
      "d/__pycache__/i",
      "d/.env",
      "[1].txt",
    ])
      write(`in/${name}`, name);
    const extraFiles = `${inFolder("in/*.json")}, ${inFolder("in/?.txt")},${inFolder("in/d")},${inFolder("in/[1].txt")},`;
    assert.deepEqual(await packedFiles({ extraFiles }), [
      ".env",
      "[1].txt",
      "a.json",
      "b.json",
      "c.txt",
      "e.txt",
      "f/g.txt",
      "m.onnx",
      "MAR-INF/MANIFEST.json",
    ]);
  });

  it("says which wildcard stands for nothing, and which file is not there", async () => {
    assert.match((await pack({ extraFiles: inFolder("in/*.txt") })).warnings.join(), /\*\.txt stands for no file/);
    await assert.rejects(pack({ force: true, extraFiles: inFolder("in/no.txt") }), { code: "FileNotFound" });
  });

  it("packs a file that is named twice once, and refuses two files of one name", async () => {
    write("in/a.txt", "1");
    write("in/sub/a.txt", "2");
    const twice = [inFolder("in/a.txt"), inFolder("in/../in/a.txt")];
    assert.deepEqual(await packedFiles({ extraFiles: twice }), ["a.txt", "m.onnx", "MAR-INF/MANIFEST.json"]);
    await assert.rejects(pack({ force: true, extraFiles: [inFolder("in/a.txt"), inFolder("in/sub/a.txt")] }), { code: "ArchiveNameClash" });
  });

  it("archives an archive's own folder again, with a new manifest", async () => {
    write("in/old/MAR-INF/MANIFEST.json", JSON.stringify(goodManifest));
    const { files, warnings } = await pack({ extraFiles: inFolder("in/old") });
    assert.equal(files.length, 2);
    assert.match(warnings.join(), /a manifest of its own/);
  });

  it("does not go round in a link to a folder above", async () => {
    mkdirSync(inFolder("in/d"));
    symlinkSync(inFolder("in/d"), inFolder("in/d/again"));
    await assert.rejects(pack({ extraFiles: inFolder("in/d") }), { code: "FileNotReadable" });
  });

  it("packs the files in which a model keeps tensors, and refuses those that lie elsewhere", async () => {
    write("in/m.onnx", modelWithData("data/w.bin"));
    write("in/data/w.bin", Buffer.alloc(16, 7));
    assert.deepEqual(await packedFiles({}), ["data/w.bin", "m.onnx", "MAR-INF/MANIFEST.json"]);
    await extractArchive(inFolder("out/m.mar"), inFolder("x"));
    assert.deepEqual(readFileSync(inFolder("x/data/w.bin")), Buffer.alloc(16, 7));
    for (const location of ["../w.bin", "/etc/passwd", "linked.bin"]) {
      write("in/m.onnx", modelWithData(location));
      write("w.bin", Buffer.alloc(16));
      if (location === "linked.bin") symlinkSync("/etc/passwd", inFolder("in/linked.bin"));
      await assert.rejects(pack({ force: true }), { code: "OnnxExternalData" });
    }
    assert.deepEqual(readdirSync(inFolder("out")), ["m.mar"]);
  });

  it("refuses an .onnx that is none", async () => {
    write("in/m.onnx", "PK\x03\x04 no model");
    await assert.rejects(pack(), { code: "NotOnnx" });
    assert.deepEqual(readdirSync(inFolder("out")), []);
  });

  it("packs what only TorchServe runs, and says so", async () => {
    for (const name of ["m.pt", "h.py", "net.py"]) write(`in/${name}`, "x");
    const { warnings, path } = await pack({
      serializedFile: inFolder("in/m.pt"),
      modelFile: inFolder("in/net.py"),
      handler: inFolder("in/h:entry"),
    });
    assert.match(
      warnings.join("\n"),
      /only TorchServe can serve m\.pt[\s\S]*net\.py is packed for TorchServe[\s\S]*h\.py is packed for TorchServe/,
    );
    const { manifest, files } = await openArchive(path, { anyModel: true });
    assert.equal(manifest.model.handler, "h:entry");
    assert.equal(files.find((file) => file.path === "h.py")?.role, "handler");
    await assert.rejects(pack({ force: true, handler: "no_such_handler" }), { code: "FileNotFound" });
    assert.match((await pack({ force: true, handler: "vllm_handler" })).warnings.join(), /only TorchServe has the handler vllm_handler/);
  });

  it("refuses names, folders, options and archives as torch-model-archiver does", async () => {
    await assert.rejects(pack({ modelName: "../m" }), { code: "ArchiveName" });
    await assert.rejects(pack({ modelName: "m m" }), { code: "ArchiveName" });
    await assert.rejects(pack({ exportPath: inFolder("absent") }), { code: "ArchiveExportPath" });
    await assert.rejects(pack({ version: "" }), { code: "InvalidArgument" });
    await assert.rejects(pack({ archiveFormat: "rar" as ArchiveFormat }), { code: "InvalidArgument" });
    await assert.rejects(pack({ extrafiles: "a" } as object), { code: "UnknownOption" });
    process.env.SOURCE_DATE_EPOCH = "soon";
    await assert.rejects(pack(), { code: "SourceDateEpoch" });
    delete process.env.SOURCE_DATE_EPOCH;
    write("out/m.mar", "old");
    await assert.rejects(pack(), { code: "ArchiveExists" });
    assert.equal(readFileSync(inFolder("out/m.mar"), "utf8"), "old");
    assert.match((await pack({ force: true })).warnings.join(), /was there already/);
  });

  it("replaces an unpacked archive with force, but no folder of other files", async () => {
    await pack({ archiveFormat: "no-archive" });
    await pack({ archiveFormat: "no-archive", force: true, version: "2.0" });
    assert.equal((await openArchive(inFolder("out/m"))).manifest.model.modelVersion, "2.0");
    write("out/other/work.txt", "mine");
    await assert.rejects(pack({ modelName: "other", archiveFormat: "no-archive", force: true }), { code: "FileNotWritable" });
    assert.deepEqual(readdirSync(inFolder("out")).sort(), ["m", "other"]);
  });

  it("leaves nothing behind, and the old archive in place, when it is ended in the middle", async () => {
    await pack();
    const before = readFileSync(inFolder("out/m.mar"));
    for (const archiveFormat of archiveFormats) {
      const controller = new AbortController();
      const ended = pack({ archiveFormat, force: true, signal: controller.signal });
      controller.abort();
      await assert.rejects(ended, { name: "AbortError" });
    }
    assert.deepEqual(readFileSync(inFolder("out/m.mar")), before);
    assert.deepEqual(readdirSync(inFolder("out")), ["m.mar"]);
  });

  for (const archiveFormat of ["default", "tgz"] as const)
    it(`stores what packs so well that it would look like a bomb (${archiveFormat})`, async () => {
      write("in/zeros", Buffer.alloc(40 * 2 ** 20));
      const { path, bytes } = await pack({ archiveFormat, extraFiles: inFolder("in/zeros") });
      assert.ok(bytes > 40 * 2 ** 20);
      await extractArchive(path, inFolder("x"));
      assert.equal(statSync(inFolder("x/zeros")).size, 40 * 2 ** 20);
    });

  it("reads its own numbers of 64 bits", async () => {
    const file = await open(inFolder("out/m.mar"), "w");
    const texts = [fromText("a", "some text"), fromText("m.onnx", Buffer.from(reluModel).toString("latin1"))];
    await writeZip(file, [...texts, fromText("MAR-INF/MANIFEST.json", JSON.stringify(goodManifest))], { zip64From: 0 });
    await file.close();
    const bytes = readFileSync(inFolder("out/m.mar"));
    assert.ok(bytes.includes("PK\x06\x06") && bytes.includes("PK\x06\x07"));
    await extractArchive(inFolder("out/m.mar"), inFolder("x"));
    assert.equal(readFileSync(inFolder("x/a"), "utf8"), "some text");
  });

  it("gives back the bytes of any files, in every format", async () => {
    const letters = "aZ09._- äß日".split("");
    const name = fc
      .array(fc.constantFrom(...letters), { minLength: 1, maxLength: 60 })
      .map((chars) => chars.join(""))
      .filter((n) => !/^\.+$|^[. ]|^MAR-INF$/.test(n) && n === n.trim() && n !== "m.onnx");
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const tree = fc.dictionary(path, fc.uint8Array({ maxLength: 3000 }), { maxKeys: 6 });
    // A name cannot be a file and a folder.
    const files = tree.filter((all) => !Object.keys(all).some((a) => Object.keys(all).some((b) => b.startsWith(`${a}/`))));
    await fc.assert(
      fc.asyncProperty(files, fc.constantFrom(...archiveFormats), async (all, archiveFormat) => {
        const folder = mkdtempSync(join(tmpdir(), "ingot-test-"));
        try {
          mkdirSync(join(folder, "extra"));
          for (const [at, bytes] of Object.entries(all)) {
            mkdirSync(dirname(join(folder, "extra", at)), { recursive: true });
            writeFileSync(join(folder, "extra", at), bytes);
          }
          const { path: made } = await pack({ archiveFormat, exportPath: folder, extraFiles: [join(folder, "extra")] });
          await extractArchive(made, join(folder, "x"));
          const { "MAR-INF/MANIFEST.json": _manifest, "m.onnx": model, ...rest } = filesBelow(join(folder, "x"));
          assert.deepEqual(model, Buffer.from(reluModel));
          assert.deepEqual(rest, Object.fromEntries(Object.entries(all).map(([at, bytes]) => [at, Buffer.from(bytes)])));
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("the manifest", () => {
  it("writes letters beyond ASCII as Python does", () => {
    const text = formatManifest({ runtime: "python", model: { modelName: "m", handler: "größe\u007f😀", modelVersion: "1" } });
    assert.match(text, /"handler": "gr\\u00f6\\u00dfe\\u007f\\ud83d\\ude00"/);
  });

  it("writes dates with the day first", () => {
    assert.equal(formatDate(new Date("2026-11-18T12:34:56Z"), true), "18/11/2026 12:34:56");
    const now = new Date(2026, 0, 2, 3, 4, 5);
    assert.equal(formatDate(now, false), "02/01/2026 03:04:05");
  });
});
