// Layers and their functional forms on small numbers, worked out by hand or by another definition.
import assert from "node:assert/strict";
import { arange, full, ones, randn, tensor, zeros } from "../../src/eager/create.ts";
import { cat, stack } from "../../src/eager/functions/shape.ts";
import type { NestedArray, Tensor } from "../../src/eager/tensor.ts";
import * as nn from "../../src/nn/index.ts";

const f = nn.functional;
const grid = (...shape: number[]) =>
  arange(shape.reduce((a, b) => a * b, 1))
    .float()
    .reshape(shape);
const close = (a: Tensor, b: Tensor | NestedArray, atol = 1e-5) => {
  const expected = typeof b === "object" && "shape" in b ? b : tensor(b);
  assert.ok(a.allclose(expected, { atol }), `${a}\n${expected}`);
};
const row = tensor([-2, -0.5, 0, 1]);
const numbers = (t: Tensor) => t.storage.toNumbers();

describe("activations", () => {
  const cases: Readonly<Record<string, readonly [layer: nn.Layer, expected: number[]]>> = {
    ReLU: [new nn.ReLU(), [0, 0, 0, 1]],
    ReLU6: [new nn.ReLU6(), [0, 0, 0, 1]],
    Hardtanh: [new nn.Hardtanh(-1, 0.5), [-1, -0.5, 0, 0.5]],
    LeakyReLU: [new nn.LeakyReLU(0.1), [-0.2, -0.05, 0, 1]],
    PReLU: [new nn.PReLU(), [-0.5, -0.125, 0, 1]],
    ELU: [new nn.ELU(2), numbers(row).map((x) => (x > 0 ? x : 2 * Math.expm1(x)))],
    CELU: [new nn.CELU(2), numbers(row).map((x) => (x > 0 ? x : 2 * Math.expm1(x / 2)))],
    SiLU: [new nn.SiLU(), numbers(row).map((x) => x / (1 + Math.exp(-x)))],
    Mish: [new nn.Mish(), numbers(row).map((x) => x * Math.tanh(Math.log1p(Math.exp(x))))],
    GELU: [new nn.GELU(), [-0.0455003, -0.1542688, 0, 0.8413447]],
    Hardswish: [new nn.Hardswish(), [-1 / 3, (-0.5 * 2.5) / 6, 0, 4 / 6]],
    Hardsigmoid: [new nn.Hardsigmoid(), [1 / 6, 2.5 / 6, 0.5, 4 / 6]],
    Softplus: [new nn.Softplus(2), numbers(row).map((x) => Math.log1p(Math.exp(2 * x)) / 2)],
    Softsign: [new nn.Softsign(), [-2 / 3, -1 / 3, 0, 0.5]],
    LogSigmoid: [new nn.LogSigmoid(), numbers(row).map((x) => -Math.log1p(Math.exp(-x)))],
    Tanhshrink: [new nn.Tanhshrink(), numbers(row).map((x) => x - Math.tanh(x))],
    Hardshrink: [new nn.Hardshrink(), [-2, 0, 0, 1]],
    Softshrink: [new nn.Softshrink(), [-1.5, 0, 0, 0.5]],
    GLU: [new nn.GLU(), [-2 / (1 + 1), -0.5 / (1 + Math.exp(-1))]],
    Softmax: [new nn.Softmax(0), numbers(row.exp().div(row.exp().sum()))],
    Softmin: [new nn.Softmin(0), numbers(row.neg().exp().div(row.neg().exp().sum()))],
  };
  for (const [name, [layer, expected]] of Object.entries(cases)) it(name, () => close(layer.forward(row), expected));

  it("threshold, and a PReLU with a slope per channel", () => {
    close(f.threshold(row, -0.25, 9), [9, 9, 0, 1]);
    close(f.prelu(full([1, 2, 1, 1], -1), tensor([0.5, 0.25])), [[[[-0.5]], [[-0.25]]]]);
  });

  it("LogSigmoid and Softplus stay finite far out", () => {
    close(f.logsigmoid(tensor([-200, 200])), [-200, 0]);
    close(f.softplus(tensor([-200, 200])), [0, 200]);
  });

  it("GLU refuses an odd axis", () => {
    assert.throws(() => f.glu(zeros([2, 3])), { code: "InvalidArgument", summary: /even size, got -1, of size 3/ });
  });
});

