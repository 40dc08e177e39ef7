// Making tensors: dtypes guessed and given, ranges, seeds, and data that is no tensor.
import assert from "node:assert/strict";
import {
  arange,
  eye,
  full,
  fullLike,
  linspace,
  manualSeed,
  meshgrid,
  oneHot,
  onesLike,
  rand,
  randint,
  randn,
  randnLike,
  randperm,
  tensor,
  zeros,
} from "../../src/eager/create.ts";
import "../../src/eager/tensor.ts";
import { Generator } from "../../src/tensor/random.ts";

describe("tensor()", () => {
  it("guesses the dtype from what it is given", () => {
    assert.equal(tensor([1, 2]).dtype, "float32");
    assert.equal(tensor([true]).dtype, "bool");
    assert.equal(tensor([1n]).dtype, "int64");
    assert.equal(tensor(["a"]).dtype, "string");
    assert.equal(tensor([]).dtype, "float32");
    assert.equal(tensor(new Uint8Array(2)).dtype, "uint8");
    assert.equal(tensor(new BigInt64Array(2)).dtype, "int64");
  });

  it("keeps the values of mixed lists", () => {
    assert.deepEqual(tensor([true, 2]).toArray(), [1, 2]);
    assert.deepEqual(tensor([1n, 0.5]).toArray(), [1, 0.5]);
  });

  it("copies typed arrays and takes a shape", () => {
    const data = new Float32Array([1, 2, 3, 4]);
    const x = tensor(data, { shape: [2, 2] });
    data[0] = 9;
    assert.deepEqual(x.toArray(), [
      [1, 2],
      [3, 4],
    ]);
    assert.deepEqual(
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { shape: [4] },
      ).toArray(),
      [1, 2, 3, 4],
    );
    assert.deepEqual(tensor([], { shape: [0, 3] }).shape, [0, 3]);
    assert.deepEqual(tensor(new Uint8Array([0, 2]), { dtype: "bool" }).toArray(), [false, true]);
    assert.deepEqual(tensor(new Uint16Array([1]), { dtype: "float16" }).toArray(), [1]);
  });

  it("rounds to float16 and bfloat16, and cuts fractions off for integers", () => {
    assert.deepEqual(tensor([0.1, 65520], { dtype: "float16" }).toArray(), [0.0999755859375, Number.POSITIVE_INFINITY]);
    assert.deepEqual(tensor([0.1], { dtype: "bfloat16" }).toArray(), [0.10009765625]);
    assert.deepEqual(tensor([1.7, -1.7], { dtype: "int64" }).toArray(), [1, -1]);
    assert.deepEqual(tensor([2n ** 63n - 1n, -(2n ** 63n)], { dtype: "int64" }).toBigIntArray(), [2n ** 63n - 1n, -(2n ** 63n)]);
  });

  it("refuses integers out of range, which .to() wraps around", () => {
    const refuses = (value: number | bigint, dtype: "uint8" | "int8" | "int32" | "int64" | "uint64", text: RegExp) =>
      assert.throws(() => tensor([0, value], { dtype }), { code: "InvalidArgument", summary: text });
    refuses(300, "uint8", /integers from 0 to 255 for uint8, got 300/);
    refuses(-1, "uint8", /got -1/);
    refuses(128, "int8", /-128 to 127/);
    refuses(2 ** 31, "int32", /got 2147483648/);
    refuses(2 ** 63, "int64", /got 9223372036854776000/);
    refuses(2n ** 64n, "uint64", /got 18446744073709551616/);
    refuses(Number.NaN, "int32", /got NaN/);
    refuses(Number.POSITIVE_INFINITY, "int64", /got Infinity/);
    assert.throws(() => tensor(new Float32Array([256]), { dtype: "uint8" }), { code: "InvalidArgument" });
    assert.deepEqual(tensor([300, -1], { dtype: "int32" }).to("uint8").toArray(), [44, 255]);
    assert.deepEqual(tensor([300.7, -1, Number.NaN]).to("uint8").toArray(), [255, 0, 0]);
  });

  it("refuses what is no rectangle of elements", () => {
    assert.throws(() => tensor([[1, 2], [3]]), { code: "RaggedData", summary: /different lengths \(2 and 1\) at depth 1/ });
    assert.throws(() => tensor([1, [2]]), { code: "RaggedData" });
    assert.throws(() => tensor([[1], 2]), { code: "RaggedData" });
    assert.throws(() => tensor([[], [1]]), { code: "RaggedData" });
    for (const bad of [undefined, null, {}, [undefined], [null], [() => 1], [1, "a"], [Symbol.iterator.description, 1], new Date(0)])
      assert.throws(() => tensor(bad as never), { code: "InvalidArgument" }, String(bad));
    assert.throws(() => tensor(["1"], { dtype: "float32" }), {
      code: "InvalidArgument",
      summary: /numbers for float32, got `1` \(string\)/,
    });
    assert.throws(() => tensor([1], { dtype: "string" }), { code: "InvalidArgument" });
    assert.throws(() => tensor(new DataView(new ArrayBuffer(4)) as never), { code: "InvalidArgument", summary: /DataView/ });
    assert.throws(() => tensor([1], { dtype: "float" as never }), { code: "UnknownDType", hint: /float32/ });
  });
});

