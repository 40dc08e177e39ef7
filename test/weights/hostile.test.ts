// Files of weights that were made to do harm: small files that would become much memory, much time, or a call.
import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import { limitTensorMemory } from "../../src/tensor/memory.ts";
import { readCheckpoint } from "../../src/weights/checkpoint.ts";
import { parseNpy } from "../../src/weights/npy.ts";
import { readNpz } from "../../src/weights/npz.ts";
import { unpickle } from "../../src/weights/pickle.ts";
import { parseSafetensors } from "../../src/weights/safetensors.ts";
import { readStateDict } from "../../src/weights/state-dict-file.ts";
import { zipOf } from "../support/hostile/zip-writer.ts";
import { PickleCall, PickleName, PicklePersistent, pickle } from "../support/pickle-writer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { floatBytes, legacyStream, torchTensor, tuple } from "../support/torch-files.ts";
import { failsWith } from "../support/trace-errors.ts";

const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((p) => (typeof p === "string" ? Buffer.from(p, "latin1") : Buffer.from([p]))));

describe("a pickle made to do harm", () => {
  const file = temporaryFolder();
  const rules = { file: "a.pkl", find: () => undefined, persistent: () => null };
  const checkpoint = (program: Buffer, name = "attack.pt") => {
    const parts = [
      { name: "archive/data.pkl", bytes: program },
      { name: "archive/data/0", bytes: floatBytes(1, 2, 3, 4) },
    ];
    return file(name, zipOf(parts));
  };

  it("calls nothing, by whichever opcode", async () => {
    const attacks: Readonly<Record<string, readonly [program: Buffer, code: string]>> = {
      "GLOBAL and REDUCE": [bytes(0x80, 2, "cos\nsystem\n", "(S'id'\ntR."), "PickleRefused"],
      "STACK_GLOBAL and REDUCE": [bytes(0x80, 4, 0x8c, 2, "os", 0x8c, 6, "system", 0x93, "(S'id'\ntR."), "PickleRefused"],
      INST: [bytes("(S'id'\nios\nsystem\n."), "PickleRefused"],
      OBJ: [bytes("(cos\nsystem\nS'id'\no."), "PickleRefused"],
      "OBJ of an allowed name": [bytes("(ccollections\nOrderedDict\no."), "PickleDamaged"],
      NEWOBJ: [bytes("cos\nsystem\n)", 0x81, "."), "PickleRefused"],
      NEWOBJ_EX: [bytes("ccollections\nOrderedDict\n)}", 0x92, "."), "PickleDamaged"],
      EXT1: [bytes(0x82, 1, "."), "PickleDamaged"],
      EXT2: [bytes(0x83, 1, 0, "."), "PickleDamaged"],
      EXT4: [bytes(0x84, 1, 0, 0, 0, "."), "PickleDamaged"],
      NEXT_BUFFER: [bytes(0x97, "."), "PickleDamaged"],
      "BUILD of what has no state": [bytes("S'x'\n}b."), "PickleDamaged"],
      "a call of a value": [bytes("S'os.system'\n(S'id'\ntR."), "PickleDamaged"],
      "a call of a name that is no function": [bytes("ctorch\nFloatStorage\n)R."), "PickleDamaged"],
      "a call with a list": [bytes("ccollections\nOrderedDict\n]R."), "PickleDamaged"],
      "a dotted name": [bytes("ccollections\nOrderedDict.__init__\n)R."), "PickleRefused"],
      "a persistent id by PERSID": [bytes("Pstorage\n."), "CheckpointTensor"],
      "a persistent id that is a module": [
        pickle(new PicklePersistent(["module", new PickleName("torch", "FloatStorage"), "f.py", "x"])),
        "CheckpointFormat",
      ],
      "a persistent id of another kind": [pickle(new PicklePersistent(["file", "/etc/passwd"])), "CheckpointTensor"],
    };
    for (const [name, [program, code]] of Object.entries(attacks))
      await failsWith(() => readCheckpoint(checkpoint(program)), code).catch((error: Error) => {
        throw new Error(`${name}: ${error.message}`, { cause: error });
      });
    // BUILD of a container is how Python writes the metadata of a state dict: it changes nothing.
    assert.deepEqual(await readCheckpoint(checkpoint(bytes("}(S'__class__'\nK", 1, "u}(S'x'\nK", 2, "ub."))), new Map([["__class__", 1]]));
  });

  it("gets no memory for lengths that the file does not have", () => {
    const long = bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
    for (const [code, width] of [["T", 4], ["X", 4], ["B", 4], ["\x8d", 8], ["\x8e", 8], ["\x96", 8], ["\x8b", 4]] as const) // biome-ignore format: a table
      assert.throws(() => unpickle(Buffer.concat([bytes(code), long.subarray(0, width), bytes(".")]), rules), { code: "PickleDamaged" });
    assert.throws(() => unpickle(bytes(`I${"9".repeat(100_000)}\n.`), rules), { code: "PickleDamaged" });
    assert.throws(() => unpickle(bytes("j", 0xff, 0xff, 0xff, 0xff, "."), rules), { code: "PickleDamaged", summary: /memo/ });
  });

  it("may nest as deep as it likes, and hold itself", () => {
    const deep = unpickle(bytes("]".repeat(200_000), "a".repeat(199_999), "."), rules).value;
    assert.ok(Array.isArray(deep) && deep.length === 1);
    const own = unpickle(bytes("]q", 0, "h", 0, "a."), rules).value;
    assert.ok(Array.isArray(own) && own[0] === own);
    const tuples = unpickle(bytes(")", "\x85".repeat(200_000), "."), rules).value;
    assert.ok(Array.isArray(tuples));
  });

  /** Tuples of pairs of the tuple before: written out, 2^60 words. */
  const laughs = bytes("S'ha'\n", "2\x86".repeat(60));

  it("of references that would be longer than any memory, written out, is named without writing it out", async () => {
    await failsWith(() => readStateDict(checkpoint(bytes("}", laughs.toString("latin1"), "K", 1, "s."))), "NoStateDict", /an array of 2/);
    const stream = legacyStream(Buffer.concat([bytes("}.")]), {});
    const keys = stream.length - pickle([]).length;
    await failsWith(
      () => readCheckpoint(file("keys.pt", Buffer.concat([stream.subarray(0, keys), bytes("]"), laughs, bytes("a.")]))),
      "CheckpointTensor",
      /the name of a storage is an array of 2/,
    );
    const view = Buffer.concat([bytes("(S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nK", 4, "(S'v'\n"), laughs, bytes("K", 1, "ttQ.")]);
    await failsWith(
      () => readCheckpoint(file("view.pt", legacyStream(view, { "0": [1, 2, 3, 4] }))),
      "CheckpointTensor",
      /lies outside it/,
    );
    const protocol = Buffer.concat([pickle(0x1950a86a20f9469cfc6cn), laughs, bytes(".")]);
    await failsWith(() => readCheckpoint(file("protocol.pt", protocol)), "CheckpointFormat", /protocol is an array of 2/);
  });

  it("cannot give one long list to many calls", async () => {
    const call = bytes("h", 1, "h", 0, "\x85R0");
    for (const name of ["builtins\nset", "collections\nOrderedDict", "torch\nSize"]) {
      const list = name.endsWith("Dict") ? "(".concat("K\x01K\x02\x86".repeat(5000), "l") : "(".concat("K\x01".repeat(5000), "l");
      const program = Buffer.concat([
        bytes(list, "q", 0, "0c", name, "\nq", 1, "0"),
        ...Array.from({ length: 20_000 }, () => call),
        bytes("N."),
      ]);
      await failsWith(() => readCheckpoint(checkpoint(program)), "PickleDamaged", /more items than it can hold/);
    }
  });

  it("cannot have one storage copied or looked at once for each of its tensors", async () => {
    // 4 elements of one byte: a view that begins at an odd place is no row of floats.
    const odd = new PickleCall("torch._utils", "_rebuild_tensor_v3", [
      new PicklePersistent(["storage", new PickleName("torch", "UntypedStorage"), "0", "cpu", 16, tuple("v", 1, 8)]),
      0,
      tuple(1),
      tuple(1),
      false,
      null,
      new PickleName("torch", "float32"),
    ]);
    await failsWith(
      () => readCheckpoint(file("odd.pt", legacyStream(pickle(odd), { "0": [1, 2, 3, 4] }))),
      "CheckpointTensor",
      /begins at byte 1/,
    );
    const flags = (byte: number) =>
      zipOf([
        {
          name: "a/data.pkl",
          bytes: pickle([torchTensor("0", 4, [4], [1], 0, "BoolStorage"), torchTensor("0", 4, [2], [1], 0, "BoolStorage")]),
        },
        { name: "a/data/0", bytes: Buffer.from([0, 1, 1, byte]) },
      ]);
    assert.equal(((await readCheckpoint(file("flags.pt", flags(1)))) as unknown[]).length, 2);
    await failsWith(() => readCheckpoint(file("no-flags.pt", flags(2))), "CheckpointTensor", /byte above 1/);
    await failsWith(
      () => readCheckpoint(checkpoint(pickle(torchTensor("0", 4, new Array<number>(1000).fill(1), new Array<number>(1000).fill(0))))),
      "CheckpointTensor",
      /1000 axes/,
    );
  });
});

