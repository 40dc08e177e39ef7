// Module: what is found, shared, loaded and printed, under PyTorch's names.
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { ones, randn, tensor, zeros } from "../../src/eager/create.ts";
import type { Tensor } from "../../src/eager/tensor.ts";
import { IngotError } from "../../src/errors/error.ts";
import * as nn from "../../src/nn/index.ts";

class Block extends nn.Module {
  conv = new nn.Conv2d(1, 2, 3, { bias: false });
  bn = new nn.BatchNorm2d(2);
  scale = new nn.Parameter(ones([2, 1, 1]));
  forward(x: Tensor): Tensor {
    return this.bn.forward(this.conv.forward(x)).mul(this.scale);
  }
}
class Net extends nn.Module {
  block = new Block();
  drop = new nn.Dropout();
  head = new nn.Linear(2, 3);
  constructor() {
    super();
    this.registerBuffer("seen", zeros([]));
    this.registerBuffer("scratch", zeros([]), { persistent: false });
  }
  forward(x: Tensor): Tensor {
    return this.head.forward(this.drop.forward(this.block.forward(x).mean([2, 3])));
  }
}
const names = (entries: Iterable<readonly [string, unknown]>) => [...entries].map(([name]) => name);
const keys = [
  "seen",
  "block.scale",
  "block.conv.weight",
  "block.bn.weight",
  "block.bn.bias",
  "block.bn.running_mean",
  "block.bn.running_var",
  "block.bn.num_batches_tracked",
  "head.weight",
  "head.bias",
];

describe("a module", () => {
  it("finds parameters, buffers and sub-modules by their property paths, in PyTorch's order", () => {
    const net = new Net();
    assert.deepEqual(names(net.namedParameters()), [
      "block.scale",
      "block.conv.weight",
      "block.bn.weight",
      "block.bn.bias",
      "head.weight",
      "head.bias",
    ]);
    assert.deepEqual(names(net.namedBuffers()), [
      "seen",
      "scratch",
      "block.bn.running_mean",
      "block.bn.running_var",
      "block.bn.num_batches_tracked",
    ]);
    assert.deepEqual(names(net.namedModules()), ["", "block", "block.conv", "block.bn", "drop", "head"]);
    assert.deepEqual(names(net.namedChildren()), ["block", "drop", "head"]);
    assert.deepEqual([...net.stateDict().keys()], keys);
    assert.equal([...net.parameters()].length, 6);
    assert.equal([...net.buffers()].length, 5);
    assert.equal(net.getSubmodule("block.bn"), net.block.bn);
    assert.equal(net.getSubmodule(""), net);
    assert.throws(() => net.getSubmodule("block.nothing"), { code: "UnknownStatePath", summary: /there is no "nothing"/ });
  });

  it("gives a shared parameter once, and a state-dict key for each of its names", () => {
    const net = new Net();
    const twin = new Net();
    twin.head.weight = net.head.weight;
    const pair = new nn.ModuleList<nn.Module>([net, twin]);
    assert.equal([...pair.parameters()].length, 11);
    assert.equal([...pair.namedParameters({ removeDuplicate: false })].length, 12);
    assert.equal(pair.stateDict().size, 20);
    assert.equal(pair.stateDict().get("0.head.weight"), pair.stateDict().get("1.head.weight"));
  });

  it("switches the whole tree between train and eval", () => {
    const net = new Net();
    assert.ok([...net.modules()].every((m) => m.training));
    assert.equal(net.eval(), net);
    assert.ok([...net.modules()].every((m) => !m.training));
    net.train();
    assert.ok(net.block.bn.training);
  });

  it("applies a function to children before their parents", () => {
    const seen: string[] = [];
    new Net().apply((m) => void seen.push(m.constructor.name));
    assert.deepEqual(seen, ["Conv2d", "BatchNorm2d", "Block", "Dropout", "Linear", "Net"]);
  });

  it("converts its floating-point state only", () => {
    const net = new Net().half();
    assert.equal(net.head.weight.dtype, "float16");
    assert.equal(net.block.bn.running_var?.dtype, "float16");
    assert.equal(net.block.bn.num_batches_tracked?.dtype, "int64");
    assert.ok(nn.isParameter(net.head.weight));
  });

  it("refuses modules and parameters that hide in arrays and records", () => {
    class Hidden extends nn.Module {
      layers = [new nn.Linear(1, 1)];
      forward(): void {}
    }
    assert.throws(() => new Hidden().stateDict(), {
      code: "ModulesNotRegistered",
      summary: /Hidden: property `layers` is an array that holds a module \(Linear\)/,
    });
    class InRecord extends nn.Module {
      table = { a: new nn.Parameter(ones([1])) };
      forward(): void {}
    }
    assert.throws(() => new InRecord().eval(), { code: "ModulesNotRegistered", hint: /property of its own/ });
  });
});

