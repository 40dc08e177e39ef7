import assert from "node:assert/strict";
import { nn, randn, type Tensor } from "../../src/index.ts";
import { assertScripts, operatorsOf } from "../support/scripted.ts";

class Step extends nn.Module {
  forward(x: Tensor, past?: Tensor): Tensor {
    return this.mix(x, past);
  }
  mix(x: Tensor, past: Tensor | undefined): Tensor {
    return past === undefined ? x.add(1) : x.sub(past);
  }
}

class Twice extends nn.Module {
  readonly step = new Step();
  forward(x: Tensor): Tensor {
    return this.step.forward(this.step.forward(x), x);
  }
}

describe("an argument that is left out", () => {
  it("is undefined in the function, as in JavaScript, and may be handed on", async () => {
    const scripted = await assertScripts(new Twice(), [[randn([3], { seed: 1 })]], { inputs: { x: "float32[n=3]" } });
    assert.ok(!operatorsOf(scripted).includes("If"));
  });
});
