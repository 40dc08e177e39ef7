// What PyTorch's functions give on small numbers, one by one; and broadcasting against the definition.
import assert from "node:assert/strict";
import fc from "fast-check";
import { arange, tensor } from "../../src/eager/create.ts";
import { where } from "../../src/eager/functions/math.ts";
import { einsum, matmul } from "../../src/eager/functions/reduce.ts";
import { cat, stack } from "../../src/eager/functions/shape.ts";
import type { NestedArray, Tensor } from "../../src/eager/tensor.ts";
import "../../src/eager/tensor.ts";

const x = tensor([
  [1, -2, 3],
  [0, 5, -6],
]);
const v = tensor([3, 1, 2]);
const inf = Number.POSITIVE_INFINITY;

/** Calls and what they give: a tensor's nested array, or several in a list. */
type Case = [call: () => Tensor, expected: NestedArray];

function table(cases: Readonly<Record<string, Case>>): void {
  for (const [name, [call, expected]] of Object.entries(cases)) it(name, () => assert.deepEqual(call().toArray(), expected));
}

const rounded = (t: Tensor) => t.mul(1e4).round().div(1e4).to("float64").mul(1e4).round().div(1e4);

describe("elementwise functions", () => {
  table({
    abs: [
      () => x.abs(),
      [
        [1, 2, 3],
        [0, 5, 6],
      ],
    ],
    "neg, sign": [
      () => x.neg().sign().add(0),
      [
        [-1, 1, -1],
        [0, -1, 1],
      ],
    ],
    "floor, ceil": [() => cat([tensor([-1.5, 1.5]).floor(), tensor([-1.5, 1.5]).ceil()]), [-2, 1, -1, 2]],
    "round, ties to even": [() => tensor([0.5, 1.5, 2.5, -0.5]).round(), [0, 2, 2, -0]],
    "trunc, frac": [() => cat([tensor([-1.75, 1.75]).trunc(), tensor([-1.75, 1.75]).frac()]), [-1, 1, -0.75, 0.75]],
    "trunc of integers": [() => tensor([-3n]).trunc(), [-3]],
    "exp, log": [() => rounded(tensor([0, 1]).exp().log()), [0, 1]],
    "exp2, log2, log10": [() => rounded(cat([tensor([3]).exp2(), tensor([8]).log2(), tensor([1000]).log10()])), [8, 3, 3]],
    "sqrt, rsqrt, square, reciprocal": [
      () => cat([tensor([4]).sqrt(), tensor([4]).rsqrt(), tensor([4]).square(), tensor([4]).reciprocal()]),
      [2, 0.5, 16, 0.25],
    ],
    "pow by a number and by a tensor": [() => cat([v.pow(2), v.pow(tensor([0, 1, 3]))]), [9, 1, 4, 1, 1, 8]],
    "add, sub, mul, div": [
      () => stack([v.add(1), v.sub(v), v.mul(2), v.div(4)]),
      [
        [4, 2, 3],
        [0, 0, 0],
        [6, 2, 4],
        [0.75, 0.25, 0.5],
      ],
    ],
    "div of integers is true division": [() => tensor([1n, 3n]).div(2), [0.5, 1.5]],
    "floorDivide and remainder follow the divisor's sign": [
      () => cat([tensor([-7n, 7n]).floorDivide(2), tensor([-7n, 7n]).remainder(3), tensor([-7, 7]).remainder(3).long()]),
      [-4, 3, 2, 1, 2, 1],
    ],
    "fmod follows the dividend's": [() => tensor([-7, 7]).fmod(3), [-1, 1]],
    "maximum, minimum": [
      () => stack([v.maximum(2), v.minimum(tensor([1, 2, 3]))]),
      [
        [3, 2, 2],
        [1, 1, 2],
      ],
    ],
    "clamp, at both ends or one": [
      () => stack([v.clamp(1.5, 2.5), v.clampMin(2), v.clampMax(2), v.clamp(undefined, 1)]),
      [
        [2.5, 1.5, 2],
        [3, 2, 2],
        [2, 1, 2],
        [1, 1, 1],
      ],
    ],
    lerp: [() => v.lerp(tensor([5, 5, 5]), 0.5), [4, 3, 3.5]],
    "relu, sigmoid, tanh": [() => cat([tensor([-1, 2]).relu(), tensor([0]).sigmoid(), tensor([0]).tanh()]), [0, 2, 0.5, 0]],
    "gelu, erf, softplus": [
      () => rounded(cat([tensor([1]).gelu(), tensor([1]).gelu("tanh"), tensor([1]).erf(), tensor([1]).softplus()])),
      [0.8413, 0.8412, 0.8427, 1.3133],
    ],
    comparisons: [
      () => stack([v.eq(2), v.ne(2), v.lt(2), v.le(2), v.gt(2), v.ge(2)]).int(),
      [
        [0, 0, 1],
        [1, 1, 0],
        [0, 1, 0],
        [0, 1, 1],
        [1, 0, 0],
        [1, 0, 1],
      ],
    ],
    "logicalAnd, Or, Xor, Not take any dtype": [
      () =>
        stack([v.gt(1).logicalAnd(tensor([0, 1, 2])), v.gt(1).logicalOr(v.lt(2)), v.gt(1).logicalXor(v.gt(0)), v.gt(1).logicalNot()]).int(),
      [
        [0, 0, 1],
        [1, 1, 1],
        [0, 1, 0],
        [0, 1, 0],
      ],
    ],
    "bitwise operations": [
      () => stack([tensor([6n]).bitwiseAnd(3), tensor([6n]).bitwiseOr(3), tensor([6n]).bitwiseXor(3), tensor([6n]).bitwiseNot()]),
      [[2], [7], [5], [-7]],
    ],
    "where with numbers on either side": [
      () => stack([where(v.gt(1), v, 0), where(v.gt(1), -1, v), v.where(v.gt(1), 9)]),
      [
        [3, 0, 2],
        [-1, 1, -1],
        [3, 9, 2],
      ],
    ],
    maskedFill: [() => v.maskedFill(v.gt(1), -inf), [-inf, 1, -inf]],
    "isnan, isinf, isfinite": [
      () =>
        stack([tensor([Number.NaN, inf, 1]).isnan(), tensor([Number.NaN, -inf, 1]).isinf(), tensor([Number.NaN, inf, 1]).isfinite()]).int(),
      [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    ],
    nanToNum: [() => tensor([Number.NaN, inf, -inf, 2]).nanToNum(0.5, 7), [0.5, 7, -3.4028234663852886e38, 2]],
    isclose: [
      () => tensor([1, 1, inf, Number.NaN, inf]).isclose(tensor([1.000001, 1.1, inf, Number.NaN, 1])),
      [true, false, true, false, false],
    ],
    "to and its short names": [
      () => stack([v.half().float(), v.double().float(), v.int().float(), v.long().float(), v.bool().float()]),
      [
        [3, 1, 2],
        [3, 1, 2],
        [3, 1, 2],
        [3, 1, 2],
        [1, 1, 1],
      ],
    ],
  });

  it("broadcast like the definition: each output element is made of the elements at its index, with 0 where the size is 1", () => {
    const size = fc.constantFrom(1, 1, 2, 3);
    const shapes = fc.array(fc.tuple(size, fc.boolean(), fc.boolean()), { maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.nat(4), fc.nat(4), fc.constantFrom("add", "sub", "mul", "maximum", "gt"), (dims, dropA, dropB, op) => {
        // Sizes agree, or one of them is 1; leading axes may be missing.
        const a = dims.map(([d, one]) => (one ? 1 : d)).slice(Math.min(dropA, dims.length));
        const b = dims.map(([d, , one]) => (one ? 1 : d)).slice(Math.min(dropB, dims.length));
        const count = (s: readonly number[]) => s.reduce((p, q) => p * q, 1);
        const make = (s: readonly number[], by: number) => arange(count(s)).float().mul(by).sub(3).reshape(s);
        const [s, t] = [make(a, 1), make(b, -2)];
        const rank = Math.max(a.length, b.length);
        const at = (shape: readonly number[], axis: number) => shape[axis - (rank - shape.length)] ?? 1;
        const out = Array.from({ length: rank }, (_, i) => Math.max(at(a, i), at(b, i)));
        const pick = (of: Tensor, index: readonly number[]) =>
          of.index(...of.shape.map((d, i) => (d === 1 ? 0 : (index[i + rank - of.rank] as number)))).item();
        const define = {
          add: (p: number, q: number) => p + q,
          sub: (p: number, q: number) => p - q,
          mul: (p: number, q: number) => p * q,
          maximum: Math.max,
          gt: (p: number, q: number) => Number(p > q),
        }[op];
        const expected = Array.from({ length: count(out) }, (_, n) => {
          const index = out.map((d, i) => Math.floor(n / count(out.slice(i + 1))) % d);
          return define(pick(s, index), pick(t, index)) + 0;
        });
        const result = s[op](t);
        assert.deepEqual(result.shape, out);
        assert.deepEqual(result.float().add(0).reshape(-1).toArray(), expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe("reductions", () => {
  table({
    "sum of all, of one axis, of several, kept": [
      () => cat([x.sum().reshape(1), x.sum(0), x.sum([0, 1]).reshape(1), x.sum(-1, true).reshape(2)]),
      [1, 1, 3, -3, 1, 2, -1],
    ],
    "sum and prod of small integers and booleans are int64": [
      () => stack([tensor([200, 100], { dtype: "uint8" }).sum(), tensor([true, true]).sum(), tensor([100, 100], { dtype: "int8" }).prod()]),
      [300, 2, 10000],
    ],
    "mean, var, std": [() => stack([v.mean(), v.var(), v.std(), v.var(0, { correction: 0 }).mul(3)]), [2, 1, 1, 2]],
    "amax, amin, max(), min()": [() => stack([x.amax(), x.amin(), x.max(), x.min(), x.amax(1).sum()]), [5, -6, 5, -6, 8]],
    "max along an axis": [() => x.max(1).values, [3, 5]],
    "its indices": [() => x.max(1).indices, [2, 1]],
    "min along an axis, kept": [() => x.min(0, true).indices, [[1, 0, 1]]],
    "max with a tensor": [() => v.max(tensor([2, 2, 2])), [3, 2, 2]],
    "argmax, argmin, of all and along an axis": [() => cat([x.argmax().reshape(1), x.argmin().reshape(1), x.argmax(0)]), [4, 5, 0, 1, 0]],
    "any, all": [() => stack([x.gt(4).any(), x.gt(4).all()]), [true, false]],
    countNonzero: [() => x.countNonzero(1), [3, 2]],
    aminmax: [() => stack([x.aminmax().min, x.aminmax().max]), [-6, 5]],
    "median, the lower of two": [() => tensor([[3, 1, 2, 9]]).median().values, [2]],
    norms: [
      () =>
        stack([
          tensor([3, -4]).norm(),
          tensor([3, -4]).norm(1),
          tensor([3, -4]).norm(inf),
          tensor([3, -4]).norm(-inf),
          tensor([3, 0]).norm(0),
        ]),
      [5, 7, 4, 3, 1],
    ],
    "norm of another p": [() => rounded(tensor([1, 2]).norm(3).reshape(1)), [2.0801]],
    logsumexp: [() => rounded(tensor([0, 1]).logsumexp().reshape(1)), [1.3133]],
    softmax: [
      () =>
        tensor([
          [0, 0],
          [1, 1],
        ]).softmax(-1),
      [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
    ],
    logSoftmax: [() => rounded(tensor([0, 1]).logSoftmax(0)), [-1.3133, -0.3133]],
    cumsum: [
      () => x.cumsum(1),
      [
        [1, -1, 2],
        [0, 5, -1],
      ],
    ],
    "topk, largest and smallest": [() => cat([v.topk(2).values, v.topk(1, 0, false).values]), [3, 2, 1]],
    "topk of equal elements takes the first": [() => tensor([1, 1, 1]).topk(2).indices, [0, 1]],
    "sort, argsort, descending": [
      () => stack([v.sort().values, v.argsort().float(), v.sort(0, true).values, v.argsort(0, true).float()]),
      [
        [1, 2, 3],
        [1, 2, 0],
        [3, 2, 1],
        [0, 2, 1],
      ],
    ],
    unique: [() => tensor([3, 1, 3, 2]).unique().values, [1, 2, 3]],
    "unique's inverse has the input's shape": [
      () =>
        tensor([
          [3, 1],
          [3, 2],
        ]).unique().inverse,
      [
        [2, 0],
        [2, 1],
      ],
    ],
    "unique's counts, in order of appearance": [() => tensor([3, 1, 3]).unique({ sorted: false }).counts, [2, 1]],
    "unique rows": [
      () =>
        tensor([
          [1, 2],
          [1, 2],
          [0, 5],
        ]).unique({ dim: 0 }).values,
      [
        [0, 5],
        [1, 2],
      ],
    ],
  });
});

describe("products", () => {
  const a = tensor([
    [1, 2],
    [3, 4],
  ]);
  const b = tensor([
    [0, 1],
    [1, 0],
  ]);
  table({
    "matmul, mm": [
      () => cat([matmul(a, b), a.mm(b)]),
      [
        [2, 1],
        [4, 3],
        [2, 1],
        [4, 3],
      ],
    ],
    "bmm, baddbmm": [
      () =>
        stack([a, b])
          .bmm(stack([b, b]))
          .add(0)
          .baddbmm(stack([a, a]), stack([b, b])),
      [
        [
          [4, 2],
          [8, 6],
        ],
        [
          [3, 1],
          [4, 4],
        ],
      ],
    ],
    "mv, dot, outer": [
      () =>
        stack([
          a.mv(tensor([1, -1])),
          tensor([1, 2])
            .dot(tensor([3, 4]))
            .expand(2),
          tensor([1])
            .outer(tensor([5, 6]))
            .reshape(2),
        ]),
      [
        [-1, -1],
        [11, 11],
        [5, 6],
      ],
    ],
    "addmm with factors": [
      () => tensor([10, 20]).addmm(a, b, { beta: 0.5, alpha: 2 }),
      [
        [9, 12],
        [13, 16],
      ],
    ],
    trace: [() => a.trace(), 5],
    "diag of a vector, above and below": [
      () => stack([tensor([7]).diag(1), tensor([7]).diag(-1)]),
      [
        [
          [0, 7],
          [0, 0],
        ],
        [
          [0, 0],
          [7, 0],
        ],
      ],
    ],
    "diag of a matrix": [() => a.diag(), [1, 4]],
    "diagonal of a batch": [
      () => arange(12).reshape(2, 2, 3).diagonal(1, 1, 2),
      [
        [1, 5],
        [7, 11],
      ],
    ],
    "diagonal below, of a tall matrix": [() => arange(6).reshape(3, 2).diagonal(-1), [2, 5]],
    einsum: [() => einsum("ij,ij->i", a, a), [5, 25]],
    "tril, triu": [
      () => stack([a.tril(), a.triu(1)]),
      [
        [
          [1, 0],
          [3, 4],
        ],
        [
          [0, 2],
          [0, 0],
        ],
      ],
    ],
  });
});

describe("shape functions", () => {
  const y = arange(6);
  table({
    "reshape, view with -1, ravel, flatten": [
      () => y.reshape(2, -1).view([3, 2]).ravel().reshape(1, 2, 3).flatten(0, 1),
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
    "unflatten, reshapeAs": [
      () =>
        y
          .unflatten(0, [2, -1])
          .reshapeAs(tensor([[1], [2], [3], [4], [5], [6]]))
          .t(),
      [[0, 1, 2, 3, 4, 5]],
    ],
    "permute, transpose, swapaxes, movedim": [
      () =>
        stack([
          y.reshape(2, 3).permute(1, 0),
          y.reshape(2, 3).transpose(-1, 0),
          y.reshape(2, 3).swapaxes(0, 1),
          y.reshape(2, 3).movedim(0, 1),
        ]).select(1, 2),
      [
        [2, 5],
        [2, 5],
        [2, 5],
        [2, 5],
      ],
    ],
    "squeeze, unsqueeze": [() => y.unsqueeze(0).unsqueeze(-1).squeeze().unsqueeze(-1).squeeze(-1), [0, 1, 2, 3, 4, 5]],
    "expand, expandAs, broadcastTo": [
      () => cat([tensor([[1], [2]]).expand(-1, 2), tensor([3]).expandAs(tensor([[0, 0]])), tensor([4]).broadcastTo([1, 2])]),
      [
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
      ],
    ],
    "repeat, tile": [
      () =>
        stack([
          tensor([1, 2]).repeat(2),
          tensor([1, 2]).tile(2),
          tensor([[1, 2]])
            .tile(2)
            .reshape(4),
        ]),
      [
        [1, 2, 1, 2],
        [1, 2, 1, 2],
        [1, 2, 1, 2],
      ],
    ],
    "repeat adds axes in front": [
      () => tensor([1, 2]).repeat(2, 1),
      [
        [1, 2],
        [1, 2],
      ],
    ],
    repeatInterleave: [
      () =>
        cat([
          tensor([1, 2]).repeatInterleave(2),
          tensor([[1], [2]])
            .repeatInterleave(2, 0)
            .reshape(4),
        ]),
      [1, 1, 2, 2, 1, 1, 2, 2],
    ],
    "split into a size and by sizes": [() => cat([...y.split(4)].reverse().concat(y.split([1, 5])[0] as Tensor)), [4, 5, 0, 1, 2, 3, 0]],
    "chunk, unbind": [() => cat([y.chunk(4)[2] as Tensor, y.reshape(2, 3).unbind(1)[1] as Tensor]), [4, 5, 1, 4]],
    "cat, stack along the last axis": [
      () => cat([stack([v, v], -1), v.unsqueeze(1)], 1),
      [
        [3, 3, 3],
        [1, 1, 1],
        [2, 2, 2],
      ],
    ],
    "flip, roll": [
      () => stack([v.flip(0), v.roll(1, 0), v.roll(-1, 0), v.roll(4, 0)]),
      [
        [2, 1, 3],
        [2, 3, 1],
        [1, 2, 3],
        [2, 3, 1],
      ],
    ],
    "pad, the last axis first": [
      () => tensor([[1]]).pad([1, 0, 0, 2], "constant", 9),
      [
        [9, 1],
        [9, 9],
        [9, 9],
      ],
    ],
    "pad by reflection": [() => tensor([[1, 2, 3]]).pad([1, 1], "reflect"), [[2, 1, 2, 3, 2]]],
  });
});

describe("indexing", () => {
  const z = arange(24).reshape(2, 3, 4);
  table({
    "select, slice, narrow": [
      () => z.select(0, -1).slice(0, 1).narrow(1, -2, 2),
      [
        [18, 19],
        [22, 23],
      ],
    ],
    "slice backwards": [() => v.slice(0, undefined, undefined, -1), [2, 1, 3]],
    "index by numbers": [() => z.index(1, -1, 2), 22],
    "index by slices": [
      () => z.index(":", "0:3:2", "-1:"),
      [
        [[3], [11]],
        [[15], [23]],
      ],
    ],
    "index behind the axes that are not named": [
      () => z.index("...", 0),
      [
        [0, 4, 8],
        [12, 16, 20],
      ],
    ],
    "index in front of them": [
      () => z.index(0, "...", null).index(":", ":", 0),
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9, 10, 11],
      ],
    ],
    "index backwards": [() => v.index("::-1"), [2, 1, 3]],
    "index by a tensor": [() => z.index(0, tensor([2n, 0n]), "1:2"), [[9], [1]]],
    "indexSelect, gather": [
      () => cat([x.indexSelect(1, tensor([2n, 0n])).reshape(-1), x.gather(1, tensor([[1n], [2n]])).reshape(-1)]),
      [3, 1, -6, 0, -2, -6],
    ],
    "scatter, scatterAdd": [
      () => stack([v.scatter(0, tensor([0n]), tensor([9])), v.scatterAdd(0, tensor([0n, 0n]), tensor([1, 2]))]),
      [
        [9, 1, 2],
        [6, 1, 2],
      ],
    ],
    "maskedSelect, nonzero": [() => cat([x.maskedSelect(x.gt(0)), x.gt(2).nonzero().float().reshape(-1)]), [1, 3, 5, 0, 2, 1, 1]],
  });
});

describe("comparisons of whole tensors", () => {
  it("allclose takes tolerances, equal does not", () => {
    assert.ok(v.allclose(v.add(1e-6)));
    assert.equal(v.allclose(v.add(1e-3)), false);
    assert.ok(v.allclose(v.add(1e-3), { atol: 1e-2 }));
    assert.equal(tensor([Number.NaN]).allclose(tensor([Number.NaN])), false);
    assert.ok(tensor([Number.NaN, inf]).allclose(tensor([Number.NaN, inf]), { equalNan: true }));
    assert.equal(tensor([1]).allclose(tensor([inf])), false);
    assert.ok(tensor([2n ** 60n]).allclose(tensor([2n ** 60n])));
    assert.ok(tensor(["a"]).allclose(tensor(["a"])) && !tensor(["a"]).allclose(tensor(["b"])));
    assert.ok(v.equal(tensor([3, 1, 2])) && !v.equal(v.double()) && !v.equal(v.unsqueeze(0)));
    assert.equal(tensor([2n ** 60n]).equal(tensor([2n ** 60n + 1n])), false);
    assert.throws(() => v.allclose(x), { code: "ShapeMismatch" });
  });
});
