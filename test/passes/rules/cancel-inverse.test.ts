// Not of Not, Neg of Neg.
import assert from "node:assert/strict";
import { cancelInverse } from "../../../src/passes/rules/cancel-inverse.ts";
import { checkPasses, operators, refuses } from "../../support/check-rule.ts";

const twice = (op: string, type: string) =>
  `main (${type} x) => (${type} y) { i = Identity (x) a = ${op} (i) b = ${op} (a) y = Identity (b) }`;

describe("cancel-inverse", () => {
  it("removes both, for each operator and dtype", () => {
    for (const [op, type] of [
      ["Not", "bool[9]"],
      ["Neg", "float[99]"],
      ["Neg", "float16[99]"],
      ["Neg", "int8[9]"],
      ["Neg", "int64[9]"],
      ["BitwiseNot", "uint8[9]"],
    ] as const)
      assert.deepEqual(operators(checkPasses(twice(op, type), cancelInverse, { fires: 1 })), ["Identity", "Identity"], `${op} ${type}`);
  });

  it("removes pairs of a longer chain, and leaves the odd one", () => {
    const text = twice("Neg", "float[9]").replace("b = Neg (a)", "c = Neg (a) b = Neg (c)");
    assert.deepEqual(operators(checkPasses(text, cancelInverse)), ["Identity", "Neg", "Identity"]);
  });

  it("leaves the inner one where somebody else reads it, and an Identity between input and output", () => {
    const both = `main (float[2] x) => (float[2] y, float[2] a) { a = Neg (x) y = Neg (a) }`;
    assert.deepEqual(operators(checkPasses(both, cancelInverse, { fires: 1 })), ["Neg", "Identity"]);
  });

  it("says no to two different operators", () => {
    refuses(twice("Neg", "float[2]").replace("b = Neg", "b = Abs"), cancelInverse, /comes from Identity/);
  });
});