describe("linear layers and tables", () => {
  it("give for batches the bits of a product and a sum", () => {
    const layer = new nn.Linear(37, 51);
    for (const shape of [
      [2, 3, 37],
      [1, 300, 37],
      [0, 3, 37],
      [2, 1, 4, 37],
    ]) {
      const x = randn(shape, { seed: 1 });
      const plain = x.matmul(layer.weight.transpose(0, 1)).add(layer.bias as Tensor);
      assert.ok(layer.forward(x).equal(plain), String(shape));
      const turned = randn([...shape.slice(0, -2), 37, shape.at(-2) as number], { seed: 2 }).transpose(-2, -1);
      assert.ok(layer.forward(turned).equal(turned.matmul(layer.weight.transpose(0, 1)).add(layer.bias as Tensor)));
    }
    assert.throws(() => layer.forward(randn([2, 3, 36])), { code: "ShapeMismatch" });
  });

  it("Linear works on the last axis, of any rank", () => {
    const layer = new nn.Linear(2, 1);
    layer.loadStateDict({ weight: tensor([[2, 3]]), bias: tensor([1]) });
    close(layer.forward(tensor([1, 1])), [6]);
    close(layer.forward(grid(1, 2, 2)), [[[4], [14]]]);
    assert.throws(() => layer.forward(zeros([1, 3])), {
      code: "ShapeMismatch",
      summary: /Linear: the input has shape \[1, 3\], expected \[\.\.\., 2\]/,
    });
  });

  it("Embedding looks up rows; the padding row starts as zeros", () => {
    const layer = new nn.Embedding(3, 2, { paddingIdx: -1 });
    assert.deepEqual(layer.weight.index(2).toArray(), [0, 0]);
    layer.setParameter("weight", grid(3, 2));
    close(layer.forward(tensor([[2n, 0n]])), [
      [
        [4, 5],
        [0, 1],
      ],
    ]);
    assert.throws(() => layer.forward(tensor([3n])), { code: "IndexOutOfRange" });
  });

  it("Flatten and Unflatten are inverse", () => {
    const x = grid(2, 3, 4);
    assert.deepEqual(new nn.Unflatten(1, [3, -1]).forward(new nn.Flatten().forward(x)).toArray(), x.toArray());
  });

  it("refuse sizes that are none where they are built", () => {
    for (const build of [
      () => new nn.Linear(0, 1),
      () => new nn.Linear(1.5, 1),
      () => new nn.Conv2d(3, 4, 3, { groups: 2 }),
      () => new nn.Conv2d(1, 1, [3]),
      () => new nn.GroupNorm(3, 4),
      () => new nn.Dropout(2),
      () => new nn.LayerNorm([]),
      () => new nn.MultiheadAttention(5, 2),
      () => new nn.Upsample({}),
      () => new nn.ConvTranspose2d(1, 1, 3, { outputPadding: 1 }),
      () => new nn.ZeroPad2d([1]),
    ])
      assert.throws(build, { code: "InvalidArgument" }, String(build));
  });
});

