import assert from "node:assert/strict";
import type { DType } from "../../src/tensor/dtype.ts";
import { formatStorage } from "../../src/tensor/format.ts";
import { Storage } from "../../src/tensor/storage.ts";

const text = (dtype: DType, values: ArrayLike<number | string | bigint>, shape: number[] = [values.length]) =>
  formatStorage(Storage.from(dtype, values, shape));
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

describe("printing a tensor", () => {
  it("shows four decimals, aligned, one row per line", () => {
    assert.equal(text("float32", [1, 2.5, -3, 4], [2, 2]), "tensor([[ 1.0000,  2.5000],\n        [-3.0000,  4.0000]])");
  });

  it("shows whole floats with a bare point", () => {
    assert.equal(text("float32", [0, 0]), "tensor([0., 0.])");
    assert.equal(text("float32", [1, 20, -3]), "tensor([ 1., 20., -3.])");
    assert.equal(text("float32", [5], []), "tensor(5.)");
  });

  it("keeps the sign of a negative zero, and shows nan and inf", () => {
    assert.equal(text("float32", [-0, 1]), "tensor([-0.,  1.])");
    assert.equal(text("float32", [Number.NaN, Number.NEGATIVE_INFINITY, 1.5]), "tensor([   nan,   -inf, 1.5000])");
  });

  it("turns to scientific notation when the range is large, or values are very large or small", () => {
    assert.equal(text("float32", [1, 2000]), "tensor([1.0000e+00, 2.0000e+03])");
    assert.equal(text("float64", [0.00001]), "tensor([1.0000e-05], dtype=float64)");
    assert.equal(text("float32", [2e8, 3e8]), "tensor([2.0000e+08, 3.0000e+08])");
    assert.equal(text("float32", [0.001, 0.5]), "tensor([0.0010, 0.5000])");
    assert.equal(text("float64", [1e-120, -1e120]), "tensor([ 1.0000e-120, -1.0000e+120], dtype=float64)");
  });

  it("aligns integers, names dtypes that are not the usual, and has true and false", () => {
    assert.equal(text("int64", [1n, -20n, 300n]), "tensor([  1, -20, 300])");
    assert.equal(text("uint8", [1, 2]), "tensor([1, 2], dtype=uint8)");
    assert.equal(text("bool", [1, 0]), "tensor([ true, false])");
    assert.equal(text("string", ["a", 'b"']), 'tensor([  "a", "b\\""])');
    assert.equal(text("float16", [1.5, 2]), "tensor([1.5000, 2.0000], dtype=float16)");
    assert.equal(text("int64", [2n ** 63n - 1n], []), "tensor(9223372036854775807)");
  });

  it("separates higher dimensions by empty lines", () => {
    assert.equal(text("int64", range(8), [2, 2, 2]), "tensor([[[0, 1],\n         [2, 3]],\n\n        [[4, 5],\n         [6, 7]]])");
  });

  it("breaks long rows at 80 columns", () => {
    const lines = text("int64", range(30)).split("\n");
    assert.equal(
      lines[0],
      `tensor([${range(18)
        .map((i) => String(i).padStart(2))
        .join(", ")},`,
    );
    assert.equal(lines[1], `        ${range(30).slice(18).join(", ")}])`);
  });

  it("summarises more than 1000 elements by three at each end of each dimension", () => {
    assert.equal(text("int64", range(1001)), "tensor([   0,    1,    2,  ...,  998,  999, 1000])");
    const lines = text("int64", range(1200), [30, 40]).split("\n");
    assert.equal(lines.length, 7);
    assert.equal(lines[0], "tensor([[   0,    1,    2,  ...,   37,   38,   39],");
    assert.equal(lines[3], "        ...,");
    assert.equal(lines[6], "        [1160, 1161, 1162,  ..., 1197, 1198, 1199]])");
    assert.equal(text("int64", range(1000)).includes("..."), false);
  });

  it("chooses the notation by what is shown, not by what is left out", () => {
    const values = range(2000).map((i) => (i === 1000 ? 1e20 : 1));
    assert.equal(text("float32", values), "tensor([1., 1., 1.,  ..., 1., 1., 1.])");
  });

  it("shows empty tensors with their size", () => {
    assert.equal(text("float32", []), "tensor([])");
    assert.equal(text("int32", [], [0, 3]), "tensor([], size=[0, 3], dtype=int32)");
  });

  it("shows the numbers that small floats and narrow integers stand for", () => {
    const shown = (dtype: DType) => formatStorage(Storage.from(dtype, [1, 2.5, 3, Number.NaN], [4]));
    assert.equal(shown("float8e4m3fn"), "tensor([1.0000, 2.5000, 3.0000,    nan], dtype=float8e4m3fn)");
    assert.equal(shown("float8e8m0"), "tensor([ 1.,  4.,  4., nan], dtype=float8e8m0)");
    assert.equal(formatStorage(Storage.from("int4", [-8, 7], [2])), "tensor([-8,  7], dtype=int4)");
  });

  it("reads views through their strides", () => {
    const s = Storage.from("float32", range(6), [2, 3]);
    assert.equal(formatStorage(s.transpose([1, 0])), "tensor([[0., 3.],\n        [1., 4.],\n        [2., 5.]])");
    assert.equal(formatStorage(s.slice(1, 2, 2, -1)), "tensor([[2., 1.],\n        [5., 4.]])");
  });

  it("moves the dtype to a line of its own where it does not fit", () => {
    assert.equal(
      text(
        "int32",
        range(22).map((i) => i % 10),
      )
        .split("\n")
        .at(-1),
      "       dtype=int32)",
    );
  });
});
