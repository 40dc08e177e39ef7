// Archives as they come from the programs that make them: what is read of them, and where it lies once it is unpacked.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { extractArchive } from "../../src/archive/extract-archive.ts";
import { openArchive } from "../../src/archive/open-archive.ts";
import { goodManifest, goodParts, manifestPart, modelWithData, reluModel } from "../support/archive-files.ts";
import { paxOf, type TarPart, tarOf } from "../support/hostile/tar-parts.ts";
import { type ZipPart, zipOf } from "../support/hostile/zip-writer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const text = Buffer.from("some text");
const packed = { method: 8, bytes: deflateRawSync(text), claimedSize: text.length, crc: crc32(text) };
const under = (folder: string, parts: readonly ZipPart[]): TarPart[] =>
  parts.map(({ name, bytes }) => ({ name: `${folder}${name}`, bytes }));
const paths = (files: readonly { readonly path: string }[]) => files.map(({ path }) => path).sort();

describe("openArchive", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  it("reads manifest, files with what they are for, and configuration", async () => {
    const manifest = {
      ...goodManifest,
      model: { ...goodManifest.model, configFile: "model-config.yaml", handler: "h.py", requirementsFile: "r.txt" },
    };
    const config = "minWorkers: 2\nbatchSize: 8\nmaxBatchDelay: soon\nuseVenv: yes\nhandler:\n  topk: 3\n";
    const parts = [
      { name: "m.onnx", bytes: reluModel },
      { name: "h.py", bytes: text },
      { name: "r.txt", bytes: text },
      { name: "model-config.yaml", bytes: Buffer.from(config) },
      { name: "sub/labels.json", bytes: text },
      manifestPart(manifest),
    ];
    const archive = await openArchive(inFolder("m.mar", zipOf(parts)));
    assert.deepEqual(archive.manifest, manifest);
    assert.deepEqual(
      archive.files.map(({ path, bytes, role }) => [path, bytes, role]),
      [
        ["m.onnx", reluModel.length, "model"],
        ["h.py", 9, "handler"],
        ["r.txt", 9, "requirements"],
        ["model-config.yaml", config.length, "config"],
        ["sub/labels.json", 9, "extra"],
        ["MAR-INF/MANIFEST.json", JSON.stringify(manifest).length, "manifest"],
      ],
    );
    assert.deepEqual(archive.config, { minWorkers: 2, batchSize: 8, useVenv: true, backend: { handler: { topk: 3 } } });
    assert.deepEqual(archive.warnings, ["model-config.yaml: maxBatchDelay must be an integer from 0, got `soon` (string); it is ignored"]);
  });

  it("reads a configuration of any name, wherever it stands in a packed stream", async () => {
    const manifest = { ...goodManifest, model: { ...goodManifest.model, configFile: "settings" } };
    const parts = [{ name: "settings", bytes: Buffer.from("batchSize: 3") }, { name: "m.onnx", bytes: reluModel }, manifestPart(manifest)];
    for (const bytes of [zipOf(parts), gzipSync(tarOf(under("m/", parts)))])
      assert.equal((await openArchive(inFolder("m.mar", bytes))).config.batchSize, 3);
  });

  it("takes keys of objects' prototypes for plain names", async () => {
    const manifest = { ...goodManifest, model: { ...goodManifest.model, configFile: "c.yaml" } };
    const parts = [
      { name: "c.yaml", bytes: Buffer.from("__proto__: {batchSize: 3}\nconstructor: 1\n") },
      { name: "m.onnx", bytes: reluModel },
    ];
    const { config } = await openArchive(inFolder("m.mar", zipOf([...parts, manifestPart(manifest)])));
    assert.equal(config.batchSize, undefined);
    assert.deepEqual(Object.keys(config.backend), ["__proto__", "constructor"]);
    assert.equal(({} as { batchSize?: number }).batchSize, undefined);
  });

  it("says so when a configuration lies there that the manifest does not name", async () => {
    const { warnings } = await openArchive(inFolder("m.mar", zipOf(goodParts({ name: "model-config.yaml", bytes: text }))));
    assert.match(warnings.join(), /does not name it/);
  });

  it("reads what it cannot serve only where it is asked to", async () => {
    const manifest = { ...goodManifest, model: { ...goodManifest.model, serializedFile: "m.pt" } };
    const path = inFolder("m.mar", zipOf([{ name: "m.pt", bytes: text }, manifestPart(manifest)]));
    await assert.rejects(openArchive(path), { code: "ArchiveNotOnnx" });
    assert.equal((await openArchive(path, { anyModel: true })).manifest.model.serializedFile, "m.pt");
  });

  it("says which limit is none", async () => {
    await assert.rejects(openArchive(inFolder("m.mar", text), { maxEntries: 0 }), { code: "InvalidArgument" });
  });
});

