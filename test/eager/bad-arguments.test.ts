// Wrong arguments, as they come from plain JavaScript or a misunderstanding: each gets a named error with the user's own values in it.
import assert from "node:assert/strict";
import { arange, oneHot, tensor, zeros } from "../../src/eager/create.ts";
import { maximum, where } from "../../src/eager/functions/math.ts";
import { einsum, matmul, topk } from "../../src/eager/functions/reduce.ts";
import { cat, chunk, split, stack, unbind } from "../../src/eager/functions/shape.ts";
import { op } from "../../src/eager/op.ts";
import "../../src/eager/tensor.ts";
import { IngotError } from "../../src/errors/error.ts";

const x = zeros([2, 3]);
const i = arange(3);
const wrong = (value: unknown) => value as never;

const cases: Readonly<Record<string, readonly [code: string, summary: RegExp, call: () => unknown]>> = {
  "reshape to another count": ["ReshapeMismatch", /6 elements of shape \[2, 3\] do not fit shape \[4\]/, () => x.reshape([4])],
  "reshape with two -1": ["InvalidShape", /\[-1, -1\]/, () => x.reshape([-1, -1])],
  "reshape to what -1 cannot make up": ["ReshapeMismatch", /\[4, -1\]/, () => x.reshape([4, -1])],
  "reshape to half sizes": [
    "InvalidArgument",
    /reshape: expected `shape` to be a list of integers, got \[1\.5, 4\]/,
    () => x.reshape([1.5, 4]),
  ],
  "reshape to NaN": ["InvalidArgument", /got \[NaN\]/, () => x.reshape(Number.NaN)],
  "reshape to text": ["InvalidArgument", /reshape/, () => x.reshape(wrong("2,3"))],
  "matmul of shapes that do not fit": ["ShapeMismatch", /\[2, 3\]/, () => x.matmul(x)],
  "matmul by a number": ["InvalidArgument", /MatMul: expected `B` to be a tensor, got 3/, () => x.matmul(wrong(3))],
  "matmul of nothing": ["InvalidArgument", /expected `A` to be a tensor, got \[1, 2\]/, () => matmul(wrong([1, 2]), x)],
  "mm of a batch": ["RankMismatch", /mm: the first matrix has 3 dimensions \(shape \[1, 2, 3\]\)/, () => x.unsqueeze(0).mm(x)],
  "bmm of different batches": [
    "ShapeMismatch",
    /bmm: the second batch has shape \[2, 3, 1\]/,
    () => zeros([1, 2, 3]).bmm(zeros([2, 3, 1])),
  ],
  "t of a batch": ["RankMismatch", /t: the tensor has 3 dimensions/, () => x.unsqueeze(0).t()],
  "einsum with too few operands": ["InvalidArgument", /./, () => einsum("ij,jk->ik", x)],
  "add of shapes that do not broadcast": ["BroadcastMismatch", /shapes \[2, 3\] and \[2\]/, () => x.add(zeros([2]))],
  "add of another dtype": ["DTypeMismatch", /Add: B is int64, expected float32/, () => x.add(i)],
  "add of undefined": ["InvalidArgument", /Add: expected `other` to be a tensor or a number, got undefined/, () => x.add(wrong(undefined))],
  "add of text": ["InvalidArgument", /got `1` \(string\)/, () => x.add(wrong("1"))],
  "add of an array": ["InvalidArgument", /got \[1, 2\]/, () => x.add(wrong([1, 2]))],
  "add to a number": ["InvalidArgument", /Max: expected `input` to be a tensor, got 1/, () => maximum(wrong(1), x)],
  "a fraction with integers": ["InvalidArgument", /an integer, because the other operand is int64, got 0\.5/, () => i.mul(0.5)],
  "a number beyond a small dtype": ["InvalidArgument", /integers from 0 to 255 for uint8, got 300/, () => i.to("uint8").add(300)],
  "mean of integers": ["DTypeMismatch", /mean: the tensor is int64, expected a floating-point dtype/, () => i.mean()],
  "var of booleans": ["DTypeMismatch", /var: the tensor is bool/, () => i.gt(0).var()],
  "sqrt of integers": ["DTypeMismatch", /Sqrt: X is int64/, () => i.sqrt()],
  "sum along an axis that is not there": [
    "AxisOutOfRange",
    /axis 2 is out of range for a tensor of 2 dimensions \(shape \[2, 3\]\)/,
    () => x.sum(2),
  ],
  "sum along one axis twice": ["InvalidArgument", /different axes, got \[1, -1\]/, () => x.sum([1, -1])],
  "softmax along half an axis": ["AxisOutOfRange", /axis 0\.5/, () => x.softmax(0.5)],
  "topk of no tensor": ["InvalidArgument", /topk: expected `input` to be a tensor/, () => topk(wrong([1, 2]), 1)],
  "topk of more than there are": ["InvalidArgument", /`k` to be an integer from 0 to 3, the size of dimension 1, got 4/, () => x.topk(4)],
  "topk of half": ["InvalidArgument", /got 1\.5/, () => x.topk(1.5)],
  "select beyond the end": ["IndexOutOfRange", /select: index 2 is out of range for dimension 0 of size 2/, () => x.select(0, 2)],
  "narrow beyond the end": ["InvalidArgument", /a part of dimension 1 of size 3, got 2, 2/, () => x.narrow(1, 2, 2)],
  "slice by 0": ["InvalidArgument", /`step` to be an integer other than 0/, () => x.slice(0, 0, 2, 0)],
  "slice from half": ["InvalidArgument", /slice: expected `start`/, () => x.slice(0, 0.5)],
  "index with too many": ["RankMismatch", /index: the tensor has 2 dimensions/, () => x.index(0, 0, 0)],
  "index by text": ["InvalidArgument", /got `a:b`/, () => x.index("a:b")],
  "index by a mask": ["InvalidArgument", /a tensor of bool\[2, 3\]/, () => x.index(x.gt(0))],
  "index twice by ...": ["InvalidArgument", /at most one/, () => x.index("...", "...")],
  "gather by floats": ["DTypeMismatch", /GatherElements: indices is float32/, () => x.gather(0, x)],
  "indexSelect beyond the end": [
    "IndexOutOfRange",
    /index 3 is out of range for dimension 0 of size 2/,
    () => x.indexSelect(0, tensor([3n])),
  ],
  "a mask of another shape": ["ShapeMismatch", /maskedSelect: the mask has shape \[3\], expected \[2, 3\]/, () => x.maskedSelect(i.gt(0))],
  "permute of the wrong axes": ["InvalidArgument", /each of the 2 axes once, got \[0, 0\]/, () => x.permute(0, 0)],
  "expand of an axis that is not 1": ["ShapeMismatch", /expand: the tensor has shape \[2, 3\]/, () => x.expand(4, 3)],
  "expand to fewer axes": ["ShapeMismatch", /\[2, 3\]/, () => x.expand(3)],
  "expand to a negative size": ["InvalidShape", /-2/, () => x.expand(-2, 3)],
  "repeat with too few": ["InvalidArgument", /at least 2 integers from 0/, () => x.repeat(2)],
  "repeat -1 times": ["InvalidArgument", /got \[-1, 1\]/, () => x.repeat(-1, 1)],
  "repeatInterleave by half": ["InvalidArgument", /got 0\.5/, () => x.repeatInterleave(0.5)],
  "split into 0": ["InvalidArgument", /add up to 2/, () => x.split(0)],
  "split by sizes that do not add up": ["InvalidArgument", /add up to 3, got \[1, 1\]/, () => x.split([1, 1], 1)],
  "chunk into none": ["InvalidArgument", /`count`/, () => x.chunk(0)],
  "cat of nothing": ["InvalidArgument", /at least one tensor/, () => cat([])],
  "cat of no list": ["InvalidArgument", /an array/, () => cat(wrong(x))],
  "cat with a number": ["InvalidArgument", /`tensors\[1\]` to be a tensor, got 1/, () => cat([x, wrong(1)])],
  "cat of shapes that do not fit": ["ShapeMismatch", /\[2, 2\]/, () => cat([x, zeros([2, 2])])],
  "stack of different shapes": ["ShapeMismatch", /./, () => stack([x, zeros([2, 2])])],
  "pad with a single number": ["InvalidArgument", /pairs of integers for up to 2 axes/, () => x.pad([1])],
  "roll by half": ["InvalidArgument", /roll/, () => x.roll(0.5, 0)],
  "where of no condition": ["InvalidArgument", /where: expected `condition` to be a tensor, got true/, () => where(wrong(true), x, x)],
  "chunk, split, unbind of no tensor": ["InvalidArgument", /chunk/, () => chunk(wrong(1), 2)],
  "split of no tensor": ["InvalidArgument", /split/, () => split(wrong(undefined), 2)],
  "unbind of no tensor": ["InvalidArgument", /unbind/, () => unbind(wrong(null))],
  "to a dtype that is none": ["UnknownDType", /"float" is not a dtype/, () => x.to(wrong("float"))],
  "oneHot of no class": ["InvalidShape", /oneHot/, () => oneHot(i, -1)],
  "an operator that is none": ["UnknownOperator", /Nope/, () => op("Nope", [x])],
  "an operator's attribute that is none": ["UnknownAttribute", /Relu has no attribute `alpha`/, () => op("Relu", [x], { alpha: 1 })],
  "an operator on no tensor": ["InvalidArgument", /Relu: expected `X` to be a tensor, got `x` \(string\)/, () => op("Relu", [wrong("x")])],
};

describe("wrong arguments", () => {
  for (const [name, [code, summary, call]] of Object.entries(cases))
    it(`${name}: ${code}`, () => {
      assert.throws(call, (error: unknown) => {
        assert.ok(error instanceof IngotError, String(error instanceof Error ? error.stack : error));
        assert.equal(error.code, code, error.message);
        assert.match(error.summary, summary);
        assert.notEqual(error.hint, "");
        return true;
      });
    });
});
