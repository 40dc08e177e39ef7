// Log of Softmax.
import assert from "node:assert/strict";
import fc from "fast-check";
import { logSoftmax } from "../../../src/passes/rules/log-softmax.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const text = (axis = -1, type = "float[2,3,4]") => `main (${type} x) => (${type} y) { p = Softmax <axis = ${axis}> (x) y = Log (p) }`;

describe("log-softmax", () => {
  it("becomes LogSoftmax along the same axis", () => {
    const graph = checkPasses(text(1), logSoftmax, { fires: 1 });
    assert.deepEqual(operators(graph), ["LogSoftmax"]);
    assert.deepEqual(graph.firstNode?.attributes, { axis: 1 });
  });

  it("says no where somebody reads the probabilities, and to the logarithm of something else", () => {
    refuses(text().replace("[2,3,4] y", "[2,3,4] y, float[2,3,4] p"), logSoftmax, /2 readers/);
    refuses(text().replace("Softmax <axis = -1>", "Sigmoid"), logSoftmax, /comes from Sigmoid/);
  });

  it("computes the same for random axes, shapes and dtypes", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const type = `${dice.pick(["float", "double", "float16"])}[${dice.int(1, 4)},n,${dice.int(1, 5)}]`;
        checkPasses(text(dice.int(-3, 2), type), logSoftmax, { seed, fires: 1 });
      }),
      { numRuns: 60 },
    );
  });
});
