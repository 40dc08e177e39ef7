import assert from "node:assert/strict";
import { MixtureOfExperts } from "../../../examples/script/mixture-of-experts.ts";
import { allclose, nn, randn, stack } from "../../../src/index.ts";
import { assertScripts, operatorsOf } from "../../support/scripted.ts";

describe("the mixture of experts", () => {
  it("gives what all experts give, weighted with zero where the gate did not choose them", () => {
    const layer = nn.seeded(0, () => new MixtureOfExperts(8, 4)).eval();
    const tokens = randn([20, 8], { seed: 1 });
    const { values, indices } = layer.gate.forward(tokens).topk(2);
    const all = stack(
      [...layer.experts].map((expert) => expert.forward(tokens)),
      1,
    ); // [20, 4, 8]
    const weights = randn([20, 4], { seed: 2 }).mul(0).scatter(1, indices, values.softmax(1));
    assert.equal(new Set((indices.toArray() as number[][]).flat()).size, 4, "every expert is chosen by some token");
    assert.ok(allclose(layer.forward(tokens), all.mul(weights.unsqueeze(2)).sum(1), { atol: 1e-6 }));
  });

  it("computes only the experts that were chosen: each is in a branch of its own", async () => {
    const layer = nn.seeded(0, () => new MixtureOfExperts(8, 4));
    const scripted = await assertScripts(
      layer,
      [1, 2, 30].map((count) => [randn([count, 8], { seed: count })]),
    );
    const operators = operatorsOf(scripted);
    assert.deepEqual(
      ["Loop", "If"].map((op) => operators.filter((o) => o === op).length),
      // Two choices of four experts each, and the branch that raises where there is no token to stack.
      [1, 9],
    );
  }).timeout(60_000);
});