describe("convolutions", () => {
  const x = grid(1, 1, 3, 3);

  it("sum the window times the weight, with stride and padding", () => {
    const layer = new nn.Conv2d(1, 1, 2, { stride: 2, padding: 1 });
    layer.loadStateDict({ weight: ones([1, 1, 2, 2]), bias: tensor([10]) });
    close(layer.forward(x), [
      [
        [
          [10, 13],
          [19, 34],
        ],
      ],
    ]);
    close(f.conv2d(x, layer.weight, { bias: tensor([10]), stride: 2, padding: 1 }), layer.forward(x));
    assert.throws(() => layer.forward(zeros([1, 2, 3, 3])), { code: "ShapeMismatch", summary: /1 channels/ });
    assert.throws(() => layer.forward(zeros([1, 3, 3])), { code: "RankMismatch" });
  });

  it("pad by reflection, repetition or wrapping round", () => {
    const weight = tensor([[[1, 0, 0]]]);
    const left = (paddingMode: nn.PaddingMode) => {
      const layer = new nn.Conv1d(1, 1, 3, { padding: 1, paddingMode, bias: false });
      return layer.setParameter("weight", weight).forward(tensor([[[5, 6, 7]]]));
    };
    close(cat([left("zeros"), left("reflect"), left("replicate"), left("circular")]), [[[0, 5, 6]], [[6, 5, 6]], [[5, 5, 6]], [[7, 5, 6]]]);
  });

  it("transposed, spread each element over a window", () => {
    const layer = new nn.ConvTranspose2d(1, 1, 2, { stride: 2, bias: false });
    layer.setParameter(
      "weight",
      tensor([
        [
          [
            [1, 2],
            [3, 4],
          ],
        ],
      ]),
    );
    close(layer.forward(tensor([[[[1, 10]]]])), [
      [
        [
          [1, 2, 10, 20],
          [3, 4, 30, 40],
        ],
      ],
    ]);
    const padded = new nn.ConvTranspose1d(2, 2, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2 });
    assert.deepEqual(padded.weight.shape, [2, 1, 3]);
    assert.deepEqual(padded.forward(zeros([1, 2, 5])).shape, [1, 2, 10]);
    close(f.convTranspose1d(tensor([[[1, 2]]]), tensor([[[1, 1]]]), { stride: 1 }), [[[1, 3, 2]]]);
  });

  it("transposed, undo the shape of a convolution", () => {
    const x2 = zeros([1, 3, 9, 11]);
    const options = { stride: [2, 3], padding: 1, dilation: [1, 2] } as const;
    const down = new nn.Conv2d(3, 4, 3, options).forward(x2);
    const up = new nn.ConvTranspose2d(4, 3, 3, { ...options, outputPadding: [0, 2] }).forward(down);
    assert.deepEqual(up.shape, x2.shape);
  });
});

describe("pools", () => {
  const x = grid(1, 1, 4, 5);
  it("MaxPool and AvgPool with padding: zeros count in the mean unless told otherwise", () => {
    close(new nn.MaxPool2d(2).forward(x), [
      [
        [
          [6, 8],
          [16, 18],
        ],
      ],
    ]);
    close(f.avgPool1d(tensor([[[2, 4]]]), 2, { padding: 1 }), [[[1, 2]]]);
    close(f.avgPool1d(tensor([[[2, 4]]]), 2, { padding: 1, countIncludePad: false }), [[[2, 4]]]);
    assert.throws(() => f.maxPool2d(x, 2, { padding: 2 }), { code: "InvalidArgument", summary: /at most half/ });
  });

  it("adaptive pools cover the input with windows of nearly equal size", () => {
    close(f.adaptiveAvgPool1d(tensor([[[1, 2, 3, 4, 5]]]), 2), [[[2, 4]]]);
    close(f.adaptiveMaxPool1d(tensor([[[1, 2, 3, 4, 5]]]), 3), [[[2, 4, 5]]]);
    close(new nn.AdaptiveAvgPool2d([1, 1]).forward(x), [[[[9.5]]]]);
    close(new nn.AdaptiveMaxPool2d([2, null]).forward(x).select(2, 0), [[[5, 6, 7, 8, 9]]]);
    close(new nn.AdaptiveMaxPool2d(1).forward(x), [[[[19]]]]);
    close(new nn.AdaptiveAvgPool2d([2, 1]).forward(x), [[[[4.5], [14.5]]]]);
  });
});

