import assert from "node:assert/strict";
import { kepler } from "../../../examples/script/newton.ts";
import { linspace, tensor } from "../../../src/index.ts";
import { assertScripts } from "../../support/scripted.ts";

describe("Newton's method", () => {
  it("solves Kepler's equation, which is checked by putting the solution in", () => {
    const mean = linspace(-3, 3, 25, { dtype: "float64" });
    for (const e of [0, 0.1, 0.5, 0.9, 0.97]) {
      const { anomaly, change } = kepler(mean, tensor(e, { dtype: "float64" }));
      const error = anomaly.sub(anomaly.sin().mul(e)).sub(mean).abs().amax().item();
      assert.ok(error < 1e-9, `e = ${e}: ${error}`);
      assert.ok(change.item() <= 1e-6);
    }
  });

  it("needs one step for a circle", () => {
    const { anomaly, change } = kepler(tensor([1, 2]), tensor(0));
    assert.deepEqual([anomaly.toArray(), change.item()], [[1, 2], 0]);
  });

  it("turns in the graph as often as it has to", async () => {
    const mean = linspace(-3, 3, 9, { dtype: "float64" });
    await assertScripts(
      kepler,
      [0, 0.1, 0.9, 0.97].map((e) => [mean, tensor(e, { dtype: "float64" })]),
    );
  }).timeout(60_000);
});
