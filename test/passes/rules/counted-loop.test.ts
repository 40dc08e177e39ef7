// Loops that count for themselves get a count.
import assert from "node:assert/strict";
import fc from "fast-check";
import { countedLoop } from "../../../src/passes/rules/counted-loop.ts";
import { deadState } from "../../../src/passes/rules/dead-state.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, Dice, operators } from "../../support/check-rule.ts";

const int64 = (value: number) => Storage.from("int64", [value], []);

interface Parts {
  /** Conditions before the loop and in it, with t for the counter. */
  readonly test?: (t: string) => string;
  readonly inside?: (t: string) => string;
  readonly step?: string;
}
/** Sums counter and iteration from a on; gives the sum, the counter behind the loop, and the counters. */
const loop = ({
  test = (t) => `Less (${t}, n)`,
  inside = test,
  step = "Add (t, one)",
}: Parts = {}) => `main (int64 a, int64 n, int64 s) => (int64 y, int64 z, int64[k] w) <int64 one = {1}, int64 two = {2}>
{ c = ${test("a")}
  y, z, w = Loop ("", c, s, a) <body = b (int64 i, bool on, int64 p, int64 t) => (bool go, int64 q, int64 u, int64 t)
    { e = Add (p, i) q = Add (e, t) u = ${step} go = ${inside("u")} }> }`;
const feeds = (a: number, n: number) => ({ feeds: [int64(a), int64(n), int64(100)] });

describe("counted-loop", () => {
  it("counts turns of <, <=, > and >=, whatever start and bound are", () => {
    const tests = ["Less (T, n)", "LessOrEqual (T, n)", "Greater (n, T)", "GreaterOrEqual (n, T)"];
    for (const text of tests)
      for (const [a, n] of [
        [0, 3],
        [0, 0],
        [2, 7],
        [5, 1],
        [-2, 2],
      ] as const)
        checkPasses(loop({ test: (t) => text.replace("T", t) }), countedLoop, { fires: 1, ...feeds(a, n) });
  });

  it("leaves nothing of the counter where it starts at 0 and is not read", () => {
    const text = `main (int64 n, float[2] x) => (float[2] y) <int64 zero = {0}, int64 one = {1}>
    { c = Less (zero, n)
      y, z = Loop ("", c, x, zero) <body = b (int64 i, bool on, float[2] p, int64 t) => (bool go, float[2] q, int64 u)
        { f = Cast <to = 1> (t) q = Add (p, f) u = Add (one, t) go = Less (u, n) }> }`;
    const after = checkPasses(text, [countedLoop, deadState], { feeds: [int64(3)] });
    assert.deepEqual(
      operators(after).filter((op) => op !== "Less"),
      ["Loop", "Cast", "Add"],
    );
    assert.deepEqual(
      [...after.nodes()].find((n) => n.op === "Loop")?.inputs.map((v) => v?.name),
      ["n", undefined, "x"],
    );
  });

  it("leaves other steps, bounds that change, other comparisons before and in the loop, and loops that have a count", () => {
    checkPasses(loop({ step: "Add (t, two)" }), countedLoop, { fires: 0, ...feeds(0, 3) });
    checkPasses(loop({ step: "Add (t, i)", inside: (t) => `Less (${t}, two)` }), countedLoop, { fires: 0, ...feeds(1, 3) });
    checkPasses(loop({ inside: (t) => `Less (${t}, q)` }), countedLoop, { fires: 0, feeds: [int64(0), int64(1), int64(-9)] });
    checkPasses(loop({ inside: (t) => `LessOrEqual (${t}, n)` }), countedLoop, { fires: 0, ...feeds(0, 3) });
    checkPasses(loop({ test: (t) => (t === "a" ? "Less (two, n)" : `Less (${t}, n)`) }), countedLoop, { fires: 0, ...feeds(0, 3) });
    checkPasses(
      loop({ test: () => "Less (t, n)", inside: () => "Less (t, n)" }).replace("c = Less (t, n)", "c = Less (a, n)"),
      countedLoop,
      { fires: 0, ...feeds(0, 3) },
    );
    checkPasses(loop().replace('("", c', "(two, c"), countedLoop, { fires: 0, ...feeds(0, 3) });
  });

  it("counts for any start and bound", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const test = dice.pick(["Less (T, n)", "LessOrEqual (T, n)"]);
        checkPasses(loop({ test: (t) => test.replace("T", t) }), [countedLoop, deadState], feeds(dice.int(-4, 4), dice.int(-4, 6)));
      }),
      { numRuns: 40 },
    );
  });
});
