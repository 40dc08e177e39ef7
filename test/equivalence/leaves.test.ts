import assert from "node:assert/strict";
import { compareCase } from "../../src/equivalence/certify.ts";
import { leavesOf } from "../../src/equivalence/leaves.ts";
import { hashValue, makeValue, recipeFits, recipeFor } from "../../src/equivalence/recipes.ts";
import { symbol } from "../../src/ir/dim.ts";
import { tensorType, type ValueType } from "../../src/ir/type.ts";
import { runtimeType } from "../../src/ops/evaluate.ts";
import { MapValue, OptionalValue, type RuntimeValue } from "../../src/ops/runtime-value.ts";
import { Storage } from "../../src/tensor/storage.ts";

const floats = (...values: number[]) => Storage.from("float32", values, [values.length]);
const map = (entries: Readonly<Record<string, number>>) =>
  new MapValue(Storage.from("string", Object.keys(entries), [Object.keys(entries).length]), floats(...Object.values(entries)));
const optional = (element?: RuntimeValue) => new OptionalValue(tensorType("float32"), element);
const seen = (value: RuntimeValue) =>
  leavesOf("y", value).map(({ name, storage }) => [name, Array.from(storage.dense() as ArrayLike<unknown>)]);

describe("the tensors that a value is made of", () => {
  it("are the tensor itself, or the contents of a container with how many there are", () => {
    assert.deepEqual(seen(floats(1, 2)), [["y", [1, 2]]]);
    assert.deepEqual(seen([floats(1), floats(2, 3)]), [
      ["y.length", [2n]],
      ["y.0", [1]],
      ["y.1", [2, 3]],
    ]);
    assert.deepEqual(seen(optional()), [["y.present", [0]]]);
    assert.deepEqual(seen(optional(floats(4))), [
      ["y.present", [1]],
      ["y", [4]],
    ]);
  });

  it("are in the order of the keys for a map, which has no other", () => {
    const expected = [
      ["y.keys", ["a", "b", "c"]],
      ["y.values", [2, 3, 1]],
    ];
    assert.deepEqual(seen(map({ c: 1, a: 2, b: 3 })), expected);
    assert.deepEqual(seen(map({ b: 3, c: 1, a: 2 })), expected);
  });
});

describe("comparing containers", () => {
  const differs = (expected: RuntimeValue, actual: RuntimeValue) =>
    compareCase({ label: "c", recipes: undefined, inputs: [], expected: [expected] }, [actual], ["y"], { limits: [1e-6], atol: 0, topk: 5 })
      .outputs.filter((o) => !o.ok)
      .map((o) => o.name);

  it("finds nothing where they are equal, and where a map's rows stand in another order", () => {
    assert.deepEqual(differs([floats(1), floats(2)], [floats(1), floats(2)]), []);
    assert.deepEqual(differs(map({ a: 1, b: 2 }), map({ b: 2, a: 1 })), []);
    assert.deepEqual(differs([], []), []);
  });

  it("names the tensor that differs, and a length that does with all that has no partner", () => {
    assert.deepEqual(differs([floats(1), floats(2)], [floats(1), floats(3)]), ["y.1"]);
    assert.deepEqual(differs([floats(1), floats(2)], [floats(1)]), ["y.length", "y.1"]);
    assert.deepEqual(differs([floats(1)], [floats(1), floats(2)]), ["y.length"]);
    assert.deepEqual(differs(optional(), optional(floats(1))), ["y.present"]);
    assert.deepEqual(differs(map({ a: 1, b: 2 }), map({ a: 1, c: 2 })), ["y.keys"]);
  });

  it("tells a container from a tensor that reads like its length", () => {
    assert.deepEqual(differs([floats(1)], Storage.from("int64", [1], [])), ["y.length", "y.0"]);
  });
});

describe("recipes of containers", () => {
  const n = symbol("n");
  const types: readonly ValueType[] = [
    { kind: "sequence", element: tensorType("float32", [n, 3]) },
    { kind: "optional", element: { kind: "sequence", element: tensorType("int64", []) } },
    { kind: "map", key: "string", value: tensorType("float32", []) },
    { kind: "map", key: "int64", value: tensorType("string", []) },
    { kind: "sequence", element: { kind: "map", key: "int64", value: tensorType("float32", []) } },
  ];
  const recipe = (type: ValueType) => recipeFor("x", type, 1, (d) => (typeof d === "number" ? d : 2));

  it("make values of their type, the same every time, and fit no other type", () => {
    types.forEach((type, i) => {
      const value = makeValue(recipe(type), type);
      assert.equal(runtimeType(value).kind, type.kind);
      assert.equal(hashValue(value), hashValue(makeValue(JSON.parse(JSON.stringify(recipe(type))), type)));
      types.forEach((other, j) => {
        assert.equal(recipeFits(recipe(type), other), i === j, `${i} for ${j}`);
      });
    });
  });

  it("make no key of a map twice", () => {
    for (let seed = 0; seed < 20; seed++) {
      const type: ValueType = { kind: "map", key: "string", value: tensorType("float32", []) };
      const value = makeValue(
        recipeFor("x", type, seed, () => 2),
        type,
      ) as MapValue;
      const keys = value.keys.dense() as string[];
      assert.equal(new Set(keys).size, keys.length);
      assert.equal(value.values.size, keys.length);
    }
  });
});
