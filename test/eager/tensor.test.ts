// The tensor handle: what it says of itself, how elements are read, which methods share memory, and what JavaScript's operators do.
import assert from "node:assert/strict";
import { inspect } from "node:util";
import ndarray from "ndarray";
import { arange, fromNdarray, tensor } from "../../src/eager/create.ts";
import { isTensor } from "../../src/eager/operand.ts";
import { Tensor } from "../../src/eager/tensor.ts";

const x = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);

describe("a tensor", () => {
  it("knows its shape under PyTorch's names", () => {
    assert.ok(x instanceof Tensor && isTensor(x));
    assert.deepEqual(x.shape, [2, 3]);
    assert.deepEqual([x.rank, x.ndim, x.dim(), x.numel(), x.size(-1), x.size()], [2, 2, 2, 6, 3, [2, 3]]);
    assert.equal(tensor(5).numel(), 1);
  });

  it("chains", () => {
    assert.deepEqual(x.sub(1).mul(2).permute(1, 0).flatten().slice(0, 1, 5, 2).toArray(), [6, 8]);
  });

  it("reads out numbers, booleans, strings and bigints", () => {
    assert.deepEqual(tensor([[1n], [2n]]).toArray(), [[1], [2]]);
    assert.deepEqual(tensor([true, false]).toArray(), [true, false]);
    assert.deepEqual(tensor(["a", "b"]).toArray(), ["a", "b"]);
    assert.equal(tensor(2.5).item(), 2.5);
    assert.equal(tensor([[true]]).item(), 1);
    assert.deepEqual(tensor([2n ** 60n]).toBigIntArray(), [2n ** 60n]);
    assert.deepEqual([...x.data], [1, 2, 3, 4, 5, 6]);
    assert.deepEqual([...x.t().data], [1, 4, 2, 5, 3, 6]);
  });

  it("refuses to read what would be wrong", () => {
    assert.throws(() => x.item(), { code: "NotOneElement", summary: /6 elements \(shape \[2, 3\]\)/ });
    assert.throws(() => tensor([2n ** 60n]).item(), { code: "UnsafeInteger", summary: /^item: 1152921504606846976/ });
    assert.throws(() => tensor([-(2n ** 53n) - 1n]).toArray(), { code: "UnsafeInteger" });
    assert.throws(() => tensor("a").item(), { code: "DTypeMismatch" });
    assert.throws(() => x.toBigIntArray(), { code: "DTypeMismatch" });
  });

  it("shares its memory with views: slice, narrow, select, index, transpose, expand, reshape, and what is made of them", () => {
    const y = arange(24).to("float32").reshape(2, 3, 4);
    const memory = y.storage.data;
    const views: Record<string, Tensor> = {
      slice: y.slice(1, 0, 2),
      step: y.slice(2, undefined, undefined, 2),
      narrow: y.narrow(2, 1, 2),
      select: y.select(0, 1),
      index: y.index(":", -1, "1:3", null),
      transpose: y.transpose(0, 2),
      permute: y.permute(2, 0, 1),
      movedim: y.movedim(0, 2),
      expand: y.unsqueeze(0).expand(5, -1, -1, -1),
      reshape: y.reshape(6, 4),
      view: y.view(-1),
      flatten: y.flatten(1),
      unflatten: y.unflatten(2, [2, 2]),
      squeeze: y.unsqueeze(1).squeeze(1),
      flip: y.flip(0),
      split: y.split(2, 1)[1] as Tensor,
      unbind: y.unbind(0)[1] as Tensor,
      chain: y.transpose(0, 1).slice(0, 1).select(2, 3),
    };
    for (const [name, view] of Object.entries(views)) assert.equal(view.storage.data, memory, name);
    assert.deepEqual(views.chain?.toArray(), [
      [7, 19],
      [11, 23],
    ]);
  });

  it("goes to and comes from ndarray without a copy", () => {
    const array = x.t().toNdarray();
    assert.deepEqual([array.shape, array.stride, array.get(2, 1)], [[3, 2], [1, 3], 6]);
    const data = new Float32Array([1, 2, 3, 4]);
    const back = fromNdarray(ndarray<Float32Array<ArrayBuffer>>(data, [2, 2]).transpose(1, 0));
    assert.deepEqual(back.toArray(), [
      [1, 3],
      [2, 4],
    ]);
    assert.equal(back.storage.data, data);
    assert.deepEqual(fromNdarray(ndarray([1, 2] as never), { dtype: "int64" }).toBigIntArray(), [1n, 2n]);
  });

  it("of another copy of the package is taken for what it is", () => {
    // What such a tensor shows of itself; its private fields cannot be read.
    const foreign = { isIngotTensor: true, dtype: x.dtype, shape: x.shape, storage: x.storage, rank: 2 } as never;
    assert.deepEqual(x.add(foreign).toArray(), x.mul(2).toArray());
  });

  it("iterates over its first axis", () => {
    assert.deepEqual(
      [...x].map((row) => row.sum().item()),
      [6, 15],
    );
  });

  it("is its own clone: nothing can change it", () => {
    for (const same of [x.clone(), x.detach(), x.contiguous(), x.to("float32")]) assert.equal(same, x);
  });

  it("prints as PyTorch does, in String, template strings and console.log", () => {
    const text = "tensor([[1., 2., 3.],\n        [4., 5., 6.]])";
    assert.equal(String(x), text);
    assert.equal(`${x}`, text);
    assert.equal(inspect(x), text);
  });

  it("throws with a hint where JavaScript's operators would make a number of it", () => {
    const any: Record<string, () => unknown> = {
      "+": () => (x as never) + 1,
      "-": () => (x as never) - (x as never),
      unary: () => -(x as never),
      "*": () => (x as never) * 2,
      "<": () => (x as never) < (x as never),
      // biome-ignore lint/suspicious/noDoubleEquals: it is what the test is about
      "==": () => (x as never) == 1,
      Number: () => Number(x),
    };
    for (const [name, use] of Object.entries(any))
      assert.throws(use, { code: "TensorAsPrimitive", hint: /a\.add\(b\), a\.sub\(b\), a\.mul\(b\), a\.lt\(b\)/ }, name);
  });
});
