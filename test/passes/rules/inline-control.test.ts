// Control flow whose way is known.
import assert from "node:assert/strict";
import fc from "fast-check";
import { deadCode } from "../../../src/passes/rules/dead-code.ts";
import { inlineIf, inlineLoop } from "../../../src/passes/rules/inline-control.ts";
import { checkPasses, Dice, operators } from "../../support/check-rule.ts";

const branch = (condition: string) => `main (float[2] x) => (float[2] y, float[2] z) <bool c = {${condition}}>
{ n = Neg (x)
  y, z = If (c) <
    then_branch = yes () => (float[2] p, float[2] q) <float[2] k = {1, 2}> { p = Add (n, k) q = Mul (p, k) },
    else_branch = no () => (float[2] r, float[2] s) { r = Exp (n) s = Identity (x) }> }`;

const loop = (count: string, start = "", body = "", declare = "") => `main (float[2] x${declare}) => (float[2] y, float[k,2] z)
<int64 m = {${count}}${start}>
{ y, z = Loop (m, ${start ? "c" : '""'}, x) <
    body = b (int64 i, bool on, float[2] s) => (bool go, float[2] t, float[2] u) <float[2] k = {1, 2}>
    { f = Cast <to = 1> (i) a = Add (s, k) ${body} t = Add (a, f) u = Mul (t, x) go = Identity (on) }> }`;

describe("inline-if", () => {
  it("takes the branch of a constant condition, its constants and captures", () => {
    assert.deepEqual(operators(checkPasses(branch("1"), inlineIf, { fires: 1 })), ["Neg", "Add", "Mul"]);
    assert.deepEqual(operators(checkPasses(branch("0"), inlineIf, { fires: 1 })), ["Neg", "Exp", "Identity"]);
  });

  it("leaves a condition that is computed, given, or that a caller may replace", () => {
    const text = branch("1");
    checkPasses(text.replace("<bool c = {1}>", "").replace("x)", "x, bool c)"), inlineIf, { fires: 0 });
    checkPasses(text.replace("<bool c = {1}>", "").replace("x)", "x, bool c = {1})"), inlineIf, { fires: 0 });
  });

  it("makes nodes of their own for outputs that are an input, a constant, or one value twice", () => {
    const text = `main (float[2] x) => (float[2] y, float[2] z, float[2] w, float[2] v) <bool c = {1}>
    { y, z, w, v = If (c) <
        then_branch = yes () => (float[2] x, float[2] k, float[2] e, float[2] e) <float[2] k = {1, 2}> { e = Exp (x) },
        else_branch = no () => (float[2] x, float[2] x, float[2] x, float[2] x) {}> }`;
    checkPasses(text, inlineIf, { fires: 1 });
  });

  it("goes into branches, loops and their captures", () => {
    const text = `main (bool d, float[2] x) => (float[2] y) <bool c = {1}, int64 m = {3}>
    { y = If (c) <then_branch = yes () => (float[2] p)
          { e = Exp (x)
            p = If (d) <then_branch = a () => (float[2] r)
                { r = Loop (m, "", e) <body = b (int64 i, bool on, float[2] s) => (bool on, float[2] t)
                    { t = If (c) <then_branch = u () => (float[2] k) { k = Add (s, e) }, else_branch = v () => (float[2] s) {}> }> },
              else_branch = f () => (float[2] e) {}> },
        else_branch = no () => (float[2] x) {}> }`;
    for (const seed of [1, 2, 3, 4])
      assert.deepEqual(operators(checkPasses(text, inlineIf, { fires: 2, seed })), ["Exp", "If", "Loop", "Add"]);
  });
});

describe("inline-loop", () => {
  it("puts the body once, with iteration 0 and a stack of one", () => {
    assert.deepEqual(operators(checkPasses(loop("1"), [inlineLoop, deadCode], { fires: 2 })), ["Cast", "Add", "Add", "Mul", "Unsqueeze"]);
    checkPasses(loop("1", ", bool c = {1}"), inlineLoop, { fires: 1 });
  });

  it("gives the first states and empty stacks of a loop that never runs", () => {
    assert.deepEqual(operators(checkPasses(loop("0"), inlineLoop, { fires: 1 })), ["Identity", "Identity"]);
    checkPasses(loop("-3"), inlineLoop, { fires: 1 });
    checkPasses(loop("9", ", bool c = {0}"), inlineLoop, { fires: 1 });
  });

  it("leaves loops that run more often, or as often as a value says", () => {
    checkPasses(loop("2"), inlineLoop, { fires: 0 });
    checkPasses(loop("1", ", bool d = {1}", "", ", bool c").replace('""', "c"), inlineLoop, { fires: 0 });
    checkPasses(loop("1").replace("<int64 m = {1}>", "").replace("x)", "x, int64 m = {1})"), inlineLoop, { fires: 0 });
  });

  it("leaves nothing but arithmetic of loops and branches around each other", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const text = `main (float[2] x) => (float[2] y) <bool c = {${dice.int(0, 1)}}, int64 m = {${dice.int(0, 1)}}, bool d = {${dice.int(0, 1)}}>
        { n = Neg (x)
          y = Loop (m, ${dice.pick(['""', "c", "d"])}, n) <body = b (int64 i, bool on, float[2] s) => (bool on, float[2] t)
            { t = If (${dice.pick(["c", "d"])}) <
                then_branch = u () => (float[2] k) { k = Add (s, ${dice.pick(["n", "x", "s"])}) },
                else_branch = v () => (float[2] ${dice.pick(["s", "n", "x"])}) {}> }> }`;
        const after = operators(checkPasses(text, [inlineIf, inlineLoop], { seed }));
        assert.ok(!after.includes("Loop") && !after.includes("If"), after.join());
      }),
      { numRuns: 60 },
    );
  });
});