describe("normalisation", () => {
  const x = randn([2, 4, 3, 5], { seed: 1 }).mul(3).add(2);
  const statistics = (y: Tensor, dims: number[]) => [y.mean(dims), y.var(dims, { correction: 0 })] as const;

  it("LayerNorm, GroupNorm and InstanceNorm give mean 0 and variance 1 over their axes", () => {
    for (const [y, dims] of [
      [new nn.LayerNorm([3, 5]).forward(x), [2, 3]],
      [new nn.InstanceNorm2d(4).forward(x), [2, 3]],
      [new nn.GroupNorm(2, 4).forward(x).reshape(2, 2, 2, 3, 5), [2, 3, 4]],
    ] as const) {
      const [mean, variance] = statistics(y, [...dims]);
      close(mean, zeros(mean.shape));
      close(variance, ones(variance.shape), 1e-4);
    }
  });

  it("scale and shift by what is learned, per channel or per element", () => {
    const norm = new nn.GroupNorm(1, 2);
    norm.loadStateDict({ weight: tensor([1, 2]), bias: tensor([0, 10]) });
    close(norm.forward(tensor([[[-1], [1]]])), [[[-1], [12]]], 1e-4);
    const layer = new nn.LayerNorm(2, { bias: false });
    layer.setParameter("weight", tensor([3, 5]));
    close(layer.forward(tensor([[-1, 1]])), [[-3, 5]], 1e-4);
    assert.throws(() => layer.forward(zeros([2, 3])), { code: "ShapeMismatch" });
    assert.throws(() => new nn.InstanceNorm2d(3).forward(x), { code: "ShapeMismatch" });
  });

  it("RMSNorm divides by the root of the mean square", () => {
    close(new nn.RMSNorm(2).forward(tensor([[3, 4]])), [[3 / Math.sqrt(12.5), 4 / Math.sqrt(12.5)]]);
  });

  it("BatchNorm uses the batch in train mode and keeps running statistics for eval mode", () => {
    const layer = new nn.BatchNorm2d(4);
    const [mean, variance] = statistics(layer.forward(x), [0, 2, 3]);
    close(mean, zeros([4]));
    close(variance, ones([4]), 1e-4);
    const dims = [0, 2, 3];
    close(layer.running_mean as Tensor, x.mean(dims).mul(0.1));
    close(layer.running_var as Tensor, x.var(dims).mul(0.1).add(0.9), 1e-4);
    assert.deepEqual(layer.num_batches_tracked?.toArray(), 1);
    const shape = [1, 4, 1, 1];
    const expected = x
      .sub((layer.running_mean as Tensor).reshape(shape))
      .div((layer.running_var as Tensor).add(1e-5).sqrt().reshape(shape));
    close(layer.eval().forward(x), expected);
    assert.throws(() => new nn.BatchNorm1d(2).forward(zeros([1, 2])), { code: "NoBatchStatistics" });
  });

  it("normalize and cosineSimilarity measure along an axis", () => {
    close(
      f.normalize(
        tensor([
          [3, 4],
          [0, 0],
        ]),
      ),
      [
        [0.6, 0.8],
        [0, 0],
      ],
    );
    close(
      f.cosineSimilarity(
        tensor([
          [1, 0],
          [1, 1],
        ]),
        tensor([
          [2, 0],
          [-1, -1],
        ]),
      ),
      [1, -1],
    );
  });
});