describe("loading a state dict", () => {
  const filled = () => new Map([...new Net().stateDict()].map(([key, t]) => [key, ones(t.shape, { dtype: t.dtype })]));

  it("replaces every parameter and buffer, and reports nothing left over", () => {
    const net = new Net();
    assert.deepEqual(net.loadStateDict(filled()), { missing: [], unexpected: [] });
    assert.deepEqual(net.head.bias?.toArray(), [1, 1, 1]);
    assert.ok(nn.isParameter(net.head.bias) && !nn.isParameter(net.block.bn.running_mean));
    assert.deepEqual(net.block.bn.num_batches_tracked?.toBigIntArray(), [1n]);
    assert.deepEqual(net.loadStateDict(Object.fromEntries(filled())).missing, []);
  });

  it("converts dtypes, and shares memory where there is nothing to convert", () => {
    const net = new Net();
    const weight = randn([3, 2], { seed: 1 });
    net.loadStateDict(
      filled()
        .set("head.weight", weight)
        .set("head.bias", tensor([1, 2, 3], { dtype: "float64" })),
    );
    assert.equal(net.head.weight.storage.data, weight.storage.data);
    assert.equal(net.head.bias?.dtype, "float32");
  });

  it("lists what is missing, unexpected and mis-shaped, and then loads nothing", () => {
    const net = new Net();
    const before = net.head.weight;
    const state = filled();
    state.delete("block.scale");
    state.delete("seen");
    state.set("head.extra", ones([1]));
    state.set("head.weight", ones([1000, 2]));
    assert.throws(
      () => net.loadStateDict(state),
      (error: unknown) => {
        assert.ok(error instanceof IngotError);
        assert.equal(error.code, "StateDictMismatch");
        assert.match(error.summary, /does not fit Net: 2 keys missing, 1 unexpected, 1 that do not fit; nothing was loaded/);
        assert.deepEqual(error.notes, [
          "missing (2):",
          "  seen",
          "  block.scale",
          "unexpected (1):",
          "  head.extra",
          "does not fit (1):",
          "  head.weight: expected [3, 2], got [1000, 2]",
        ]);
        return true;
      },
    );
    assert.equal(net.head.weight, before);
    assert.equal(net.head.bias?.toArray().toString() === "1,1,1", false);
  });

  it("without strict accepts missing and unexpected keys, never another shape", () => {
    const net = new Net();
    const state = filled();
    state.delete("seen");
    state.set("more", ones([1]));
    assert.deepEqual(net.loadStateDict(state, { strict: false }), { missing: ["seen"], unexpected: ["more"] });
    assert.deepEqual(net.head.bias?.toArray(), [1, 1, 1]);
    state.set("head.bias", ones([4]));
    assert.throws(() => net.loadStateDict(state, { strict: false }), { code: "StateDictMismatch" });
    assert.throws(() => net.loadStateDict({ ...Object.fromEntries(filled()), "head.bias": [1, 2, 3] as never }), {
      code: "StateDictMismatch",
    });
  });

  it("takes a shared tensor under any of its names, and refuses two values for it", () => {
    class Tied extends nn.Module {
      a = new nn.Linear(2, 2, { bias: false });
      b = new nn.Linear(2, 2, { bias: false });
      constructor() {
        super();
        this.b.weight = this.a.weight;
      }
      forward(): void {}
    }
    const tied = new Tied();
    tied.loadStateDict({ "b.weight": ones([2, 2]) });
    assert.equal(tied.a.weight, tied.b.weight);
    assert.deepEqual(tied.a.weight.toArray(), [
      [1, 1],
      [1, 1],
    ]);
    assert.throws(() => tied.loadStateDict({ "a.weight": ones([2, 2]), "b.weight": zeros([2, 2]) }), { code: "StateDictMismatch" });
  });

  it("replaces one by its path", () => {
    const net = new Net();
    net.setParameter("block.bn.running_mean", ones([2])).setParameter("head.bias", zeros([3]));
    assert.deepEqual(net.block.bn.running_mean?.toArray(), [1, 1]);
    assert.throws(() => net.setParameter("head.nothing", ones([1])), { code: "UnknownStatePath", hint: /weight, bias/ });
    assert.throws(() => net.setParameter("head.bias", ones([4])), { code: "ShapeMismatch" });
  });
});