describe("filled tensors", () => {
  it("have the dtype given, or float32, or bool for booleans", () => {
    assert.deepEqual([zeros([2]).dtype, full([1], true).dtype, full([1], 2, { dtype: "int8" }).dtype], ["float32", "bool", "int8"]);
    assert.deepEqual(full([2, 2], 7n, { dtype: "int64" }).toArray(), [
      [7, 7],
      [7, 7],
    ]);
    assert.deepEqual(onesLike(tensor([[1n]])).toBigIntArray(), [1n]);
    assert.deepEqual(fullLike(tensor([true]), false).toArray(), [false]);
    assert.deepEqual(zeros([0, 3]).shape, [0, 3]);
  });

  it("refuse shapes that are none, and values the dtype cannot hold", () => {
    for (const shape of [[-1], [1.5], [Number.NaN], [2 ** 30, 2 ** 30]])
      assert.throws(() => zeros(shape), { code: "InvalidShape" }, String(shape));
    assert.throws(() => zeros(3 as never), { code: "InvalidShape", summary: /3 is not a shape: it is not an array/ });
    assert.throws(() => zeros(undefined as never), { code: "InvalidShape" });
    assert.throws(() => zeros([2 ** 42]), { code: "TensorTooLarge" });
    assert.throws(() => full([1], 256, { dtype: "uint8" }), { code: "InvalidArgument" });
    assert.throws(() => full([1], "a" as never), { code: "InvalidArgument" });
  });
});

describe("ranges", () => {
  it("count as PyTorch's do", () => {
    assert.deepEqual([arange(3).dtype, arange(3).toArray()], ["int64", [0, 1, 2]]);
    assert.deepEqual([arange(0, 1, 0.25).dtype, arange(0, 1, 0.25).toArray()], ["float32", [0, 0.25, 0.5, 0.75]]);
    assert.deepEqual(arange(5, 0, -2).toArray(), [5, 3, 1]);
    assert.equal(arange(1, 2, { dtype: "float16" }).dtype, "float16");
    assert.deepEqual(arange(3, { dtype: "int8" }).toArray(), [0, 1, 2]);
    assert.deepEqual(linspace(0, 1, 5).toArray(), [0, 0.25, 0.5, 0.75, 1]);
    assert.deepEqual([linspace(2, 3, 1).toArray(), linspace(2, 3, 0).toArray()], [[2], []]);
    assert.deepEqual(eye(2, 3).toArray(), [
      [1, 0, 0],
      [0, 1, 0],
    ]);
    assert.deepEqual(
      meshgrid(arange(2), arange(3)).map((t) => t.toArray()),
      [
        [
          [0, 0, 0],
          [1, 1, 1],
        ],
        [
          [0, 1, 2],
          [0, 1, 2],
        ],
      ],
    );
    assert.deepEqual(oneHot(tensor([2n, 0n]), 3).toArray(), [
      [0, 0, 1],
      [1, 0, 0],
    ]);
  });

  it("refuse steps and counts that lead nowhere", () => {
    assert.throws(() => arange(0, 3, 0), { code: "InvalidArgument", summary: /`step`/ });
    assert.throws(() => arange(Number.NaN), { code: "InvalidArgument", summary: /`end` to be a number, got NaN/ });
    assert.throws(() => arange("3" as never), { code: "InvalidArgument" });
    assert.throws(() => linspace(0, 1, -1), { code: "InvalidShape" });
    assert.throws(() => linspace(0, 1, 2.5), { code: "InvalidShape" });
    assert.throws(() => eye(-1), { code: "InvalidShape" });
  });
});

describe("random tensors", () => {
  it("are the same for the same seed and differ between seeds", () => {
    for (const make of [rand, randn]) {
      assert.deepEqual(make([4], { seed: 3 }).toArray(), make([4], { seed: 3 }).toArray());
      assert.notDeepEqual(make([4], { seed: 3 }).toArray(), make([4], { seed: 4 }).toArray());
    }
    assert.deepEqual(randnLike(tensor([[1, 2]]), { seed: 1 }).toArray(), randn([1, 2], { seed: 1 }).toArray());
  });

  it("go on from manualSeed, and from a generator of one's own", () => {
    manualSeed(7);
    const [a, b] = [rand([3]).toArray(), rand([3]).toArray()];
    assert.notDeepEqual(a, b);
    manualSeed(7);
    assert.deepEqual([rand([3]).toArray(), rand([3]).toArray()], [a, b]);
    const generator = new Generator(7);
    assert.deepEqual([rand([3], { generator }).toArray(), rand([3], { generator }).toArray()], [a, b]);
  });

  it("lie where they should, in the dtype asked for", () => {
    const u = rand([1000], { seed: 1 });
    assert.ok(u.amin().item() >= 0 && u.amax().item() < 1);
    const i = randint(-2, 3, [1000], { seed: 1 });
    assert.deepEqual([i.dtype, i.unique().values.toArray()], ["int64", [-2, -1, 0, 1, 2]]);
    assert.deepEqual(randperm(5, { seed: 1 }).sort().values.toArray(), [0, 1, 2, 3, 4]);
    assert.equal(randn([2], { seed: 0, dtype: "float16" }).dtype, "float16");
  });

  it("refuse seeds and limits that are none", () => {
    assert.throws(() => rand([1], { seed: -1 }), { code: "InvalidArgument" });
    assert.throws(() => rand([1], { seed: 0.5 }), { code: "InvalidArgument" });
    assert.throws(() => randint(3, 3, [1], { seed: 0 }), { code: "InvalidArgument" });
    assert.throws(() => rand([-1], { seed: 0 }), { code: "InvalidShape" });
    assert.throws(() => randperm(-1, { seed: 0 }), { code: "InvalidShape" });
  });
});