describe("dropout", () => {
  it("does nothing in eval mode", () => {
    const x = ones([4]);
    assert.deepEqual(new nn.Dropout().eval().forward(x).toArray(), [1, 1, 1, 1]);
    assert.deepEqual(
      new nn.Dropout2d()
        .eval()
        .forward(ones([1, 2, 1, 1]))
        .toArray(),
      [[[[1]], [[1]]]],
    );
  });

  it("drops a share of the elements and scales the others; the same ones for the same seed", () => {
    const layer = new nn.Dropout(0.25, { seed: 3 });
    const y = layer.forward(ones([10_000]));
    const kept = y.ne(0).float().mean().item();
    assert.ok(Math.abs(kept - 0.75) < 0.02, String(kept));
    close(y.unique().values, [0, 4 / 3]);
    assert.deepEqual(layer.forward(ones([10_000])).toArray(), y.toArray());
  });

  it("of channels keeps or drops each whole", () => {
    const y = new nn.Dropout2d(0.5, { seed: 1 }).forward(ones([8, 16, 3, 3]));
    close(y.amax([2, 3]), y.amin([2, 3]));
    close(y.unique().values, [0, 2]);
    assert.throws(() => new nn.Dropout2d().forward(ones([2, 2])), { code: "RankMismatch" });
  });
});

describe("resizing", () => {
  const x = tensor([
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ]);
  it("Upsample repeats or interpolates", () => {
    close(new nn.Upsample({ scaleFactor: 2 }).forward(x), [
      [
        [
          [1, 1, 2, 2],
          [1, 1, 2, 2],
          [3, 3, 4, 4],
          [3, 3, 4, 4],
        ],
      ],
    ]);
    close(f.interpolate(tensor([[[1, 3]]]), { scaleFactor: 2, mode: "linear" }), [[[1, 1.5, 2.5, 3]]]);
    close(f.interpolate(tensor([[[1, 3]]]), { size: 3, mode: "linear", alignCorners: true }), [[[1, 2, 3]]]);
    close(f.interpolate(tensor([[[1, 2, 3, 4]]]), { size: 2 }), [[[1, 3]]]);
    close(f.interpolate(tensor([[[1, 2, 3, 4]]]), { size: 2, mode: "nearest-exact" }), [[[2, 4]]]);
    assert.deepEqual(f.interpolate(x, { scaleFactor: [1.5, 2], mode: "bicubic" }).shape, [1, 1, 3, 4]);
    assert.throws(() => f.interpolate(x, { size: 4, mode: "linear" }), { code: "RankMismatch", summary: /expected 3 for the mode linear/ });
    assert.throws(() => f.interpolate(x, { size: 4, alignCorners: true }), { code: "InvalidArgument" });
    assert.throws(() => f.interpolate(x, { size: 4, scaleFactor: 2 }), { code: "InvalidArgument" });
    assert.throws(() => f.interpolate(x, { scaleFactor: 0 }), { code: "InvalidArgument" });
    assert.throws(() => f.interpolate(x, { size: 4, mode: "cubic" as never }), { code: "InvalidArgument" });
  });

  it("PixelShuffle takes the pixels of a block from the channels, and PixelUnshuffle puts them back", () => {
    const y = grid(1, 4, 1, 2);
    close(new nn.PixelShuffle(2).forward(y), [
      [
        [
          [0, 2, 1, 3],
          [4, 6, 5, 7],
        ],
      ],
    ]);
    const z = grid(2, 8, 3, 2);
    assert.deepEqual(new nn.PixelUnshuffle(2).forward(f.pixelShuffle(z, 2)).toArray(), z.toArray());
    assert.throws(() => f.pixelShuffle(zeros([1, 3, 1, 1]), 2), { code: "InvalidArgument", summary: /divides the 3 channels/ });
    assert.throws(() => f.pixelUnshuffle(zeros([1, 3, 3, 2]), 2), { code: "InvalidArgument" });
  });

  it("paddings add zeros, a value, the mirror image or the border", () => {
    const line = tensor([[[1, 2, 3]]]);
    close(new nn.ZeroPad2d([1, 0, 0, 1]).forward(x), [
      [
        [
          [0, 1, 2],
          [0, 3, 4],
          [0, 0, 0],
        ],
      ],
    ]);
    close(new nn.ConstantPad2d([0, 1, 0, 0], 9).forward(x), [
      [
        [
          [1, 2, 9],
          [3, 4, 9],
        ],
      ],
    ]);
    close(new nn.ReflectionPad1d(2).forward(line), [[[3, 2, 1, 2, 3, 2, 1]]]);
    close(new nn.ReplicationPad1d([1, 2]).forward(line), [[[1, 1, 2, 3, 3, 3]]]);
  });
});

