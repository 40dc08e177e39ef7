// Loops with a small constant count.
import assert from "node:assert/strict";
import { runGraph } from "../../../src/ops/run-graph.ts";
import { deadCode } from "../../../src/passes/rules/dead-code.ts";
import { unrollLoop } from "../../../src/passes/rules/unroll-loop.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, graphFrom, operators } from "../../support/check-rule.ts";

/** Adds the iteration to the state, and stacks what it was. */
const adding = (count: string, start = '""', rest = "", go = "Identity (on)") => `main (float[2] x) => (float[2] y, float[k,2] z)
<int64 m = {${count}}, bool yes = {1}, bool no = {0}${rest}>
{ y, z = Loop (m, ${start}, x) <body = b (int64 i, bool on, float[2] s) => (bool go, float[2] t, float[2] u)
    { f = Cast <to = 1> (i) t = Add (s, f) u = Mul (s, x) go = ${go} }> }`;

describe("unroll-loop", () => {
  it("puts the body once per turn, with its iteration, and stacks what the turns give", () => {
    const turn = ["Cast", "Add", "Mul", "Identity"];
    const after = operators(checkPasses(adding("3"), unrollLoop, { fires: 1 }));
    assert.deepEqual(after.slice(0, 12), [...turn, ...turn, ...turn]);
    assert.deepEqual(after.slice(12), ["Unsqueeze", "Unsqueeze", "Unsqueeze", "Concat"]);
    checkPasses(adding("8", "yes"), unrollLoop, { fires: 1 });
    checkPasses(adding("2", "", "", "Identity (yes)").replace("(m, , x)", '(m, "", x)'), unrollLoop, { fires: 1 });
  });

  it("leaves long loops, those of unknown length, and those that something else may end", () => {
    checkPasses(adding("9"), unrollLoop, { fires: 0 });
    checkPasses(adding("3", "no"), unrollLoop, { fires: 0 });
    checkPasses(adding("3", '""', "", "Less (i, m)"), unrollLoop, { fires: 0 });
    const given = adding("3").replace("int64 m = {3}, ", "").replace("x)", "x, int64 m)");
    checkPasses(given, unrollLoop, { fires: 0, feeds: [undefined, Storage.from("int64", [3], [])] });
  });

  it("leaves bodies that would become a large graph", () => {
    const long = Array.from({ length: 60 }, (_, i) => `a${i + 1} = Neg (a${i})`).join(" ");
    const text = (count: number) => `main (float[2] x) => (float[2] y) <int64 m = {${count}}>
    { y = Loop (m, "", x) <body = b (int64 i, bool on, float[2] a0) => (bool on, float[2] a60) { ${long} }> }`;
    checkPasses(text(4), unrollLoop, { fires: 1 });
    checkPasses(text(5), unrollLoop, { fires: 0 });
  });

  it("unrolls loops in loops and branches, with states that grow", () => {
    const text = `main (bool c, float[1,2] x) => (float[n,2] y) <int64 two = {2}, int64 three = {3}>
    { y = If (c) <then_branch = g () => (float[p,2] p)
        { p = Loop (two, "", x) <body = b (int64 i, bool on, float[n,2] s) => (bool on, float[m,2] t)
            { e = Neg (s)
              t = Loop (three, "", e) <body = d (int64 j, bool on2, float[n,2] u) => (bool on2, float[m,2] v) { v = Concat <axis = 0> (u, e) }> }> },
      else_branch = h () => (float[1,2] x) {}> }`;
    assert.ok(!operators(checkPasses(text, [unrollLoop, deadCode])).includes("Loop"));
  });

  it("leaves a body that fails in a later turn to fail when it runs", () => {
    const text = `main (float[4] x) => (float[k] y) <int64 m = {3}, int64[1] one = {1}, int64[1] end = {99}>
    { y = Loop (m, "", x) <body = b (int64 i, bool on, float[n] s) => (bool on, float[m] t) { h = Add (s, x) t = Slice (h, one, end) }> }`;
    const graph = graphFrom(text);
    assert.throws(() => runGraph(graph, [Storage.from("float32", [1, 2, 3, 4], [4])]), { code: "BroadcastMismatch" });
    assert.doesNotThrow(() => unrollLoop.run(graph, { target: "portable", step: () => true, enabled: () => true, check: () => {} }));
    assert.deepEqual(operators(graph), ["Loop", "Add", "Slice"]);
  });
});
