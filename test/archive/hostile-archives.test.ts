// Archives that somebody made to do harm, or that broke on the way: each is refused with its own code, and nothing is left behind.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { extractArchive } from "../../src/archive/extract-archive.ts";
import { openArchive, type ReadArchiveOptions } from "../../src/archive/open-archive.ts";
import { torchserveAnswers } from "../../src/archive/torchserve-answers.ts";
import type { archiveErrors } from "../../src/errors/catalogue/archive.ts";
import { ArchiveError } from "../../src/errors/error.ts";
import { goodManifest, goodParts, manifestPart, modelWithData, reluModel } from "../support/archive-files.ts";
import { paxOf, type TarPart, tarOf } from "../support/hostile/tar-parts.ts";
import { type ZipPart, zipOf } from "../support/hostile/zip-writer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const some = Buffer.from("some bytes");
const zeros = Buffer.alloc(40 * 2 ** 20);
const packedZeros = deflateRawSync(zeros);
const extra = (part: Partial<ZipPart>): ZipPart => ({ name: "extra", bytes: some, ...part });
const asTar = (parts: readonly (TarPart | ZipPart)[]) =>
  gzipSync(tarOf(parts.map((part) => ({ ...part, name: part.name.startsWith("m/") ? part.name : `m/${part.name}` }) as TarPart)));
const tarWith = (...parts: readonly TarPart[]) => gzipSync(tarOf([...parts, ...goodParts()] as TarPart[]));

const unsafeNames = [
  "../escape",
  "a/../../escape",
  "/etc/passwd",
  "C:\\escape",
  "C:/escape",
  "a\\..\\..\\escape",
  "../x-evil/escape",
  "a//b",
  "a/./b",
  "..",
  "",
  "a\nb",
  `${"a/".repeat(2000)}b`,
  "a".repeat(300),
];

const manifestWith = (model: object, rest: object = {}) => [
  { name: "m.onnx", bytes: reluModel },
  manifestPart({ ...goodManifest, model: { ...goodManifest.model, ...model }, ...rest }),
];
const config = (text: string): ZipPart[] => [
  ...manifestWith({ configFile: "model-config.yaml" }),
  { name: "model-config.yaml", bytes: Buffer.from(text) },
];
const laughs = (levels: number) =>
  Array.from(
    { length: levels },
    (_, i) =>
      `a${i}: &a${i} [${
        i === 0
          ? "lol"
          : Array(9)
              .fill(`*a${i - 1}`)
              .join(", ")
      }]`,
  ).join("\n");

interface Case {
  readonly what: string;
  readonly bytes: () => Uint8Array;
  readonly code: keyof typeof archiveErrors;
  readonly message?: RegExp;
  readonly options?: ReadArchiveOptions;
}

