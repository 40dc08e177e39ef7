import assert from "node:assert/strict";
import fc from "fast-check";
import { models, nn, randint, randn, type Tensor, trace } from "../../src/index.ts";
import { BasicBlock } from "../../src/models/resnet.ts";
import { declareKeepsNothing } from "../../src/nn/keeps-nothing.ts";
import { residual, through, throughEach, tidied } from "../../src/nn/through.ts";

const side = 16;
/** 64 KiB: large enough to be given back. */
const shape = [1, 64, side, side];
const input = (seed = 1) => randn(shape, { seed });
const elements = (x: Tensor) => Array.from(x.data as Float32Array);

/** Stores what passes through it, as hooks and feature extractors do. */
class Keeper extends nn.Module {
  readonly kept: Tensor[] = [];
  readonly passesOn: boolean;
  constructor(passesOn: boolean) {
    super();
    this.passesOn = passesOn;
  }
  forward(x: Tensor): Tensor {
    const y = this.passesOn ? x : x.add(1);
    this.kept.push(x, y);
    return y;
  }
}

/** A layer of ours that a user made keep its output. */
class KeepingReLU extends nn.ReLU {
  readonly kept: Tensor[] = [];
  override forward(x: Tensor): Tensor {
    const y = super.forward(x);
    this.kept.push(y);
    return y;
  }
}

const block = (downsample: nn.Sequential | undefined) =>
  nn.seeded(5, () => new BasicBlock({ inplanes: 64, planes: 64, stride: 1, downsample, groups: 1, baseWidth: 64 })).eval();

/** A row whose branch still needs the input when its shortcut has read it. */
class PassingBranch extends nn.Module {
  readonly identity = new nn.Identity();
  readonly shortcut = new nn.Sequential(new nn.Sigmoid(), new nn.Tanh());
  forward(x: Tensor): Tensor {
    return residual(x, { branch: [this.identity], shortcut: this.shortcut });
  }
}
declareKeepsNothing("row", PassingBranch);

const kinds: Readonly<Record<string, () => nn.Layer>> = {
  conv: () => nn.seeded(3, () => new nn.Conv2d(64, 64, 1)),
  norm: () => new nn.BatchNorm2d(64).eval(),
  relu: () => new nn.ReLU(),
  sigmoid: () => new nn.Sigmoid(),
  identity: () => new nn.Identity(),
  view: () => new nn.Sequential(new nn.Flatten(2), new nn.Unflatten(2, [side, side])),
  dropout: () => new nn.Dropout(0.5).eval(),
  block: () => block(undefined),
  "block with a shortcut": () => block(new nn.Sequential(new nn.Sigmoid(), new nn.Identity())),
  "block whose shortcut passes on": () => block(new nn.Sequential(new nn.Identity())),
  "block whose shortcut keeps": () => block(new nn.Sequential(new nn.Sigmoid(), new Keeper(true))),
  "block whose branch passes on": () => new PassingBranch(),
  "rows of nothing": () => new nn.Sequential(new nn.Sequential(), new nn.Sequential(new nn.Identity())),
  nested: () => new nn.Sequential(new nn.ReLU(), new nn.Tanh()),
  "keeper that passes on": () => new Keeper(true),
  "keeper that computes": () => new Keeper(false),
  "keeper in a row": () => new nn.Sequential(new nn.ReLU(), new Keeper(true), new nn.Identity()),
  "subclass that keeps": () => new KeepingReLU(),
};

const kept = (layer: nn.Module): Tensor[] =>
  [...layer.modules()].flatMap((m) => (m instanceof Keeper || m instanceof KeepingReLU ? m.kept : []));

const plainly = (x: Tensor, layers: readonly nn.Layer[]): Tensor => layers.reduce((y, layer) => layer.forward(y), x);

/** Bytes of all array buffers that were made, and not yet collected, while `body` ran. */
function grown(body: () => unknown): number {
  const before = process.memoryUsage().arrayBuffers;
  body();
  return process.memoryUsage().arrayBuffers - before;
}

