import assert from "node:assert/strict";
import { nn, randn, script, type Tensor, tensor } from "../../src/index.ts";
import { assertScripts, operatorsOf } from "../support/scripted.ts";
import { failsWith } from "../support/trace-errors.ts";

/** Layers of other widths, so that no Loop of the graph could hold them. */
class EarlyExit extends nn.Module {
  static inputs = "float32[n=3, 4]";
  readonly layers = new nn.ModuleList([new nn.Linear(4, 5), new nn.Linear(5, 6), new nn.Linear(6, 7)]);
  readonly last = new nn.Linear(7, 2);
  readonly heads = new nn.ModuleList([5, 6, 7].map((features) => new nn.Linear(features, 2)));

  /** Where each head is sure. */
  readonly limits = [2, 0.4, 0.39];

  forward(x: Tensor): { readonly y: Tensor; readonly depth: Tensor } {
    let h = x;
    for (const [i, layer] of [...this.layers].entries()) {
      h = layer.forward(h).relu();
      const y = this.heads.at(i).forward(h);
      if (y.abs().amax().item() > (this.limits[i] as number)) return { y, depth: tensor(i) };
    }
    return { y: this.last.forward(h), depth: tensor(3) };
  }
}

describe("a loop of known turns that data may leave", () => {
  const inputs = [0.1, 1, 2, 3, 9].map((scale) => [randn([4, 4], { seed: 3 }).mul(scale)]);

  it("is unrolled where its turns differ; what follows reads the variables of the way that was not left", async () => {
    const model = nn.seeded(1, () => new EarlyExit());
    const depths = inputs.map(([x]) => model.forward(x as Tensor).depth.item());
    assert.ok(new Set(depths).size >= 3, `${depths}`);
    const scripted = await assertScripts(model, inputs);
    const operators = operatorsOf(scripted);
    assert.ok(operators.includes("If") && !operators.includes("Loop"));
  });

  it("refuses a function that reads a variable of a call that has returned early on one path", async () => {
    const counts = (x: Tensor): (() => Tensor) => {
      let found = x;
      const read = () => found;
      for (const limit of [2, 1]) {
        if (x.sum().item() > limit) return read;
        found = found.neg();
      }
      return read;
    };
    await failsWith(
      () => script((x: Tensor) => counts(x)().add(1), { inputs: { x: "float32[n=3]" } }),
      "MaybeUndefined",
      /`found` has no value when the function that declares it has returned early/,
    );
  });
});