const zipCases: Case[] = [
  ...unsafeNames.map(
    (name): Case => ({
      what: `the entry ${JSON.stringify(name.slice(0, 30))}`,
      bytes: () => zipOf(goodParts(extra({ name }))),
      code: "ArchiveUnsafePath",
    }),
  ),
  { what: "a symbolic link", bytes: () => zipOf(goodParts(extra({ mode: 0o120777 }))), code: "ArchiveLink", message: /symbolic link/ },
  { what: "a device", bytes: () => zipOf(goodParts(extra({ mode: 0o020644 }))), code: "ArchiveLink", message: /a device/ },
  { what: "a folder's mode on a file", bytes: () => zipOf(goodParts(extra({ mode: 0o040755 }))), code: "ArchiveLink" },
  {
    what: "two entries of one name",
    bytes: () => zipOf(goodParts(extra({}), extra({ bytes: Buffer.from("other") }))),
    code: "ArchiveDuplicate",
  },
  { what: "two manifests", bytes: () => zipOf([...goodParts(), manifestPart()]), code: "ArchiveDuplicate" },
  {
    what: "a file where another needs a folder",
    bytes: () => zipOf(goodParts(extra({}), extra({ name: "extra/inner" }))),
    code: "ArchiveDuplicate",
  },
  {
    what: "another name in the local header",
    bytes: () => zipOf(goodParts(extra({ local: { name: "EXTRA" } }))),
    code: "ArchiveHeaders",
    message: /EXTRA/,
  },
  { what: "an escape in the local header only", bytes: () => zipOf(goodParts(extra({ local: { name: "../x" } }))), code: "ArchiveHeaders" },
  { what: "another size in the local header", bytes: () => zipOf(goodParts(extra({ local: { size: 3 } }))), code: "ArchiveHeaders" },
  { what: "another checksum in the local header", bytes: () => zipOf(goodParts(extra({ local: { crc: 3 } }))), code: "ArchiveHeaders" },
  { what: "another method in the local header", bytes: () => zipOf(goodParts(extra({ local: { method: 8 } }))), code: "ArchiveHeaders" },
  {
    what: "an encrypted entry",
    bytes: () => zipOf(goodParts(extra({ flags: 1, bytes: Buffer.alloc(22), claimedSize: 10 }))),
    code: "ArchiveEncrypted",
  },
  { what: "a strongly encrypted entry", bytes: () => zipOf(goodParts(extra({ flags: 0x41 }))), code: "ArchiveEncrypted" },
  {
    what: "entries that share bytes",
    bytes: () => {
      const inner = zipOf([extra({ name: "inner" })]).subarray(0, 30 + 5 + some.length);
      return zipOf(goodParts(extra({ bytes: inner }), extra({ name: "inner", claimedOffset: 30 + 6 + reluModel.length + 30 + 5 })));
    },
    code: "ArchiveOverlap",
  },
  {
    what: "40 MiB out of 40 kB",
    bytes: () => zipOf(goodParts(extra({ method: 8, bytes: packedZeros, claimedSize: zeros.length, crc: crc32(zeros) }))),
    code: "ArchiveRatio",
  },
  {
    what: "more bytes than allowed",
    bytes: () => zipOf(goodParts(extra({}))),
    code: "ArchiveTooLarge",
    options: { maxBytes: reluModel.length + 5 },
  },
  {
    what: "more entries than allowed",
    bytes: () => zipOf(goodParts(extra({}))),
    code: "ArchiveTooManyEntries",
    options: { maxEntries: 2 },
  },
  { what: "40 nested folders", bytes: () => zipOf(goodParts(extra({ name: `${"d/".repeat(40)}x` }))), code: "ArchiveTooDeep" },
  {
    what: "content that is longer than it says",
    bytes: () => zipOf(goodParts(extra({ method: 8, bytes: deflateRawSync(some), claimedSize: 3, crc: crc32(some) }))),
    code: "ArchiveDamaged",
  },
  {
    what: "content that is shorter than it says",
    bytes: () => zipOf(goodParts(extra({ method: 8, bytes: deflateRawSync(some), claimedSize: 30, crc: crc32(some) }))),
    code: "ArchiveDamaged",
  },
  { what: "a wrong checksum", bytes: () => zipOf(goodParts(extra({ crc: 1 }))), code: "ArchiveDamaged", message: /checksum/ },
  { what: "bytes that do not unpack", bytes: () => zipOf(goodParts(extra({ method: 8, claimedSize: 99 }))), code: "ArchiveDamaged" },
  { what: "a method that is not known", bytes: () => zipOf(goodParts(extra({ method: 99 }))), code: "ArchiveDamaged" },
  { what: "an end that is cut off", bytes: () => zipOf(goodParts()).subarray(0, -30), code: "ArchiveDamaged" },
  { what: "no entry", bytes: () => zipOf([]), code: "ArchiveManifestMissing" },
  { what: "no manifest", bytes: () => zipOf([extra({})]), code: "ArchiveManifestMissing" },
  { what: "broken JSON", bytes: () => zipOf([manifestPart('{"runtime": ')]), code: "ArchiveManifestInvalid", message: /JSON/ },
  { what: "a list as its manifest", bytes: () => zipOf([manifestPart("[1]")]), code: "ArchiveManifestInvalid" },
  {
    what: "a manifest that is not UTF-8",
    bytes: () => zipOf([{ ...manifestPart(), bytes: Buffer.from([0xff, 0xfe]) }]),
    code: "ArchiveManifestInvalid",
  },
  {
    what: "no model in its manifest",
    bytes: () => zipOf([manifestPart({ runtime: "python" })]),
    code: "ArchiveManifestInvalid",
    message: /Missing Model entry in manifest file\./,
  },
  {
    what: "a model without a name",
    bytes: () => zipOf(manifestWith({ modelName: undefined })),
    code: "ArchiveManifestInvalid",
    message: /Model name is not defined\./,
  },
  {
    what: "a model without a version",
    bytes: () => zipOf(manifestWith({ modelVersion: "" })),
    code: "ArchiveManifestInvalid",
    message: /Model version is not defined\./,
  },
  {
    what: "a number as its version",
    bytes: () => zipOf(manifestWith({ modelVersion: 1 })),
    code: "ArchiveManifestInvalid",
    message: /model\.modelVersion/,
  },
  {
    what: "an object with odd keys as its handler",
    bytes: () => zipOf(manifestWith({ handler: { constructor: { name: { toString: 1 } } } })),
    code: "ArchiveManifestInvalid",
    message: /model\.handler: it must be a string, and is an object/,
  },
  {
    what: "a runtime that nobody knows",
    bytes: () => zipOf(manifestWith({}, { runtime: "java" })),
    code: "ArchiveManifestInvalid",
    message: /Runtime is not defined or invalid\./,
  },
  {
    what: "a model name that is a path",
    bytes: () => zipOf(manifestWith({ modelName: "../m" })),
    code: "ArchiveManifestInvalid",
    message: /model\.modelName/,
  },
  { what: "a serialized file outside", bytes: () => zipOf(manifestWith({ serializedFile: "../m.onnx" })), code: "ArchiveUnsafePath" },
  {
    what: "a serialized file that is not there",
    bytes: () => zipOf(manifestWith({ serializedFile: "other.onnx" })),
    code: "ArchiveFileMissing",
    message: /serializedFile/,
  },
  {
    what: "a configuration that is not there",
    bytes: () => zipOf(manifestWith({ configFile: "c.yaml" })),
    code: "ArchiveFileMissing",
    message: /configFile/,
  },
  { what: "a manifest of 100 MB", bytes: () => zipOf([{ ...manifestPart(" ".repeat(100e6)) }]), code: "ArchiveManifestTooLarge" },
  {
    what: "TorchScript and a Python handler",
    bytes: () =>
      zipOf([
        { name: "m.pt", bytes: some },
        { name: "h.py", bytes: some },
        manifestPart({ ...goodManifest, model: { ...goodManifest.model, serializedFile: "m.pt", handler: "h.py" } }),
      ]),
    code: "ArchiveNotOnnx",
    message: /torch\.onnx\.export[\s\S]*ingot archive --model-name m --version 1\.0/,
  },
  { what: "a handler alone", bytes: () => zipOf(manifestWith({ serializedFile: undefined })), code: "ArchiveNotOnnx" },
  { what: "YAML of an anchor bomb", bytes: () => zipOf(config(laughs(9))), code: "ArchiveConfig" },
  { what: "a YAML tag of a function", bytes: () => zipOf(config('handler: !!js/function "function(){}"')), code: "ArchiveConfig" },
  { what: "a YAML tag of Python", bytes: () => zipOf(config("handler: !!python/object/apply:os.system [id]")), code: "ArchiveConfig" },
  { what: "a key twice in YAML", bytes: () => zipOf(config("batchSize: 1\nbatchSize: 2\n")), code: "ArchiveConfig", message: /unique/ },
  { what: "broken YAML", bytes: () => zipOf(config("handler: [1, 2")), code: "ArchiveConfig" },
  { what: "a list as its configuration", bytes: () => zipOf(config("- 1")), code: "ArchiveConfig" },
  ...Object.entries({
    "lists in brackets": `a: ${"[".repeat(3e4)}`,
    "lists in brackets, closed": `a: ${"[".repeat(3e4)}${"]".repeat(3e4)}`,
    "records in brackets": "{a: ".repeat(1e4),
    "lists by marks": `a:\n${"- ".repeat(3e4)}x`,
    "keys by marks": `${"? ".repeat(3e4)}x`,
    "keys by marks, line by line": Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}?`).join("\n"),
    "records by blanks": Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
    "tags in a row": `a: ${"!b ".repeat(2e4)}x`,
    "anchors in a row": `a: ${"&b ".repeat(2e4)}x`,
  }).map(([what, text]): Case => ({ what: `nested ${what} in YAML`, bytes: () => zipOf(config(text)), code: "ArchiveConfig" })),
  {
    what: "300 kB of YAML",
    bytes: () => zipOf(config(`a: ${"b".repeat(3e5)}`)),
    code: "ArchiveManifestTooLarge",
    message: /model-config\.yaml/,
  },
];

const tarCases: Case[] = [
  ...["../escape", "/etc/passwd", "a/../../escape", "C:\\escape"].map(
    (name): Case => ({
      what: `the entry ${JSON.stringify(name)}`,
      bytes: () => tarWith({ name, bytes: some }),
      code: "ArchiveUnsafePath",
    }),
  ),
  {
    what: "an escape in a long name",
    bytes: () => tarWith({ name: "././@LongLink", type: "L", bytes: Buffer.from("../escape\0") }, { name: "ok" }),
    code: "ArchiveUnsafePath",
  },
  {
    what: "an escape in a pax record",
    bytes: () => tarWith({ name: "p", type: "x", bytes: paxOf({ path: "../escape" }) }, { name: "ok" }),
    code: "ArchiveUnsafePath",
  },
  { what: "a symbolic link", bytes: () => tarWith({ name: "x", type: "2", link: "/etc/passwd" }), code: "ArchiveLink" },
  { what: "a hard link", bytes: () => tarWith({ name: "x", type: "1", link: "m.onnx" }), code: "ArchiveLink", message: /hard link/ },
  { what: "a device", bytes: () => tarWith({ name: "x", type: "3" }), code: "ArchiveLink" },
  { what: "a pipe", bytes: () => tarWith({ name: "x", type: "6" }), code: "ArchiveLink" },
  { what: "a record of GNU's sparse files", bytes: () => tarWith({ name: "x", type: "S" }), code: "ArchiveLink" },
  { what: "two entries of one name", bytes: () => tarWith({ name: "m.onnx", bytes: some }), code: "ArchiveDuplicate" },
  { what: "a wrong checksum", bytes: () => tarWith({ name: "x", bytes: some, checksum: 1 }), code: "ArchiveDamaged" },
  {
    what: "a size beyond its end",
    bytes: () => gzipSync(tarOf([...(goodParts() as TarPart[]), { name: "x", bytes: some, claimedSize: 1e6 }])),
    code: "ArchiveDamaged",
  },
  { what: "a packed stream that is cut off", bytes: () => asTar(goodParts()).subarray(0, -40), code: "ArchiveDamaged" },
  {
    what: "a flipped bit in the packed stream",
    bytes: () => {
      const b = Buffer.from(asTar(goodParts()));
      b[b.length - 6] = (b[b.length - 6] as number) ^ 1;
      return b;
    },
    code: "ArchiveDamaged",
  },
  { what: "40 MiB of zeros", bytes: () => tarWith({ name: "x", bytes: zeros }), code: "ArchiveRatio" },
  {
    what: "a long name of 1 MiB",
    bytes: () => tarWith({ name: "l", type: "L", bytes: Buffer.alloc(2 ** 20, "a") }, { name: "x" }),
    code: "ArchiveDamaged",
  },
  {
    what: "20,000 attribute records",
    bytes: () => tarWith(...Array.from({ length: 20_000 }, () => ({ name: "p", type: "x", bytes: paxOf({ comment: "x" }) }))),
    code: "ArchiveTooManyEntries",
  },
  { what: "an archive in an archive's place", bytes: () => gzipSync(asTar(goodParts())), code: "ArchiveDamaged" },
  { what: "no manifest", bytes: () => gzipSync(tarOf([{ name: "m/x", bytes: some }])), code: "ArchiveManifestMissing" },
];

const otherCases: Case[] = [
  { what: "an empty file", bytes: () => Buffer.alloc(0), code: "ArchiveFormat" },
  { what: "an ONNX file", bytes: () => reluModel, code: "ArchiveFormat" },
];

/** Found only once the content is there. */
const dataCases: Case[] = ["/etc/passwd", "../secret.bin", "C:\\secret", "missing.bin", "MAR-INF/../../secret.bin"].map((location) => ({
  what: `a model whose data is in ${JSON.stringify(location)}`,
  bytes: () => zipOf([{ name: "m.onnx", bytes: modelWithData(location) }, manifestPart()]),
  code: "ArchiveExternalData",
}));
const contentCodes: readonly string[] = ["content that", "a wrong checksum", "bytes that do not", "a flipped bit"];

describe("reading an archive refuses", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  for (const [kind, cases] of [
    ["zip", zipCases],
    ["tar", tarCases],
    ["no archive", otherCases],
    ["data", dataCases],
  ] as const)
    for (const { what, bytes, code, message = /./, options = {} } of cases)
      it(`${what} (${kind})`, async () => {
        const path = inFolder("m.mar", bytes());
        const before = readdirSync(inFolder());
        const refused = (error: unknown): boolean => {
          assert.ok(error instanceof ArchiveError, String(error));
          assert.equal(error.code, code, error.message);
          assert.match(error.message, message);
          assert.equal(torchserveAnswers[code as keyof typeof torchserveAnswers].status, 400);
          return true;
        };
        await assert.rejects(extractArchive(path, inFolder("x"), options), refused);
        assert.deepEqual(readdirSync(inFolder()), before, "something was left behind");
        // Contents of a zip archive are only read when they are unpacked.
        const late = kind === "data" || (kind === "zip" && contentCodes.some((start) => what.startsWith(start)));
        if (!late) await assert.rejects(openArchive(path, options), refused);
      });

  it("links in an unpacked folder", async () => {
    mkdirSync(inFolder("m/MAR-INF"), { recursive: true });
    writeFileSync(inFolder("m/MAR-INF/MANIFEST.json"), JSON.stringify(goodManifest));
    symlinkSync("/etc/passwd", inFolder("m/m.onnx"));
    for (const read of [openArchive(inFolder("m")), extractArchive(inFolder("m"), inFolder("x"))])
      await assert.rejects(read, (error: ArchiveError) => error.code === "ArchiveLink");
    assert.equal(existsSync(inFolder("x")), false);
  });

  it("has a test for every code that it can raise", () => {
    const tested = new Set<string>([...zipCases, ...tarCases, ...otherCases, ...dataCases].map(({ code }) => code));
    for (const code of Object.keys(torchserveAnswers)) assert.ok(tested.has(code), code);
  });
});