describe("layers in a row", () => {
  it("compute what they compute one by one, and leave alone what any layer of a user holds on to", () => {
    const names = fc.array(fc.constantFrom(...Object.keys(kinds)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(names, fc.boolean(), fc.boolean(), (chosen, projects, addsInput) => {
        const make = () => chosen.map((name) => (kinds[name] as () => nn.Layer)());
        const [ours, theirs] = [make(), make()];
        const shortcut = projects ? new nn.Sigmoid() : undefined;
        const after = [new nn.ReLU(), new nn.Tanh()];
        const x = input();
        const before = elements(x);
        const run = () => (addsInput ? residual(x, { branch: ours, shortcut, after }) : through(x, ...ours));
        const y = run();
        const seen = ours.flatMap(kept).map((t) => [t, elements(t)] as const);
        const first = elements(y);
        // Whatever was given back is written over now.
        assert.deepEqual(elements(run()), first);
        through(input(9), ...Array.from({ length: 6 }, () => new nn.Sigmoid()));
        const change = plainly(x, theirs);
        const expected = addsInput ? plainly(change.add(shortcut ? shortcut.forward(x) : x), after) : change;
        assert.deepEqual(first, elements(expected));
        assert.deepEqual(elements(y), first, "the output was written over");
        assert.deepEqual(elements(x), before, "the input was written over");
        for (const [tensor, then] of seen) assert.deepEqual(elements(tensor), then, "a tensor that a module keeps was written over");
        assert.deepEqual(
          seen.map(([, then]) => then),
          theirs.flatMap(kept).map(elements),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("leave alone what a forward keeps that was put in a layer's place", () => {
    const relu = new nn.ReLU();
    const outputs: Tensor[] = [];
    relu.forward = (x) => {
      outputs.push(x.relu());
      return outputs.at(-1) as Tensor;
    };
    const net = new nn.Sequential(new nn.Sigmoid(), relu, new nn.Tanh(), new nn.Sigmoid());
    net.forward(input());
    const first = outputs.map(elements);
    net.forward(input(2));
    assert.deepEqual(outputs.slice(0, 1).map(elements), first);
  });

  it("need the memory of two tensors, however many they are", () => {
    const size = 4 * 2 ** 20;
    const x = randn([1, 64, 128, 128], { seed: 1 });
    const row = (count: number) => new nn.Sequential(...Array.from({ length: count }, () => new nn.BatchNorm2d(64).eval()));
    assert.ok(grown(() => row(40).forward(x)) <= 2 * size + 2 ** 20);
  });

  it("need that of three where an input is added", () => {
    const size = 4 * 2 ** 20;
    const x = randn([1, 64, 128, 128], { seed: 1 });
    const blocks = () => new nn.Sequential(...Array.from({ length: 6 }, () => block(undefined)));
    // The kernels' own memory, which stays.
    blocks().forward(input());
    const row = blocks();
    assert.ok(grown(() => row.forward(x)) <= 3 * size + 2 ** 20);
  });

  it("leave what passes between blocks of a user's own to V8", () => {
    class Block extends nn.Module {
      forward(y: Tensor): Tensor {
        return residual(y, { branch: [new nn.Sigmoid()], after: [new nn.ReLU()] });
      }
    }
    const [first, second] = [new Block(), new Block()];
    const between: Tensor[] = [];
    const forward = second.forward.bind(second);
    second.forward = (y) => {
      between.push(y);
      return forward(y);
    };
    new nn.Sequential(first, second, new nn.Tanh()).forward(input());
    assert.deepEqual(elements(between[0] as Tensor), elements(first.forward(input())));
  });

  it("go on after a layer has thrown", () => {
    class Thrower extends nn.Module {
      forward(): Tensor {
        throw new Error("not today");
      }
    }
    const good = new nn.Sequential(new nn.Sigmoid(), new nn.Tanh());
    const expected = elements(good.forward(input()));
    assert.throws(() => new nn.Sequential(new nn.Sigmoid(), new nn.Tanh(), new Thrower()).forward(input()), /not today/);
    assert.deepEqual(elements(good.forward(input())), expected);
  });

  it("are recorded as they are", async () => {
    const layers = nn.seeded(1, () => new nn.Sequential(new nn.Conv2d(64, 64, 1), new nn.BatchNorm2d(64), new nn.ReLU())).eval();
    const model = (x: Tensor) => residual(x, { branch: [...layers], after: [new nn.Tanh()] });
    await using traced = await trace(model, input(), { engine: "interpreter", passes: [] });
    assert.deepEqual(
      [...traced.graph.nodes()].map((n) => n.op),
      ["Conv", "BatchNormalization", "Relu", "Add", "Tanh"],
    );
  });
});

describe("the memory of ResNets while they run", () => {
  it("is used again from block to block, and from run to run", () => {
    const model = models.resnet18({ seed: 0 }).eval();
    const x = randn([1, 3, 128, 128], { seed: 1 });
    // [1, 64, 64, 64] float32 behind the first convolution: at most its convolution, its normalisation and the pooled map live at once.
    const largest = 2 ** 20;
    // The kernels' own memory, which stays.
    model.forward(randn([1, 3, 64, 64], { seed: 1 }));
    const runs = grown(() => [model.forward(x), model.forward(x), model.forward(x)]);
    assert.ok(runs <= 4 * largest, `${runs} bytes`);
  });

  it("is not that of the features that a user took out", () => {
    const model = models.resnet18({ seed: 0 }).eval();
    const stem = (x: Tensor) => model.maxpool.forward(model.relu.forward(model.bn1.forward(model.conv1.forward(x))));
    const features = model.layer2.forward(model.layer1.forward(stem(randn([1, 3, 64, 64], { seed: 1 }))));
    const before = elements(features);
    model.forward(randn([1, 3, 64, 64], { seed: 2 }));
    assert.deepEqual(elements(features), before);
  });
});

/** Computes on the way what it then forgets, or what a module inside of it keeps. */
class Detour extends nn.Module {
  readonly inner: nn.Module & nn.Layer;
  constructor(inner: nn.Module & nn.Layer) {
    super();
    this.inner = inner;
  }
  forward(x: Tensor): Tensor {
    return tidied(this, () => this.inner.forward(x.add(1)).mul(2).sub(x));
  }
}
declareKeepsNothing("caller", Detour);

describe("a module whose steps are not a row", () => {
  it("gives back what it computes on the way, and leaves alone what any module in it keeps", () => {
    for (const make of [
      () => new nn.Sigmoid(),
      () => new nn.Identity(),
      () => new Keeper(true),
      () => new Keeper(false),
      () => new KeepingReLU(),
    ]) {
      const [ours, inner] = [new Detour(make()), make()];
      const x = input();
      const expected = elements(inner.forward(x.add(1)).mul(2).sub(x));
      const y = ours.forward(x);
      const seen = kept(ours).map((t) => [t, elements(t)] as const);
      through(input(9), ...Array.from({ length: 6 }, () => new nn.Sigmoid()));
      for (let run = 0; run < 3; run++) assert.deepEqual(elements(ours.forward(x)), expected);
      assert.deepEqual(elements(y), expected);
      assert.deepEqual(elements(x), elements(input()));
      for (const [tensor, then] of seen) assert.deepEqual(elements(tensor), then);
    }
  });

  it("keeps the statistics that a normalisation inside of it computes in train mode", () => {
    // 4096 float32 are large enough to be given back.
    const [norm, alone] = [new nn.BatchNorm1d(4096), new nn.BatchNorm1d(4096)];
    const x = randn([3, 4096], { seed: 1 });
    const ours = new Detour(norm);
    for (let run = 0; run < 2; run++) {
      ours.forward(x);
      alone.forward(x.add(1));
    }
    assert.deepEqual(elements(norm.running_mean as Tensor), elements(alone.running_mean as Tensor));
  });

  it("may be one of a row of modules that take more than one tensor", () => {
    const layers = [new Detour(new nn.Sigmoid()), new Detour(new Keeper(true)), new Detour(new nn.Tanh())];
    const run = () => throughEach(input(), layers, (layer, y) => layer.forward(y.mul(3)));
    const expected = elements(layers.reduce((y, layer) => layer.forward(y.mul(3)), input()));
    const first = run();
    const seen = layers.flatMap(kept).map((t) => [t, elements(t)] as const);
    assert.deepEqual(elements(run()), expected);
    assert.deepEqual(elements(first), expected);
    for (const [tensor, then] of seen) assert.deepEqual(elements(tensor), then);
  });
});

describe("the memory of a BERT while it runs", () => {
  const shape = { vocabulary: 50, positions: 128, layers: 6, heads: 4, hidden: 128, mlp: 512 };
  const text = randint(0, 50, [2, 128], { seed: 1 });

  it("is that of one layer, used again from layer to layer and from run to run", () => {
    const { encoder } = models.bertBaseUncased({ seed: 0, shape }).eval();
    const x = randn([2, 128, 128], { seed: 1 });
    // The kernels' own memory, which stays.
    encoder.layer.at(0).forward(x);
    // What goes between layers; an MLP's two tensors and the scores and weights of the heads are four times as large.
    const hidden = 2 ** 17;
    const runs = grown(() => [encoder.forward(x), encoder.forward(x), encoder.forward(x)]);
    assert.ok(runs <= 16 * hidden, `${runs} bytes`);
  });

  it("is not that of what a user's module holds on to, nor of what is taken out", () => {
    const [model, plain] = [models.bertBaseUncased({ seed: 0, shape }).eval(), models.bertBaseUncased({ seed: 0, shape }).eval()];
    const outputs: Tensor[] = [];
    for (const { intermediate } of model.encoder.layer) {
      const forward = intermediate.forward.bind(intermediate);
      intermediate.forward = (x) => {
        outputs.push(x, forward(x));
        return outputs.at(-1) as Tensor;
      };
    }
    const expected = elements(plain.forward(text).lastHiddenState);
    assert.deepEqual(elements(model.forward(text).lastHiddenState), expected);
    const seen = outputs.map((t) => [t, elements(t)] as const);
    const attended = plain.encoder.layer.at(0).attention.forward(outputs[0] as Tensor);
    const first = elements(attended);
    plain.forward(randint(0, 50, [2, 128], { seed: 2 }));
    model.forward(randint(0, 50, [2, 128], { seed: 2 }));
    for (const [tensor, then] of seen) assert.deepEqual(elements(tensor), then);
    assert.deepEqual(elements(attended), first);
  });
});
