import assert from "node:assert/strict";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import fc from "fast-check";
import { ZipFile } from "yazl";
import { IngotError } from "../../src/errors/error.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { readCheckpoint } from "../../src/weights/checkpoint.ts";
import { readStateDict } from "../../src/weights/state-dict-file.ts";
import { PickleCall, PickleName, PicklePersistent, pickle } from "../support/pickle-writer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { floatBytes as floats, legacyStream, torchStorage as storage, torchTensor as tensor, tuple } from "../support/torch-files.ts";

/** Writes an archive as torch.save does. */
async function archive(path: string, entries: Readonly<Record<string, Buffer>>, compress = false): Promise<string> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(entries)) zip.addBuffer(bytes, `archive/${name}`, { compress });
  zip.end();
  await finished(zip.outputStream.pipe(createWriteStream(path)));
  return path;
}

/** The legacy stream, for storages `a`, `b`, … with these elements. */
const legacy = (value: unknown, storages: Readonly<Record<string, readonly number[]>>) => legacyStream(pickle(value), storages);

const dict = (entries: Readonly<Record<string, unknown>>) => new Map(Object.entries(entries));
const rejects = (work: Promise<unknown>, code: string, message: RegExp) =>
  assert.rejects(work, (error: unknown) => {
    assert.ok(error instanceof IngotError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });

describe("reading PyTorch checkpoints", () => {
  const file = temporaryFolder();

  it("gives tensors as views of their storages, stored or packed", async () => {
    const value = dict({ w: tensor("0", 6, [2, 3], [3, 1]), t: tensor("0", 6, [3, 2], [1, 3]), tail: tensor("0", 6, [2], [1], 4) });
    for (const compress of [false, true]) {
      const entries = { "data.pkl": pickle(value), version: Buffer.from("3\n"), "data/0": floats(1, 2, 3, 4, 5, 6) };
      const tensors = await readStateDict(await archive(file(`views-${compress}.pth`), entries, compress));
      assert.deepEqual(tensors.get("w")?.toNumbers(), [1, 2, 3, 4, 5, 6]);
      assert.deepEqual(tensors.get("t")?.toNumbers(), [1, 4, 2, 5, 3, 6]);
      assert.deepEqual(tensors.get("tail")?.toNumbers(), [5, 6]);
      const [w, t] = [tensors.get("w"), tensors.get("t")] as [Storage, Storage];
      assert.equal((w.data as Float32Array).buffer, (t.data as Float32Array).buffer);
    }
  });

  it("gives everything that a checkpoint holds", async () => {
    const value = dict({
      epoch: 3,
      lr: 0.5,
      note: "ä",
      flags: [true, null],
      big: 2n ** 70n,
      size: new PickleCall("torch", "Size", [tuple(2, 3)]),
    });
    const checkpoint = await readCheckpoint(await archive(file("all.pt"), { "data.pkl": pickle(value) }));
    assert.deepEqual(
      checkpoint,
      new Map<string, unknown>([
        ["epoch", 3],
        ["lr", 0.5],
        ["note", "ä"],
        ["flags", [true, null]],
        ["big", 2n ** 70n],
        ["size", [2, 3]],
      ]),
    );
  });

  it("finds the weights under the names that training programs use", async () => {
    const value = dict({ epoch: 1, state_dict: dict({ w: tensor("0", 1, [], []) }) });
    const tensors = await readStateDict(await archive(file("nested.pt"), { "data.pkl": pickle(value), "data/0": floats(7) }));
    assert.deepEqual(tensors.get("w")?.toNumbers(), [7]);
  });

  it("reads the legacy stream, shared storages and views of storages too", async () => {
    const half = new PickleCall("torch._utils", "_rebuild_tensor", [
      new PicklePersistent(["storage", new PickleName("torch", "FloatStorage"), "a", "cpu", 4, tuple("v", 2, 2)]),
      0,
      tuple(2),
      tuple(1),
    ]);
    const path = file("legacy.pt", legacy(dict({ w: tensor("a", 4, [2, 2], [2, 1]), half }), { a: [1, 2, 3, 4] }));
    const tensors = await readStateDict(path);
    assert.deepEqual(tensors.get("w")?.toNumbers(), [1, 2, 3, 4]);
    assert.deepEqual(tensors.get("half")?.toNumbers(), [3, 4]);
  });

  it("takes element types from storages, and from tensors over bytes", async () => {
    const typed = new PickleCall("torch._utils", "_rebuild_tensor_v3", [
      storage("0", 4, "UntypedStorage"),
      0,
      tuple(2),
      tuple(1),
      false,
      null,
      new PickleName("torch", "float16"),
    ]);
    const value = dict({ half: typed, flag: tensor("1", 2, [2], [1], 0, "BoolStorage") });
    const entries = { "data.pkl": pickle(value), "data/0": Buffer.from([0, 0x3e, 0, 0xc0]), "data/1": Buffer.from([1, 0]) };
    const tensors = await readStateDict(await archive(file("types.pt"), entries));
    assert.deepEqual([tensors.get("half")?.dtype, tensors.get("half")?.toNumbers()], ["float16", [1.5, -2]]);
    assert.deepEqual([tensors.get("flag")?.dtype, tensors.get("flag")?.toNumbers()], ["bool", [1, 0]]);
  });

  it("refuses every callable that is not on its list, by name", async () => {
    for (const [module, name] of [
      ["os", "system"],
      ["builtins", "eval"],
      ["__builtin__", "getattr"],
      ["torch", "load"],
      ["torch.storage", "_load_from_bytes"],
      ["constructor", "prototype"],
      ["collections", "OrderedDict.__reduce__"],
    ] as const) {
      const attack = dict({ w: new PickleCall(module, name, ["echo owned"]) });
      const named = new RegExp(`wants to call ${module}.${name}`.replaceAll(".", "\\."));
      await rejects(readCheckpoint(await archive(file("attack.pt"), { "data.pkl": pickle(attack) })), "PickleRefused", named);
      await rejects(readCheckpoint(file("attack-legacy.pt", legacy(attack, {}))), "PickleRefused", named);
    }
  });

  it("refuses tensors that reach outside their storage, and storages that are not there", async () => {
    const read = async (value: unknown, entries: Readonly<Record<string, Buffer>> = { "data/0": floats(1, 2) }) =>
      readCheckpoint(await archive(file("bad.pt"), { "data.pkl": pickle(value), ...entries }));
    await rejects(read(tensor("0", 2, [3], [1])), "CheckpointTensor", /reaches element 2 of 2/);
    await rejects(read(tensor("0", 2, [1], [1], 5)), "CheckpointTensor", /from 5 reaches element 5/);
    await rejects(read(tensor("0", 2, [-1], [1])), "CheckpointTensor", /integers from 0/);
    await rejects(read(tensor("0", 2, [2 ** 30, 2 ** 30], [0, 0])), "CheckpointTensor", /beyond every memory/);
    await rejects(read(tensor("0", 9, [1], [1])), "CheckpointTensor", /has 8 bytes and needs 36/);
    await rejects(read(tensor("1", 2, [1], [1])), "CheckpointTensor", /storage 1 is not in the archive/);
    await rejects(read(tensor("0", 8, [8], [1], 0, "BoolStorage")), "CheckpointTensor", /byte above 1/);
    await rejects(readCheckpoint(file("huge.pt", legacy(tensor("a", 1e12, [1], [1]), {}))), "CheckpointTensor", /whole file has/);
  });

  it("says what a file is that holds no state dict", async () => {
    const code = { "data.pkl": pickle(new Map()), "code/__torch__.py": Buffer.from("x") };
    await rejects(readCheckpoint(await archive(file("script.pt"), code)), "CheckpointFormat", /TorchScript, which holds code/);
    const big = { "data.pkl": pickle(new Map()), byteorder: Buffer.from("big") };
    await rejects(readCheckpoint(await archive(file("big.pt"), big)), "CheckpointFormat", /big-endian/);
    await rejects(
      readStateDict(await archive(file("x.pt"), { "data.pkl": pickle(dict({ epoch: 1 })) })),
      "NoStateDict",
      /its entries are epoch/,
    );
    await rejects(readStateDict(await archive(file("list.pt"), { "data.pkl": pickle([1]) })), "NoStateDict", /not a dictionary/);
    await rejects(readCheckpoint(await archive(file("none.pt"), { "other.txt": Buffer.from("x") })), "CheckpointFormat", /no data\.pkl/);
    await rejects(readStateDict(file("empty.pt", "")), "WeightsFormat", /it is empty/);
    await rejects(readStateDict(file("text.pt", "hello, this is text")), "WeightsFormat", /no known format/);
    await rejects(readStateDict(file("missing.pt")), "FileNotFound", /missing\.pt/);
  });

  it("gives its own errors for every damaged file", async () => {
    const value = dict({ w: tensor("0", 4, [2, 2], [2, 1]), n: [1, "x", 2.5, tuple(1n << 80n)] });
    const whole = [
      await archive(file("fuzz.pt"), { "data.pkl": pickle(value), "data/0": floats(1, 2, 3, 4) }),
      file("fuzz-legacy.pt", legacy(dict({ w: tensor("a", 4, [4], [1]) }), { a: [1, 2, 3, 4] })),
    ];
    const { readFileSync } = await import("node:fs");
    for (const path of whole) {
      const bytes = readFileSync(path);
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
          fc.option(fc.nat(bytes.length)),
          async (changes, length) => {
            const copy = Buffer.from(bytes);
            for (const [at, byte] of changes) copy[at] = byte;
            const damaged = file("damaged.pt", copy.subarray(0, length ?? copy.length));
            await readCheckpoint(damaged).catch((error: unknown) => assert.ok(error instanceof IngotError, String(error)));
          },
        ),
        { numRuns: 250 },
      );
    }
  });
});