describe("containers", () => {
  const linear = (i: number, o: number) => new nn.Linear(i, o);

  it("Sequential runs its layers in a row, numbered or named", () => {
    const row = new nn.Sequential(linear(2, 3), new nn.ReLU(), linear(3, 1));
    assert.deepEqual(names(row.namedParameters()), ["0.weight", "0.bias", "2.weight", "2.bias"]);
    assert.deepEqual(row.forward(ones([4, 2])).shape, [4, 1]);
    assert.equal(row.at(-1), [...row][2]);
    assert.equal(row.append(new nn.Tanh()).length, 4);
    assert.throws(() => row.at(9), { code: "IndexOutOfRange" });
    assert.deepEqual(names(new nn.Sequential({ fc: linear(1, 1) }).namedParameters()), ["fc.weight", "fc.bias"]);
    assert.throws(() => new nn.Sequential(((x: Tensor) => x) as never), { code: "InvalidArgument", hint: /class with a forward/ });
  });

  it("ModuleList and ModuleDict hold modules that forward picks itself", () => {
    const list = new nn.ModuleList([linear(1, 1)]).extend([linear(1, 2), linear(1, 3)]);
    assert.deepEqual([list.length, list.map((m) => m.outFeatures)], [3, [1, 2, 3]]);
    assert.throws(() => list.forward(), { code: "InvalidArgument", hint: /Sequential/ });
    const dict = new nn.ModuleDict({ left: linear(1, 1), right: linear(1, 2) });
    assert.deepEqual([dict.keys(), dict.at("right").outFeatures, dict.has("up")], [["left", "right"], 2, false]);
    assert.throws(() => dict.at("up"), { code: "UnknownStatePath" });
    assert.throws(() => new nn.ModuleDict({ forward: linear(1, 1) }), { code: "InvalidArgument" });
    assert.throws(() => new nn.ModuleDict({ "a.b": linear(1, 1) }), { code: "InvalidArgument" });
  });

  it("ParameterList and ParameterDict hold parameters", () => {
    const list = new nn.ParameterList([ones([2]), zeros([2, 3])]);
    assert.deepEqual(names(list.namedParameters()), ["0", "1"]);
    assert.ok(nn.isParameter(list.at(-1)));
    assert.deepEqual(list.append(ones([1])).length, 3);
    assert.throws(() => list.at(3), { code: "IndexOutOfRange" });
    assert.throws(() => list.append(1 as never), { code: "InvalidArgument" });
    class Holder extends nn.Module {
      gains = new nn.ParameterDict({ low: ones([1]), high: zeros([1]) });
      forward(): void {}
    }
    const holder = new Holder();
    assert.deepEqual([...holder.stateDict().keys()], ["gains.low", "gains.high"]);
    holder.loadStateDict({ "gains.low": tensor([5]), "gains.high": tensor([6]) });
    assert.deepEqual([holder.gains.at("low").item(), holder.gains.at("high").item()], [5, 6]);
    assert.throws(() => holder.gains.at("middle"), { code: "UnknownStatePath", hint: /low, high/ });
  });
});