describe("extractArchive", () => {
  const inFolder = temporaryFolder({ eachTest: true });
  const long = `${"long/".repeat(25)}name`;

  const ways: readonly (readonly [string, Uint8Array, string])[] = [
    ["a packed entry", zipOf(goodParts({ name: "extra", ...packed })), "extra"],
    ["sizes behind the content", zipOf(goodParts({ name: "extra", ...packed, descriptor: true })), "extra"],
    ["zip64 sizes", zipOf(goodParts({ name: "extra", ...packed, zip64: true })), "extra"],
    ["folders of their own", zipOf(goodParts({ name: "d/", bytes: Buffer.alloc(0) }, { name: "d/extra", ...packed })), "d/extra"],
    ["a name beyond ASCII", zipOf(goodParts({ name: "größe.txt", ...packed, flags: 0x800 })), "größe.txt"],
    ["all files under one folder", gzipSync(tarOf(under("m/", goodParts({ name: "extra", bytes: text })))), "extra"],
    [
      "all files under ./",
      gzipSync(tarOf([{ name: "./", type: "5" }, ...under("./", goodParts({ name: "extra", bytes: text }))])),
      "extra",
    ],
    [
      "a long name as GNU tar writes it",
      gzipSync(
        tarOf([{ name: "l", type: "L", bytes: Buffer.from(`m/${long}\0`) }, { name: "cut", bytes: text }, ...under("m/", goodParts())]),
      ),
      long,
    ],
    [
      "a long name as pax writes it",
      gzipSync(
        tarOf([{ name: "l", type: "x", bytes: paxOf({ path: `m/${long}` }) }, { name: "cut", bytes: text }, ...under("m/", goodParts())]),
      ),
      long,
    ],
  ];
  for (const [what, bytes, extra] of ways)
    it(`unpacks an archive with ${what}`, async () => {
      const path = inFolder("m.model", bytes);
      const archive = await extractArchive(path, inFolder("x"));
      assert.equal(archive.path, inFolder("x"));
      assert.deepEqual(readFileSync(inFolder(`x/${extra}`)), text);
      assert.deepEqual(readFileSync(inFolder("x/m.onnx")), Buffer.from(reluModel));
      assert.deepEqual(archive.files, (await openArchive(path)).files);
      assert.deepEqual(readdirSync(inFolder()).sort(), ["m.model", "x"]);
    });

  it("copies an archive that lies in a folder", async () => {
    mkdirSync(inFolder("m/MAR-INF"), { recursive: true });
    writeFileSync(inFolder("m/MAR-INF/MANIFEST.json"), JSON.stringify(goodManifest));
    writeFileSync(inFolder("m/m.onnx"), reluModel);
    const { files } = await extractArchive(inFolder("m"), inFolder("x"));
    assert.deepEqual(paths(files), ["MAR-INF/MANIFEST.json", "m.onnx"]);
    assert.deepEqual(readFileSync(inFolder("x/m.onnx")), Buffer.from(reluModel));
  });

  it("keeps a model's data files beside it", async () => {
    const parts = [{ name: "m.onnx", bytes: modelWithData("d/w.bin") }, { name: "d/w.bin", bytes: Buffer.alloc(16, 1) }, manifestPart()];
    const { warnings } = await extractArchive(inFolder("m.mar", zipOf(parts)), inFolder("x"));
    assert.deepEqual(warnings, []);
    assert.equal(readFileSync(inFolder("x/d/w.bin")).length, 16);
  });

  it("leaves a model that cannot be decoded to whoever loads it, with a warning", async () => {
    const parts = [{ name: "m.onnx", bytes: reluModel.subarray(0, 40) }, manifestPart()];
    const { warnings } = await extractArchive(inFolder("m.mar", zipOf(parts)), inFolder("x"));
    assert.match(warnings.join(), /^m\.onnx cannot be read as an ONNX model/);
  });

  it("refuses a folder that exists, and leaves it alone", async () => {
    const path = inFolder("m.mar", zipOf(goodParts()));
    mkdirSync(inFolder("x"));
    await assert.rejects(extractArchive(path, inFolder("x")), { code: "FileNotWritable" });
    assert.deepEqual(readdirSync(inFolder("x")), []);
  });

  it("leaves nothing behind when it is ended in the middle", async () => {
    const path = inFolder("m.mar", zipOf(goodParts({ name: "extra", bytes: text })));
    const reason = new Error("enough");
    await assert.rejects(extractArchive(path, inFolder("x"), { signal: AbortSignal.abort(reason) }), reason);
    assert.deepEqual(readdirSync(inFolder()), ["m.mar"]);
  });
});
