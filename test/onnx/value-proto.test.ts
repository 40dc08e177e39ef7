// Values in files of their own: every kind is read back as it was written, and files of another kind are named errors.
import assert from "node:assert/strict";
import { tensorType, type ValueType } from "../../src/ir/type.ts";
import { decodeMessage } from "../../src/onnx/decode.ts";
import { valueFromBytes, valueToBytes } from "../../src/onnx/value-proto.ts";
import { MapValue, OptionalValue, type RuntimeValue } from "../../src/ops/runtime-value.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { f32, i64 } from "../support/run-op.ts";

const float = tensorType("float32");
const list = (element: ValueType): ValueType => ({ kind: "sequence", element });
const maybe = (element: ValueType): ValueType => ({ kind: "optional", element });
const words = new MapValue(Storage.from("string", ["a", "é"], [2]), i64([5, -6]));
const numbered = new MapValue(i64([3, 9]), Storage.from("string", ["x", ""], [2]));

/** Plain data, for comparison. */
function plain(value: RuntimeValue | undefined): unknown {
  if (value instanceof Storage) return { shape: [...value.shape], cells: [...(value.dense() as Iterable<unknown>)] };
  if (value instanceof OptionalValue) return { optional: plain(value.element) };
  if (value instanceof MapValue) return { keys: plain(value.keys), values: plain(value.values) };
  return value?.map(plain);
}

describe("a value in a file of its own", () => {
  const cases: readonly [string, RuntimeValue, ValueType][] = [
    ["a tensor", f32([2], [1, 2]), float],
    ["a sequence", [f32([2], [1, 2]), f32([], [3])], list(float)],
    ["an empty sequence", [], list(float)],
    ["an optional tensor", new OptionalValue(float, f32([1], [4])), maybe(float)],
    ["an absent tensor", new OptionalValue(float), maybe(float)],
    ["an optional sequence", new OptionalValue(list(float), [f32([1], [4])]), maybe(list(float))],
    ["a sequence of absent tensors", [new OptionalValue(float)], list(maybe(float))],
    ["a map from strings", words, words.type],
    ["a sequence of maps from integers", [numbered, numbered], list(numbered.type)],
  ];
  for (const [name, value, type] of cases)
    it(`is read back: ${name}`, () => assert.deepEqual(plain(valueFromBytes(valueToBytes(value), type, "x.pb")), plain(value)));

  it("is refused when the file holds another kind of element", () => {
    const bytes = valueToBytes([f32([1], [1])]);
    assert.throws(() => valueFromBytes(bytes, list(list(float)), "x.pb"), { code: "OnnxInvalid" });
  });

  it("writes kinds of elements by ONNX's numbers", () => {
    assert.equal(decodeMessage("SequenceProto", valueToBytes([words]), "x").elemType, 4);
    assert.equal(decodeMessage("OptionalProto", valueToBytes(new OptionalValue(list(float))), "x").elemType, 3);
  });
});
