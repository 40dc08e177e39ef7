// Strided storage: which views share memory, and what the elements become by dtype.
import assert from "node:assert/strict";
import fc from "fast-check";
import { allDTypes, dtypeInfo, integerRange, isBig } from "../../src/tensor/dtype.ts";
import { elementCount, normalizeAxes, normalizeAxis, rowMajorStrides } from "../../src/tensor/shape.ts";
import { Storage } from "../../src/tensor/storage.ts";

const counting = (shape: number[]) =>
  Storage.from(
    "float32",
    Array.from({ length: elementCount(shape) }, (_, i) => i),
    shape,
  );
const code = (name: string) => ({ code: name });

describe("dtypes", () => {
  it("are those of ONNX, complex numbers left out, with their sizes and numbers", () => {
    assert.deepEqual(allDTypes.toSorted(), [
      "bfloat16",
      "bool",
      "float16",
      "float32",
      "float4e2m1",
      "float64",
      "float8e4m3fn",
      "float8e4m3fnuz",
      "float8e5m2",
      "float8e5m2fnuz",
      "float8e8m0",
      "int16",
      "int2",
      "int32",
      "int4",
      "int64",
      "int8",
      "string",
      "uint16",
      "uint2",
      "uint32",
      "uint4",
      "uint64",
      "uint8",
    ]);
    assert.equal(new Set(allDTypes.map((d) => dtypeInfo(d).onnx)).size, allDTypes.length);
    for (const d of allDTypes) {
      const made = dtypeInfo(d).make(3);
      if (ArrayBuffer.isView(made)) assert.equal(made.byteLength, 3 * dtypeInfo(d).bytes);
      else assert.deepEqual(made, ["", "", ""]);
    }
  });

  it("know the ends of their range, and hold them", () => {
    assert.deepEqual(integerRange("int8"), [-128n, 127n]);
    assert.deepEqual(integerRange("uint64"), [0n, 2n ** 64n - 1n]);
    for (const d of allDTypes) {
      if (!["int", "uint"].includes(dtypeInfo(d).kind)) continue;
      const [least, most] = integerRange(d);
      const elements = Array.from<number | bigint | string>(Storage.from(d, [least, most], [2]).dense());
      assert.deepEqual(elements, isBig(d) ? [least, most] : [Number(least), Number(most)]);
    }
  });
});

describe("storage", () => {
  it("gives views that share memory: slice, transpose, expand, reshape of what is contiguous", () => {
    const s = counting([2, 3]);
    for (const view of [s.slice(1, 1, 2), s.slice(0, 1, 2, -1), s.transpose([1, 0]), s.slice(0, 0, 1).expand([4, 3]), s.reshape([6])])
      assert.equal(view.data, s.data);
    assert.deepEqual(s.slice(1, 1, 2).toNumbers(), [1, 2, 4, 5]);
    assert.deepEqual(s.slice(0, 1, 2, -1).toNumbers(), [3, 4, 5, 0, 1, 2]);
    assert.deepEqual(s.transpose([1, 0]).toNumbers(), [0, 3, 1, 4, 2, 5]);
    assert.deepEqual(s.slice(0, 0, 1).expand([2, 3]).toNumbers(), [0, 1, 2, 0, 1, 2]);
  });

  it("copies views with long dense rows element for element, of numbers and of strings", () => {
    const [a, b, c] = [3, 2, 40];
    const expected = Array.from({ length: a * b * c }, (_, i) => (Math.floor(i / c) % a) * b * c + Math.floor(i / (a * c)) * c + (i % c));
    const t = counting([a, b, c]).transpose([1, 0, 2]);
    assert.deepEqual([...t.dense()], expected);
    assert.deepEqual([...t.slice(2, 5, 30).slice(0, 1, 2, -1).dense()].slice(0, 3), [45, 46, 47]);
    const words = Storage.from("string", [...counting([a, b, c]).dense()].map(String), [a, b, c]).transpose([1, 0, 2]);
    assert.deepEqual(words.dense(), expected.map(String));
  });

  it("copies only where a reshape needs it", () => {
    const t = counting([2, 3]).transpose([1, 0]);
    assert.notEqual(t.reshape([6]).data, t.data);
    assert.deepEqual(t.reshape([6]).toNumbers(), [0, 3, 1, 4, 2, 5]);
    assert.equal(t.reshape([3, 2]), t);
  });

  it("lays out any chain of views as indexing element by element does", () => {
    const step = fc.tuple(fc.nat(2), fc.nat(5), fc.nat(5), fc.constantFrom(1, 2, -1, -2));
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.array(step, { maxLength: 5 }),
        (shape, steps) => {
          let view = counting(shape);
          // The same view as a function from an index to the number there.
          let read = (index: readonly number[]) => index.reduce((at, i, k) => at + i * (rowMajorStrides(shape)[k] as number), 0);
          for (const [kind, a, b, by] of steps) {
            const earlier = read;
            const axis = a % view.rank;
            const size = view.shape[axis] as number;
            if (kind === 0) {
              const perm = view.shape.map((_, i) => (i + b) % view.rank);
              view = view.transpose(perm);
              read = (index) => earlier(perm.reduce<number[]>((out, p, k) => Object.assign(out, { [p]: index[k] }), []));
            } else if (kind === 1) {
              const start = b % size;
              const length = Math.floor((by > 0 ? size - 1 - start : start) / Math.abs(by)) + 1;
              view = view.slice(axis, start, length, by);
              read = (index) => earlier(index.map((i, k) => (k === axis ? start + i * by : i)));
            } else {
              view = view.expand([2, ...view.shape]);
              read = (index) => earlier(index.slice(1));
            }
          }
          const strides = rowMajorStrides(view.shape);
          const expected = Array.from({ length: view.size }, (_, n) =>
            read(view.shape.map((d, k) => Math.floor(n / (strides[k] as number)) % d)),
          );
          assert.deepEqual(view.toNumbers(), expected);
        },
      ),
    );
  });

  it("refuses what does not fit, by name", () => {
    assert.throws(() => counting([2, 3]).reshape([4]), code("ReshapeMismatch"));
    assert.throws(() => Storage.of("float32", new Float32Array(3), [2]), code("ReshapeMismatch"));
    assert.throws(() => Storage.from("int64", [2n ** 60n], []).toNumbers(), code("UnsafeInteger"));
    assert.throws(() => Storage.from("string", ["a"], []).toNumbers(), code("DTypeMismatch"));
    assert.throws(() => Storage.empty("float64", [2 ** 40]), {
      code: "TensorTooLarge",
      summary: /1099511627776 float64 elements needs 8\.0 TiB/,
    });
  });
});

describe("shapes", () => {
  it("count axes from both ends, and name no axis twice", () => {
    assert.equal(normalizeAxis("sum", -1, [2, 3]), 1);
    assert.throws(() => normalizeAxis("sum", 2, [2, 3]), { code: "AxisOutOfRange", summary: /axis 2 .* 2 dimensions \(shape \[2, 3\]\)/ });
    assert.throws(() => normalizeAxis("sum", 0.5, [2, 3]), code("AxisOutOfRange"));
    assert.throws(() => normalizeAxis("sum", Number.NaN, [2, 3]), code("AxisOutOfRange"));
    assert.deepEqual(normalizeAxes("sum", [-1, 0], [2, 3]), [0, 1]);
    assert.throws(() => normalizeAxes("sum", [1, -1], [2, 3]), { code: "InvalidArgument", summary: /different axes, got \[1, -1\]/ });
  });
});
