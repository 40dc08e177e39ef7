// The unoptimised graph on the interpreter equals eager bit for bit: for single operations, for random programs, for the small zoo.
import assert from "node:assert/strict";
import fc from "fast-check";
import { compareBitwise } from "../../src/equivalence/compare.ts";
import { cat, models, nn, randn, type Tensor, tensor, trace, where } from "../../src/index.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import type { Model } from "../../src/trace/model.ts";
import { runEager } from "../../src/trace/run-eager.ts";
import { traceGraph } from "../../src/trace/trace-graph.ts";

/** Traces on one example, and compares graph and eager on another. */
function assertFaithful(model: Model, example: Tensor, other: Tensor): void {
  const traced = traceGraph(model, example);
  for (const x of [example, other]) {
    const expected = runEager(traced.subject, [x.storage], traced.stateNames);
    const actual = runGraph(traced.graph, [x.storage], { reuseMemory: true }) as Storage[];
    assert.equal(actual.length, expected.length);
    expected.forEach((e, i) => assert.equal(compareBitwise(e, actual[i] as Storage), undefined));
  }
}

const operations: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  abs: (x) => x.abs(),
  exp: (x) => x.exp(),
  erf: (x) => x.erf(),
  sqrtOfSquare: (x) => x.mul(x).sqrt(),
  logOfPositive: (x) => x.abs().add(1).log(),
  sin: (x) => x.sin(),
  floor: (x) => x.floor(),
  sigmoid: (x) => x.sigmoid(),
  tanh: (x) => x.tanh(),
  relu: (x) => x.relu(),
  softmax: (x) => x.softmax(-1),
  clamp: (x) => x.clamp(-0.5, 0.5),
  pow: (x) => x.pow(3),
  compare: (x) => x.gt(0),
  where: (x) => where(x.gt(0), x, x.mul(-2)),
  sum: (x) => x.sum([1]),
  mean: (x) => x.mean([0], true),
  amax: (x) => x.max(1).values,
  argmax: (x) => x.argmax(-1),
  cumsum: (x) => x.cumsum(1),
  transpose: (x) => x.transpose(0, 1),
  reshape: (x) => x.reshape([-1, 2]),
  slice: (x) => x.slice(1, 1, 4, 2),
  select: (x) => x.select(0, 1),
  negativeStep: (x) => x.flip([1]),
  gather: (x) => x.indexSelect(1, tensor([2, 0], { dtype: "int64" })),
  cat: (x) => cat([x, x.neg()], 1),
  matmul: (x) => x.matmul(x.transpose(0, 1)),
  topk: (x) => x.topk(2, 1).values,
  sort: (x) => x.sort(1).indices,
  cast: (x) => x.mul(10).to("int32"),
  half: (x) => x.to("float16").add(1),
  unsqueeze: (x) => x.unsqueeze(1).squeeze(1),
  expand: (x) => x.unsqueeze(0).expand([2, 4, 6]),
  pad: (x) => x.pad([1, 1]),
  tile: (x) => x.repeat([1, 2]),
};

describe("the traced graph", () => {
  for (const [name, operation] of Object.entries(operations))
    it(`equals eager bit for bit: ${name}`, () => assertFaithful(operation, randn([4, 6], { seed: 1 }), randn([4, 6], { seed: 2 })));

  it("equals eager bit for bit for random programs", () => {
    const names = ["abs", "sigmoid", "tanh", "relu", "softmax", "clamp", "where", "mean", "negativeStep", "cumsum", "floor", "matmulSelf"];
    const steps: Readonly<Record<string, (x: Tensor) => Tensor>> = {
      ...operations,
      mean: (x) => x.sub(x.mean([0], true)),
      matmulSelf: (x) => x.transpose(0, 1).matmul(x).div(4),
    };
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 8 }), fc.nat(1000), (program, seed) => {
        const forward = (x: Tensor) => program.reduce((y, step) => (steps[step] as (t: Tensor) => Tensor)(y).add(y), x);
        assertFaithful(forward, randn([4, 4], { seed }), randn([4, 4], { seed: seed + 1 }));
      }),
      { numRuns: 20 },
    );
  });

  const zoo: Readonly<Record<string, () => nn.Module>> = {
    resnet18: () => models.resnet18({ seed: 0, numClasses: 7 }),
    mobilenet_v2: () => models.mobilenetV2({ seed: 0, numClasses: 7 }),
  };
  for (const [name, make] of Object.entries(zoo))
    it(`equals eager bit for bit: ${name}, in eval and in train mode`, () => {
      const model = make();
      const [a, b] = [randn([2, 3, 32, 32], { seed: 1 }), randn([2, 3, 32, 32], { seed: 2 })];
      assertFaithful(model.eval(), a, b);
      // Dropout draws unseeded numbers in train mode.
      if (name === "resnet18") assertFaithful(model.train(), a, b);
    }).timeout(120_000);

  it("equals eager bit for bit for layers in sequence", () => {
    const net = nn.seeded(
      0,
      () =>
        new nn.Sequential(
          new nn.Conv2d(3, 4, 3, { stride: 2, padding: 1 }),
          new nn.BatchNorm2d(4),
          new nn.SiLU(),
          new nn.MaxPool2d(2),
          new nn.AdaptiveAvgPool2d(1),
          new nn.Flatten(),
          new nn.Linear(4, 5),
          new nn.LogSoftmax(-1),
        ),
    );
    assertFaithful(net.eval(), randn([2, 3, 12, 12], { seed: 1 }), randn([2, 3, 12, 12], { seed: 2 }));
  });

  it("equals eager bit for bit where values are NaN, infinite or zero of either sign", async () => {
    const odd = tensor([[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]]);
    assertFaithful((x: Tensor) => x.relu().add(x.sqrt()).mul(x), tensor([[1, 2, 3, 4]]), odd);
    const m = await trace((x: Tensor) => x.neg(), odd, { engine: "interpreter" });
    assert.ok(Object.is(((await m.run(odd)).data as Float32Array)[3], 0));
  });
});
