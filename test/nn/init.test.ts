// Initial values: their statistics, that a seed decides them, and what takes none.
import assert from "node:assert/strict";
import { manualSeed } from "../../src/eager/create.ts";
import type { Tensor } from "../../src/eager/tensor.ts";
import * as nn from "../../src/nn/index.ts";

const { init } = nn;
const shape = [200, 50, 2, 3];
const fanIn = 50 * 6;
const fanOut = 200 * 6;
const seeded = (make: () => Tensor) => nn.seeded(5, make);

/** 60,000 numbers: mean within 4 standard errors of 0, standard deviation within 1.5 %, and nothing beyond the bound. */
function assertSpread(x: Tensor, std: number, bound = Number.POSITIVE_INFINITY): void {
  assert.ok(Math.abs(x.mean().item()) < (4 * std) / Math.sqrt(x.numel()), `mean ${x.mean().item()}`);
  const actual = x.std().item();
  assert.ok(Math.abs(actual / std - 1) < 0.015, `standard deviation ${actual}, expected ${std}`);
  assert.ok(x.abs().amax().item() <= bound);
}

describe("initialisers", () => {
  it("spread as their papers say", () => {
    const uniformStd = (bound: number) => bound / Math.sqrt(3);
    assertSpread(
      seeded(() => init.kaimingNormal(shape, { mode: "fanOut", nonlinearity: "relu" })),
      Math.sqrt(2 / fanOut),
    );
    assertSpread(
      seeded(() => init.kaimingUniform(shape, { a: Math.sqrt(5) })),
      uniformStd(1 / Math.sqrt(fanIn)),
      1 / Math.sqrt(fanIn),
    );
    const xavier = Math.sqrt(6 / (fanIn + fanOut));
    assertSpread(
      seeded(() => init.xavierUniform(shape, 2)),
      uniformStd(2 * xavier),
      2 * xavier,
    );
    assertSpread(
      seeded(() => init.xavierNormal(shape)),
      Math.sqrt(2 / (fanIn + fanOut)),
    );
    assertSpread(
      seeded(() => init.normal(shape, 0, 0.02)),
      0.02,
    );
    assertSpread(
      seeded(() => init.uniform(shape, -3, 3)),
      uniformStd(3),
      3,
    );
    // Of a normal distribution cut off at one standard deviation, 0.5396 of the spread is left.
    assertSpread(
      seeded(() => init.truncNormal(shape, 0, 2, -2, 2)),
      2 * 0.5396,
      2,
    );
  });

  it("orthogonal gives orthogonal rows, or columns where these are fewer", () => {
    const wide = seeded(() => init.orthogonal([4, 3, 2], 2)).flatten(1);
    assert.ok(wide.matmul(wide.t()).allclose(init.eye(4).mul(4), { atol: 1e-5 }));
    const tall = seeded(() => init.orthogonal([7, 3]));
    assert.ok(tall.t().matmul(tall).allclose(init.eye(3), { atol: 1e-6 }));
  });

  it("gains are those of torch.nn.init.calculate_gain", () => {
    assert.deepEqual(
      [init.calculateGain("linear"), init.calculateGain("relu"), init.calculateGain("tanh"), init.calculateGain("selu")],
      [1, Math.SQRT2, 5 / 3, 0.75],
    );
    assert.equal(init.calculateGain("leakyRelu", 1), 1);
    assert.deepEqual(init.fans(shape), { fanIn, fanOut });
  });

  it("refuse what has no fans, shapes that are none and ranges that keep nothing", () => {
    assert.throws(() => init.kaimingUniform([3]), { code: "RankMismatch" });
    assert.throws(() => init.orthogonal([3]), { code: "RankMismatch" });
    assert.throws(() => init.normal([-1]), { code: "InvalidShape" });
    assert.throws(() => init.truncNormal([1], 0, 1, 9, 10), { code: "InvalidArgument" });
  });
});

describe("seeds of modules", () => {
  const net = () => new nn.Sequential(new nn.Linear(4, 4), new nn.Conv2d(4, 2, 3), new nn.MultiheadAttention(4, 2) as never);
  const weights = (m: nn.Module) => [...m.stateDict().values()].map((t) => t.toArray());

  it("decide all initial weights, whatever was drawn before", () => {
    const first = weights(nn.seeded(1, net));
    manualSeed(99);
    net();
    assert.deepEqual(weights(nn.seeded(1, net)), first);
    assert.notDeepEqual(weights(nn.seeded(2, net)), first);
  });

  it("outside of `seeded` follow manualSeed", () => {
    manualSeed(4);
    const first = weights(net());
    assert.notDeepEqual(weights(net()), first);
    manualSeed(4);
    assert.deepEqual(weights(net()), first);
  });

  it("withoutInit draws nothing and takes no memory, until something is loaded", () => {
    const big = nn.withoutInit(() => new nn.Linear(1000, 1000));
    assert.equal(big.weight.storage.data.length, 1);
    const bn = nn.withoutInit(() => new nn.BatchNorm2d(2));
    assert.deepEqual(bn.weight?.toArray(), [1, 1]);
    const source = new nn.Linear(1000, 1000);
    big.loadStateDict(source.stateDict());
    assert.ok(big.weight.equal(source.weight));
  });
});
