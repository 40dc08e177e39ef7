// Effects that an exception leaves unreached.
import assert from "node:assert/strict";
import { unreachedEffect } from "../../../src/passes/rules/unreached-effect.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, operators } from "../../support/check-rule.ts";

const raising = (nodes: string) => `main (bool c, float[2] x) => (float[2] y)
{ y = If (c) <then_branch = g () => (float[2] k) { ${nodes} }, else_branch = h () => (float[2] n) { n = Neg (x) }> }`;
const calm = { feeds: [Storage.from("bool", [0], [])] };

describe("unreached-effect", () => {
  it("removes what would raise, or draw numbers, behind a Raise, also in bodies", () => {
    const inner = `z = If (c) <then_branch = i () => (float[2] x) { s = ingot.Raise <message = "n"> () }, else_branch = j () => (float[2] x) {}>`;
    const text = raising(
      `r = ingot.Raise <message = "m"> () q = ingot.Raise <message = "n"> () ${inner} u = RandomNormalLike (x) k = Exp (x)`,
    );
    assert.deepEqual(operators(checkPasses(text, unreachedEffect, { ...calm, fires: 3 })), ["If", "ingot.Raise", "Exp", "Neg"]);
  });

  it("keeps what comes before, what is read, and what another branch does", () => {
    const text = raising(
      `u = RandomNormalLike (x) r = ingot.Raise <message = "m"> () q = ingot.Raise <message = "n"> () k = Where (q, x, x)`,
    );
    checkPasses(text, unreachedEffect, { ...calm, fires: 0 });
    const both = `main (bool c, bool d, float[2] x) => (float[2] y)
    { a = If (c) <then_branch = g () => (float[2] x) { r = ingot.Raise <message = "m"> () }, else_branch = h () => (float[2] x) {}>
      b = If (d) <then_branch = g () => (float[2] x) { r = ingot.Raise <message = "n"> () }, else_branch = h () => (float[2] x) {}>
      y = Neg (x) }`;
    checkPasses(both, unreachedEffect, { feeds: [0, 0].map((v) => Storage.from("bool", [v], [])), fires: 0 });
  });
});