describe("attention", () => {
  it("of equal scores is the mean of the values, masked ones left out", () => {
    const v = tensor([
      [1, 10],
      [3, 30],
    ]);
    const q = zeros([2, 2]);
    close(f.scaledDotProductAttention(q, zeros([2, 2]), v), [
      [2, 20],
      [2, 20],
    ]);
    close(f.scaledDotProductAttention(q, zeros([2, 2]), v, { isCausal: true }), [
      [1, 10],
      [2, 20],
    ]);
    close(
      f.scaledDotProductAttention(q, zeros([2, 2]), v, {
        attnMask: tensor([
          [false, true],
          [true, true],
        ]),
      }),
      [
        [3, 30],
        [2, 20],
      ],
    );
  });

  /** MultiheadAttention written out head by head. */
  function byHand(mha: nn.MultiheadAttention, q: Tensor, k: Tensor, v: Tensor): Tensor {
    const [w, b] = [(mha.in_proj_weight as Tensor).chunk(3, 0), (mha.in_proj_bias as Tensor).chunk(3, 0)];
    const project = (x: Tensor, i: number) => x.matmul((w[i] as Tensor).t()).add(b[i] as Tensor);
    const heads = Array.from({ length: mha.numHeads }, (_, h) => {
      const part = (x: Tensor) => x.narrow(-1, h * mha.headDim, mha.headDim);
      const [qh, kh, vh] = [part(project(q, 0)), part(project(k, 1)), part(project(v, 2))];
      return qh.matmul(kh.transpose(-2, -1)).div(Math.sqrt(mha.headDim)).softmax(-1).matmul(vh);
    });
    return mha.out_proj.forward(cat(heads, -1));
  }

  it("of several heads is each head's attention side by side, in either layout and without a batch", () => {
    const mha = nn.seeded(0, () => new nn.MultiheadAttention(6, 3, { batchFirst: true })).eval();
    const [q, k, v] = [randn([2, 4, 6], { seed: 1 }), randn([2, 5, 6], { seed: 2 }), randn([2, 5, 6], { seed: 3 })];
    const [out, weights] = mha.forward(q, k, v);
    close(out, byHand(mha, q, k, v));
    assert.deepEqual(weights?.shape, [2, 4, 5]);
    close((weights as Tensor).sum(-1), ones([2, 4]));
    close(mha.forward(q, q, q)[0], byHand(mha, q, q, q));
    close(mha.forward(q.index(0), k.index(0), v.index(0))[0], out.index(0));
    const sequenceFirst = nn.seeded(0, () => new nn.MultiheadAttention(6, 3)).eval();
    const swap = (x: Tensor) => x.transpose(0, 1);
    close(swap(sequenceFirst.forward(swap(q), swap(k), swap(v))[0]), out);
    assert.equal(mha.forward(q, k, v, { needWeights: false })[1], undefined);
    assert.deepEqual(mha.forward(q, k, v, { averageAttnWeights: false })[1]?.shape, [2, 3, 4, 5]);
  });

  it("ignores keys that a mask marks", () => {
    const mha = nn.seeded(0, () => new nn.MultiheadAttention(4, 2, { batchFirst: true })).eval();
    const [q, k] = [randn([1, 2, 4], { seed: 1 }), randn([1, 3, 4], { seed: 2 })];
    const mask = tensor([[false, false, true]]);
    close(mha.forward(q, k, k, { keyPaddingMask: mask })[0], mha.forward(q, k.narrow(1, 0, 2), k.narrow(1, 0, 2))[0]);
    close(mha.forward(q, k, k, { attnMask: mask.expand(2, 3) })[0], mha.forward(q, k.narrow(1, 0, 2), k.narrow(1, 0, 2))[0]);
  });

  it("has PyTorch's parameter names, also with keys and values of other sizes", () => {
    assert.deepEqual(
      [...new nn.MultiheadAttention(4, 2).stateDict().keys()],
      ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"],
    );
    const other = new nn.MultiheadAttention(4, 2, { kdim: 3, vdim: 5, batchFirst: true }).eval();
    assert.deepEqual(
      [...other.stateDict().keys()],
      ["q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"],
    );
    assert.deepEqual(other.forward(zeros([1, 2, 4]), zeros([1, 6, 3]), zeros([1, 6, 5]))[0].shape, [1, 2, 4]);
  });
});

