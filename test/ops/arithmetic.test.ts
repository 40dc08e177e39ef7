import assert from "node:assert/strict";
import fc from "fast-check";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, graphOf, i64, infer, result, run, sym } from "../support/run-op.ts";

const of = (dtype: Storage["dtype"], values: readonly (number | bigint)[], shape: readonly number[] = [values.length]) =>
  Storage.from(dtype, values, shape);
const dense = (op: string, inputs: readonly Storage[], attributes = {}) => [...(run(op, inputs, attributes)[0] as Storage).dense()];

describe("Add, Sub, Mul, Div", () => {
  it("adds tensors of one shape", () => {
    assert.deepEqual(result("Add", [f32([2, 2], [1, 2, 3, 4]), f32([2, 2], [10, 20, 30, 40])]), {
      shape: [2, 2],
      values: [11, 22, 33, 44],
    });
  });

  it("repeats a row, a column, a channel and a single number", () => {
    const x = f32([1, 2, 1, 2], [1, 2, 3, 4]);
    assert.deepEqual(result("Mul", [x, f32([2], [1, 10])]).values, [1, 20, 3, 40]);
    assert.deepEqual(result("Mul", [x, f32([2, 1, 1], [1, 10])]).values, [1, 2, 30, 40]);
    assert.deepEqual(result("Sub", [f32([], [10]), x]).values, [9, 8, 7, 6]);
    assert.deepEqual(result("Add", [f32([2, 1], [0, 10]), f32([3], [1, 2, 3])]), { shape: [2, 3], values: [1, 2, 3, 11, 12, 13] });
  });

  it("reads transposed and stepped views in place", () => {
    const x = f32([2, 2], [1, 2, 3, 4]);
    assert.deepEqual(result("Add", [x, x.transpose([1, 0])]).values, [2, 5, 5, 8]);
    assert.deepEqual(result("Mul", [f32([4], [1, 2, 3, 4]).slice(0, 3, 2, -2), f32([2], [10, 100])]).values, [40, 200]);
  });

  it("takes numbers from and to views whose rows are dense, and leaves them as they are", () => {
    const heads = counting([3, 2, 30]);
    const view = heads.transpose([1, 0, 2]);
    const before = [...view.dense()] as number[];
    for (const [op, f] of [
      ["Add", (v: number) => v + 3],
      ["Sub", (v: number) => v - 3],
      ["Mul", (v: number) => v * 3],
      ["Div", (v: number) => Math.fround(v / 3)],
    ] as const)
      assert.deepEqual(result(op, [view, f32([], [3])]), { shape: [2, 3, 30], values: before.map(f) });
    assert.deepEqual(
      result("Sub", [f32([1], [3]), view]).values,
      before.map((v) => 3 - v),
    );
    assert.deepEqual([...heads.dense()], [...counting([3, 2, 30]).dense()]);
  });

  it("keeps 64-bit integers exact and lets them wrap around", () => {
    assert.deepEqual(dense("Add", [of("int64", [2n ** 53n]), of("int64", [1n])]), [2n ** 53n + 1n]);
    assert.deepEqual(dense("Add", [of("int64", [2n ** 63n - 1n]), of("int64", [1n])]), [-(2n ** 63n)]);
    assert.deepEqual(dense("Mul", [of("uint64", [2n ** 63n]), of("uint64", [2n])]), [0n]);
  });

  it("multiplies 32-bit integers modulo 2^32, not by way of rounded doubles", () => {
    assert.deepEqual(dense("Mul", [of("int32", [0x7fffffff]), of("int32", [0x7fffffff])]), [1]);
    assert.deepEqual(dense("Mul", [of("uint32", [0xffffffff]), of("uint32", [0xffffffff])]), [1]);
    assert.deepEqual(dense("Sub", [of("uint8", [3]), of("uint8", [5])]), [254]);
  });

  it("divides integers toward zero and gives 0 for a division by zero", () => {
    assert.deepEqual(dense("Div", [of("int32", [-7, 7, 5]), of("int32", [2, -2, 0])]), [-3, -3, 0]);
    assert.deepEqual(dense("Div", [of("int64", [-7, 7, 5]), of("int64", [2, -2, 0])]), [-3n, -3n, 0n]);
    assert.deepEqual(dense("Div", [f32([2], [1, -1]), f32([2], [0, 0])]), [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  });

  it("rounds float16 and bfloat16 results once", () => {
    // 2048 + 1 lies between 2048 and 2050 in float16: ties to even.
    assert.deepEqual(result("Add", [of("float16", [2048]), of("float16", [1])]).values, [2048]);
    assert.deepEqual(result("Add", [of("float16", [2050]), of("float16", [1])]).values, [2052]);
    assert.deepEqual(result("Mul", [of("bfloat16", [1.5]), of("bfloat16", [1.5])]).values, [2.25]);
  });

  it("works on tensors without elements", () => {
    assert.deepEqual(result("Add", [f32([0, 3], []), f32([3], [1, 2, 3])]), { shape: [0, 3], values: [] });
    assert.deepEqual(result("Add", [f32([2, 0], []), f32([1, 1], [1])]), { shape: [2, 0], values: [] });
  });

  it("names both shapes when they do not broadcast", () => {
    assert.throws(() => run("Add", [f32([2], [1, 2]), f32([3], [1, 2, 3])]), { code: "BroadcastMismatch" });
    assert.throws(() => run("Add", [f32([1], [1]), i64([1])]), { code: "DTypeMismatch" });
  });

  it("broadcasts symbolic sizes", () => {
    assert.deepEqual(infer("Add", [sym("batch", 3, "h", 1), sym(3, 1, "w")]), ["float[batch,3,h,w]"]);
    assert.deepEqual(infer("Add", [sym("batch", 1), sym("batch", 4)]), ["float[batch,4]"]);
  });

  const dims = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  it("broadcasts as the definition says, for any two shapes that can", () => {
    fc.assert(
      fc.property(dims, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.nat(4), fc.boolean(), (shape, ones, dropped, swap) => {
        const other = shape.map((d, i) => (ones[i] ? 1 : d)).slice(dropped);
        const [a, b] = [counting(shape), counting(other)];
        const [x, z] = swap ? [b, a] : [a, b];
        for (const [op, f] of [
          ["Sub", (p: number, q: number) => p - q],
          ["Add", (p: number, q: number) => p + q],
        ] as const) {
          const [y] = run(op, [x, z]) as [Storage];
          const expected = indices([...y.shape]).map((at) => f(elementAt(x, at), elementAt(z, at)));
          assert.deepEqual(y.toNumbers(), expected);
        }
      }),
    );
  });
});

/** All index tuples of a shape, in row-major order. */
function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>((all, d) => all.flatMap((at) => Array.from({ length: d }, (_, i) => [...at, i])), [[]]);
}

function elementAt(x: Storage, at: readonly number[]): number {
  const own = at.slice(at.length - x.rank).map((i, axis) => (x.shape[axis] === 1 ? 0 : i));
  return x.toNumbers()[own.reduce((p, i, axis) => p * (x.shape[axis] as number) + i, 0)] as number;
}

describe("shape arithmetic", () => {
  const dimsOf = (op: string, a: Storage, attributes = {}) => {
    const { graph, values } = graphOf([sym("n", 4), a]);
    const shape = graph.add("Shape", [values[0]]).output;
    return graph.add(op, [shape, values[1]], attributes).output.dims?.map(String);
  };

  it("carries sizes through Add, Sub, Mul, Div and Mod", () => {
    assert.deepEqual(dimsOf("Add", i64([1, 2])), ["n + 1", "6"]);
    assert.deepEqual(dimsOf("Sub", i64([1])), ["n - 1", "3"]);
    assert.deepEqual(dimsOf("Mul", i64([2, -1])), ["2*n", "-4"]);
    assert.deepEqual(dimsOf("Div", i64([2])), ["floor((n)/(2))", "2"]);
    assert.deepEqual(dimsOf("Mod", i64([3])), ["-3*floor((n)/(3)) + n", "1"]);
    assert.deepEqual(dimsOf("Max", i64([3])), ["max(n, 3)", "4"]);
  });

  it("does not claim to know a truncated quotient whose sign is open", () => {
    const { graph, values } = graphOf([sym("n"), i64([5]), i64([2])]);
    const shifted = graph.add("Sub", [graph.add("Shape", [values[0]]).output, values[1]]).output;
    const [quotient] = graph.add("Div", [shifted, values[2]]).output.dims ?? [];
    assert.match(String(quotient), /^\?/);
  });
});

describe("Mod", () => {
  it("takes the sign of the divisor, or with fmod that of the dividend", () => {
    const [a, b] = [of("int32", [-4, 7, 5, -5]), of("int32", [3, -3, 0, 5])];
    assert.deepEqual(dense("Mod", [a, b]), [2, -2, 0, 0]);
    assert.deepEqual(dense("Mod", [a, b], { fmod: 1 }), [-1, 1, 0, 0]);
    assert.deepEqual(dense("Mod", [of("int64", [-4]), of("int64", [3])]), [2n]);
    assert.deepEqual(dense("Mod", [f32([2], [-4.5, 4.5]), f32([2], [2, 2])], { fmod: 1 }), [-0.5, 0.5]);
  });
});

describe("Pow", () => {
  it("keeps the dtype of the base", () => {
    assert.deepEqual(result("Pow", [f32([3], [2, 3, 4]), i64([3, 2, 0])]).values, [8, 9, 1]);
    assert.deepEqual(dense("Pow", [of("int32", [2, 3]), f32([2], [0.5, 2])]), [1, 9]);
    assert.deepEqual(dense("Pow", [of("int64", [3n]), of("int64", [39n])]), [4052555153018976267n]);
  });

  it("truncates negative powers of integers and follows IEEE 754 for 1 and −1", () => {
    assert.deepEqual(dense("Pow", [of("int64", [2n, 1n, -1n]), of("int64", [-1n, -5n, -3n])]), [0n, 1n, -1n]);
    assert.deepEqual(dense("Pow", [f32([2], [1, -1]), f32([2], [Number.NaN, Number.POSITIVE_INFINITY])]), [1, 1]);
  });
});

describe("Max, Min, Sum, Mean", () => {
  it("take one or more tensors and broadcast them", () => {
    assert.deepEqual(result("Max", [f32([2], [1, 5]), f32([], [3]), f32([2, 1], [0, 4])]), { shape: [2, 2], values: [3, 5, 4, 5] });
    assert.deepEqual(result("Min", [f32([2], [1, 5])]).values, [1, 5]);
    assert.deepEqual(result("Mean", [f32([2], [1, 2]), f32([2], [3, 4]), f32([1], [2])]).values, [2, 8 / 3].map(Math.fround));
    assert.deepEqual(result("Sum", [f32([1], [1]), f32([2], [1, 2])]).values, [2, 3]);
  });

  it("give NaN where any input is NaN", () => {
    assert.deepEqual(result("Max", [f32([2], [Number.NaN, 1]), f32([2], [0, Number.NaN])]).values, [Number.NaN, Number.NaN]);
  });
});
