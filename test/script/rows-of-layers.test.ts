import assert from "node:assert/strict";
import { nn, randn, type Tensor } from "../../src/index.ts";
import { assertScripts, operatorsOf } from "../support/scripted.ts";

class Gate extends nn.Module {
  forward(x: Tensor): Tensor {
    return x.sum().item() > 0 ? x.relu() : x.neg();
  }
}

describe("a layer of the user's in a row of the library's", () => {
  it("keeps its branches in the graph", async () => {
    const model = nn.seeded(0, () => new nn.Sequential(new nn.Linear(3, 3), new Gate()));
    const inputs = [1, 2, 3, 4].map((seed) => [randn([2, 3], { seed }).mul(3)]);
    const scripted = await assertScripts(model, inputs, { inputs: "float32[n=2, 3]" });
    assert.ok(operatorsOf(scripted).includes("If"));
  });
});