describe("transformer layers", () => {
  const x = randn([2, 3, 4], { seed: 5 });
  const options = { dimFeedforward: 8, batchFirst: true } as const;

  it("encode by attention and feed-forward with residuals, normalised behind or in front", () => {
    for (const normFirst of [false, true]) {
      const layer = nn.seeded(1, () => new nn.TransformerEncoderLayer(4, 2, { ...options, normFirst, activation: "gelu" })).eval();
      const attend = (y: Tensor) => layer.self_attn.forward(y, y, y)[0];
      const feed = (y: Tensor) => layer.linear2.forward(f.gelu(layer.linear1.forward(y)));
      const [n1, n2] = [(y: Tensor) => layer.norm1.forward(y), (y: Tensor) => layer.norm2.forward(y)];
      const middle = normFirst ? x.add(attend(n1(x))) : n1(x.add(attend(x)));
      close(layer.forward(x), normFirst ? middle.add(feed(n2(middle))) : n2(middle.add(feed(middle))));
    }
  });

  it("decode with attention to a memory as well", () => {
    const layer = nn.seeded(2, () => new nn.TransformerDecoderLayer(4, 2, options)).eval();
    const memory = randn([2, 6, 4], { seed: 6 });
    const a = layer.norm1.forward(x.add(layer.self_attn.forward(x, x, x)[0]));
    const b = layer.norm2.forward(a.add(layer.multihead_attn.forward(a, memory, memory)[0]));
    close(layer.forward(x, memory), layer.norm3.forward(b.add(layer.linear2.forward(layer.linear1.forward(b).relu()))));
    assert.deepEqual(
      [...layer.namedChildren()].map(([name]) => name),
      ["self_attn", "multihead_attn", "linear1", "dropout", "linear2", "norm1", "norm2", "norm3", "dropout1", "dropout2", "dropout3"],
    );
  });

  it("stack to an encoder, each layer with weights of its own, under PyTorch's keys", () => {
    const encoder = nn
      .seeded(3, () => new nn.TransformerEncoder(() => new nn.TransformerEncoderLayer(4, 2, options), 2, { norm: new nn.LayerNorm(4) }))
      .eval();
    const [first, second] = [...encoder.layers] as [nn.TransformerEncoderLayer, nn.TransformerEncoderLayer];
    close(encoder.forward(x), (encoder.norm as nn.Layer).forward(second.forward(first.forward(x))));
    assert.equal(first.linear1.weight.equal(second.linear1.weight), false);
    const keys = [...encoder.stateDict().keys()];
    assert.ok(keys.includes("layers.1.self_attn.in_proj_weight") && keys.includes("norm.weight"));
    assert.equal(keys.length, 2 * 12 + 2);
  });

  it("look at no later place under a causal mask", () => {
    const layer = nn.seeded(1, () => new nn.TransformerEncoderLayer(4, 2, options)).eval();
    const attnMask = ones([3, 3]).triu(1).bool();
    const changed = stack([x.select(1, 0), x.select(1, 1), x.select(1, 2).neg()], 1);
    const [a, b] = [layer.forward(x, { attnMask }), layer.forward(changed, { attnMask })];
    close(a.narrow(1, 0, 2), b.narrow(1, 0, 2));
    assert.equal(a.select(1, 2).allclose(b.select(1, 2)), false);
  });
});
