import { randn, script, type Tensor } from "../../src/index.ts";
import { assertScripts } from "../support/scripted.ts";
import { failsWith } from "../support/trace-errors.ts";

describe("a function expression that calls itself", () => {
  const inputs = { inputs: "float32[n=3]" };

  it("finds itself by its own name, whatever the name means outside", async () => {
    const times = function self(x: Tensor, left = 3): Tensor {
      return left === 0 ? x : self(x.mul(2), left - 1);
    };
    await assertScripts((x: Tensor) => times(x), [[randn([3], { seed: 1 })]], inputs);
  });

  it("must come to an end when it is compiled", async () => {
    const halve = function self(x: Tensor): Tensor {
      return x.sum().item() > 1 ? self(x.div(2)) : x;
    };
    await failsWith(() => script((x: Tensor) => halve(x), inputs), "RecursionLimit", /self/);
  });
});