describe("printing modules", () => {
  const prints: readonly [nn.Module, string][] = [
    [new nn.Linear(2, 3), "Linear(in_features=2, out_features=3, bias=True)"],
    [new nn.Linear(2, 3, { bias: false }), "Linear(in_features=2, out_features=3, bias=False)"],
    [
      new nn.Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false }),
      "Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False)",
    ],
    [new nn.Conv2d(4, 8, [1, 3], { dilation: 2, groups: 4 }), "Conv2d(4, 8, kernel_size=(1, 3), stride=(1, 1), dilation=(2, 2), groups=4)"],
    [
      new nn.Conv1d(1, 2, 3, { padding: "same", paddingMode: "circular" }),
      "Conv1d(1, 2, kernel_size=(3,), stride=(1,), padding=same, padding_mode=circular)",
    ],
    [
      new nn.ConvTranspose2d(4, 2, 3, { stride: 2, padding: 1, outputPadding: 1 }),
      "ConvTranspose2d(4, 2, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), output_padding=(1, 1))",
    ],
    [new nn.BatchNorm2d(64), "BatchNorm2d(64, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)"],
    [new nn.InstanceNorm2d(8), "InstanceNorm2d(8, eps=1e-05, momentum=0.1, affine=False, track_running_stats=False)"],
    [new nn.LayerNorm(768, { eps: 1e-6 }), "LayerNorm((768,), eps=1e-06, elementwise_affine=True)"],
    [new nn.LayerNorm([2, 3]), "LayerNorm((2, 3), eps=1e-05, elementwise_affine=True)"],
    [new nn.RMSNorm(4), "RMSNorm((4,), eps=None, elementwise_affine=True)"],
    [new nn.GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True)"],
    [new nn.ReLU(), "ReLU()"],
    [new nn.ReLU({ inplace: true }), "ReLU(inplace=True)"],
    [new nn.ReLU6({ inplace: true }), "ReLU6(inplace=True)"],
    [new nn.LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)"],
    [new nn.Hardtanh(), "Hardtanh(min_val=-1.0, max_val=1.0)"],
    [new nn.ELU(), "ELU(alpha=1.0)"],
    [new nn.CELU(0.5, { inplace: true }), "CELU(alpha=0.5, inplace=True)"],
    [new nn.PReLU(), "PReLU(num_parameters=1)"],
    [new nn.GELU(), "GELU(approximate='none')"],
    [new nn.SiLU(), "SiLU()"],
    [new nn.Hardswish(), "Hardswish()"],
    [new nn.Softplus(), "Softplus(beta=1.0, threshold=20.0)"],
    [new nn.Softmax(1), "Softmax(dim=1)"],
    [new nn.Softmin(1), "Softmin(dim=1)"],
    [new nn.GLU(), "GLU(dim=-1)"],
    [new nn.Hardshrink(), "Hardshrink(0.5)"],
    [new nn.Dropout(0.2), "Dropout(p=0.2, inplace=False)"],
    [new nn.Dropout2d(), "Dropout2d(p=0.5, inplace=False)"],
    [new nn.MaxPool2d(3, { stride: 2, padding: 1 }), "MaxPool2d(kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=False)"],
    [new nn.AvgPool2d([2, 3]), "AvgPool2d(kernel_size=(2, 3), stride=(2, 3), padding=0)"],
    [new nn.AdaptiveAvgPool2d([1, 1]), "AdaptiveAvgPool2d(output_size=(1, 1))"],
    [new nn.AdaptiveMaxPool2d([null, 7]), "AdaptiveMaxPool2d(output_size=(None, 7))"],
    [new nn.Flatten(), "Flatten(start_dim=1, end_dim=-1)"],
    [new nn.Unflatten(1, [2, 5]), "Unflatten(dim=1, unflattened_size=(2, 5))"],
    [new nn.Identity(), "Identity()"],
    [new nn.Embedding(10, 3, { paddingIdx: 0 }), "Embedding(10, 3, padding_idx=0)"],
    [new nn.Upsample({ scaleFactor: 2 }), "Upsample(scale_factor=2.0, mode='nearest')"],
    [new nn.Upsample({ size: [4, 4], mode: "bilinear" }), "Upsample(size=(4, 4), mode='bilinear')"],
    [new nn.PixelShuffle(2), "PixelShuffle(upscale_factor=2)"],
    [new nn.ZeroPad2d([1, 1, 2, 2]), "ZeroPad2d((1, 1, 2, 2))"],
    [new nn.ReflectionPad2d(1), "ReflectionPad2d((1, 1, 1, 1))"],
    [new nn.ConstantPad2d(1, 3.5), "ConstantPad2d(padding=(1, 1, 1, 1), value=3.5)"],
    [new nn.Sequential(), "Sequential()"],
  ];
  for (const [module, text] of prints) it(text, () => assert.equal(String(module), text));

  it("a tree, as PyTorch indents it", () => {
    const text = `Net(
  (block): Block(
    (conv): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), bias=False)
    (bn): BatchNorm2d(2, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  )
  (drop): Dropout(p=0.5, inplace=False)
  (head): Linear(in_features=2, out_features=3, bias=True)
)`;
    assert.equal(String(new Net()), text);
    assert.equal(inspect(new Net()), text);
  });

  it("equal neighbours of a ModuleList once, and parameters in their containers", () => {
    const list = new nn.ModuleList<nn.Layer>([new nn.ReLU(), new nn.ReLU(), new nn.Tanh()]);
    assert.equal(String(list), "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Tanh()\n)");
    assert.equal(
      String(new nn.ParameterList([ones([2]), ones([2, 3])])),
      "ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2]\n    (1): Parameter containing: [torch.float32 of size 2x3]\n)",
    );
  });

  it("a transformer layer", () => {
    assert.equal(
      String(new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8 })),
      `TransformerEncoderLayer(
  (self_attn): MultiheadAttention(
    (out_proj): NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=True)
  )
  (linear1): Linear(in_features=4, out_features=8, bias=True)
  (dropout): Dropout(p=0.1, inplace=False)
  (linear2): Linear(in_features=8, out_features=4, bias=True)
  (norm1): LayerNorm((4,), eps=1e-05, elementwise_affine=True)
  (norm2): LayerNorm((4,), eps=1e-05, elementwise_affine=True)
  (dropout1): Dropout(p=0.1, inplace=False)
  (dropout2): Dropout(p=0.1, inplace=False)
)`,
    );
  });
});
