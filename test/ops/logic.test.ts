import assert from "node:assert/strict";
import { Storage } from "../../src/tensor/storage.ts";
import { f32, infer, result, run, sym } from "../support/run-op.ts";

const of = (dtype: Storage["dtype"], values: readonly (number | bigint | string)[]) => Storage.from(dtype, values, [values.length]);
const dense = (op: string, inputs: readonly Storage[], attributes = {}) => [...(run(op, inputs, attributes)[0] as Storage).dense()];

describe("comparisons", () => {
  it("give booleans, and NaN is neither equal, less nor greater", () => {
    const [a, b] = [f32([4], [1, 2, 3, Number.NaN]), f32([4], [2, 2, 2, Number.NaN])];
    assert.deepEqual(dense("Equal", [a, b]), [0, 1, 0, 0]);
    assert.deepEqual(dense("Less", [a, b]), [1, 0, 0, 0]);
    assert.deepEqual(dense("LessOrEqual", [a, b]), [1, 1, 0, 0]);
    assert.deepEqual(dense("Greater", [a, b]), [0, 0, 1, 0]);
    assert.deepEqual(dense("GreaterOrEqual", [a, b]), [0, 1, 1, 0]);
    assert.equal((run("Less", [a, b])[0] as Storage).dtype, "bool");
  });

  it("compare strings, big integers and float16 by value", () => {
    assert.deepEqual(dense("Equal", [of("string", ["a", "b"]), of("string", ["a", "c"])]), [1, 0]);
    assert.deepEqual(dense("Greater", [of("int64", [2n ** 60n + 1n]), of("int64", [2n ** 60n])]), [1]);
    assert.deepEqual(dense("Less", [of("float16", [-1]), of("float16", [1])]), [1]);
  });

  it("broadcast, with symbolic sizes too", () => {
    assert.deepEqual(result("Less", [f32([2, 1], [1, 3]), f32([2], [2, 4])]), { shape: [2, 2], values: [1, 1, 0, 1] });
    assert.deepEqual(infer("Equal", [sym("n", 1), sym(5)]), ["bool[n,5]"]);
  });
});

describe("logical and bitwise operators", () => {
  it("And, Or, Xor, Not", () => {
    const [a, b] = [of("bool", [0, 0, 1, 1]), of("bool", [0, 1, 0, 1])];
    assert.deepEqual(dense("And", [a, b]), [0, 0, 0, 1]);
    assert.deepEqual(dense("Or", [a, b]), [0, 1, 1, 1]);
    assert.deepEqual(dense("Xor", [a, b]), [0, 1, 1, 0]);
    assert.deepEqual(dense("Not", [a]), [1, 1, 0, 0]);
  });

  it("bitwise operators on all widths", () => {
    assert.deepEqual(dense("BitwiseAnd", [of("int32", [-1]), of("int32", [12])]), [12]);
    assert.deepEqual(dense("BitwiseOr", [of("uint64", [2n ** 63n]), of("uint64", [1n])]), [2n ** 63n + 1n]);
    assert.deepEqual(dense("BitwiseXor", [of("uint32", [0xffffffff]), of("uint32", [1])]), [0xfffffffe]);
    assert.deepEqual(dense("BitwiseNot", [of("uint8", [1])]), [254]);
    assert.deepEqual(dense("BitwiseNot", [of("int64", [0n])]), [-1n]);
  });

  it("BitShift shifts out to 0 instead of wrapping around the word", () => {
    assert.deepEqual(dense("BitShift", [of("uint32", [1, 1]), of("uint32", [31, 32])], { direction: "LEFT" }), [2 ** 31, 0]);
    assert.deepEqual(dense("BitShift", [of("uint8", [255, 16]), of("uint8", [1, 2])], { direction: "LEFT" }), [254, 64]);
    assert.deepEqual(dense("BitShift", [of("uint64", [2n ** 63n, 1n]), of("uint64", [63n, 64n])], { direction: "RIGHT" }), [1n, 0n]);
  });

  it("refuses directions it does not know", () => {
    assert.throws(() => run("BitShift", [of("uint8", [1]), of("uint8", [1])], { direction: "UP" }), { code: "InvalidArgument" });
  });
});