describe("an archive made to do harm", () => {
  const file = temporaryFolder();
  const npy = (header: string, data = "") => {
    const text = Buffer.from(header, "latin1");
    const prefix = Buffer.from([0x93, ...Buffer.from("NUMPY"), 2, 0, 0, 0, 0, 0]);
    prefix.writeUInt32LE(text.length, 8);
    return Uint8Array.from(Buffer.concat([prefix, text, Buffer.from(data, "latin1")]));
  };
  const array = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (8,), }", "12345678");

  it("whose entries share bytes is refused before they are read", async () => {
    const one = { name: "a0.npy", bytes: array };
    const shared = Array.from({ length: 50 }, (_, i) => ({ name: `a${i}.npy`, bytes: array, claimedOffset: 0 }));
    // All entries but the first lie at the place of the first: cut their own bytes out.
    const whole = zipOf(shared);
    const local = 30 + one.name.length + array.length;
    const directory = whole.subarray(whole.indexOf(Buffer.from("PK\x01\x02")));
    const end = Buffer.from(directory);
    end.writeUInt32LE(local, end.length - 6);
    const bomb = Buffer.concat([whole.subarray(0, local), end]);
    assert.deepEqual((await readNpz(file("honest.npz", zipOf([one])))).get("a0")?.toNumbers()[7], 56);
    await failsWith(() => readNpz(file("shared.npz", bomb)), "NpyFormat", /some share bytes/);
  });

  it("that unpacks to more than there is room for is refused before memory is asked for", async () => {
    const packed = deflateRawSync(Buffer.alloc(2 ** 20));
    const bomb = zipOf(Array.from({ length: 8 }, (_, i) => ({ name: `a${i}.npy`, bytes: packed, method: 8, claimedSize: 2 ** 20 })));
    limitTensorMemory(2 ** 22);
    try {
      await failsWith(() => readNpz(file("bomb.npz", bomb)), "NpyFormat", /unpack to 8\.0 MiB, more than/);
    } finally {
      limitTensorMemory(undefined);
    }
    const lies = zipOf([{ name: "a.npy", bytes: packed, method: 8, claimedSize: 100 }]);
    await failsWith(() => readNpz(file("lies.npz", lies)), "NpyFormat", /cannot be unpacked/);
    const boasts = zipOf([{ name: "a.npy", bytes: packed, method: 8, claimedSize: 2 ** 31 }]);
    await failsWith(() => readNpz(file("boasts.npz", boasts)), "NpyFormat", /more than packing can do/);
    const twice = zipOf([{ name: "a.npy", bytes: array }, { name: "a.npy", bytes: array }]); // biome-ignore format: short
    await failsWith(() => readNpz(file("twice.npz", twice)), "NpyFormat", /two entries/);
  });

  it("of a .npy header that has no end, names no size, or claims elements of no bytes is refused in time", () => {
    const header = (descr: string, shape: string) => `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
    const refused = (text: string, problem: RegExp) => assert.throws(() => parseNpy(npy(text)), { code: "NpyFormat", summary: problem });
    refused(`'descr': '<f4', 'fortran_order': False, ${"'shape':(".repeat(100_000)}`, /lacks/);
    refused(header("<f4", "9999999999,".repeat(100_000)), /100000 axes/);
    refused(header("<f4", "9".repeat(100_000)), /no list of sizes/);
    refused(header(`<U${"9".repeat(400)}`, "0,"), /not known here/);
    refused(header("<U0", "1000000000,"), /have no bytes/);
    refused(header("<f4", "1000000, 1000000, 1000000"), /takes 4000000000000000000 bytes, but it has 0/);
    refused(header("|O", "1,"), /Python objects/);
    assert.throws(() => parseNpy(Uint8Array.of(...array.subarray(0, 6), 2, 0, 255, 255, 255, 255)), {
      summary: /header of 4294967295 bytes/,
    });
  });
});

describe("a safetensors header made to do harm", () => {
  const whole = (header: string, data = 4) => {
    const text = Buffer.from(header);
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(text.length));
    return new Uint8Array(Buffer.concat([prefix, text, Buffer.alloc(data)]));
  };
  const entry = (shape: string, offsets = "0,4") => `{"dtype":"F32","shape":[${shape}],"data_offsets":[${offsets}]}`;
  const refused = (bytes_: Uint8Array<ArrayBuffer>, code: string, problem: RegExp) =>
    assert.throws(() => parseSafetensors(bytes_), { code, summary: problem });

  it("is refused where tensors overlap, leave gaps, or overflow", () => {
    refused(whole(`{"a":${entry("1")},"b":${entry("1")}}`), "SafetensorsTensor", /inside another tensor/);
    refused(whole(`{"a":${entry("1", "4,8")}}`, 8), "SafetensorsTensor", /nothing stands/);
    refused(whole(`{"a":${entry("4294967296,4294967296")}}`), "SafetensorsTensor", /takes 73786976294838206464 bytes/);
    refused(whole(`{"a":${entry("1", "0,9007199254740993")}}`), "SafetensorsTensor", /not two integers/);
  });

  it("is refused where it says a name twice, in whatever spelling", () => {
    refused(whole(`{"a":${entry("1")},"\\u0061":${entry("1")}}`), "SafetensorsHeader", /"a" stands twice/);
    refused(whole(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`), "SafetensorsHeader", /"dtype" stands twice/);
    refused(whole(`{"a\\\\" : ${entry("1")}, "a\\\\"\n: ${entry("1")}}`), "SafetensorsHeader", /stands twice/);
    // A quote within a name ends nothing, and text within a value is no key.
    const fine = `{"__metadata__":{"note":"\\"x\\":","x":":"},"x\\":":${entry("1")}}`;
    assert.deepEqual([...parseSafetensors(whole(fine)).tensors.keys()], ['x":']);
  });

  it("is read, or refused, in time: a name of megabytes, brackets without end, thousands of axes", () => {
    const name = "a".repeat(20_000_000);
    assert.ok(parseSafetensors(whole(`{"${name}":${entry("1")}}`)).tensors.has(name));
    refused(whole(`{"a":${"[".repeat(1_000_000)}`), "SafetensorsHeader", /not JSON/);
    refused(whole(`{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}}`), "SafetensorsTensor", /not an object/);
    refused(whole(`{"a":${entry(`${"9007199254740991,".repeat(100_000)}1`)}}`), "SafetensorsTensor", /100001 axes/);
    refused(whole(`{"a":${entry(`${"1,".repeat(100_000)}1`)}}`), "SafetensorsTensor", /100001 axes/);
    const huge = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 0x7b);
    refused(huge, "SafetensorsTruncated", /header of 9223372036854775807 bytes/);
  });
});
