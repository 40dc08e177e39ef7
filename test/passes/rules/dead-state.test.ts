// What control flow gives or carries to no purpose.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Graph } from "../../../src/ir/graph.ts";
import { deadCode } from "../../../src/passes/rules/dead-code.ts";
import { deadState } from "../../../src/passes/rules/dead-state.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, Dice, operators } from "../../support/check-rule.ts";

const int64 = (value: number) => Storage.from("int64", [value], []);
const three = { feeds: [int64(3)] };
const outputsOf = (graph: Graph, op: string) => [...graph.nodes()].find((n) => n.op === op)?.outputs.length;
const inputsOf = (graph: Graph, op: string) => [...graph.nodes()].find((n) => n.op === op)?.inputs.length;

describe("dead-state", () => {
  it("drops outputs of an If that nobody reads, and what only they need", () => {
    const text = `main (bool c, float[2] x) => (float[2] z)
    { y, z, w = If (c) <then_branch = g () => (float[2] p, float[2] q, float[2] r) { p = Exp (x) q = Neg (x) r = Abs (q) },
                        else_branch = h () => (float[2] x, float[2] x, float[2] s) { s = Tan (x) }> }`;
    const after = checkPasses(text, [deadState, deadCode]);
    assert.deepEqual(operators(after), ["If", "Neg"]);
    assert.equal(outputsOf(after, "If"), 1);
  });

  it("lets readers read what both branches hand on", () => {
    const text = `main (bool c, float[2] x) => (float[2] z, float[2] w)
    { e = Exp (x)
      y, v, w = If (c) <then_branch = g () => (float[2] e, float[2] p, float[2] x) { p = Exp (x) }, else_branch = h () => (float[2] e, float[2] x, float[2] x) {}>
      z = Add (y, v) }`;
    const after = checkPasses(text, deadState, { fires: 1 });
    assert.equal(outputsOf(after, "If"), 1);
    assert.ok(operators(after).includes("Identity"));
  });

  it("keeps an If that raises, with one output", () => {
    const text = `main (bool c, float[2] x) => (float[2] y)
    { u, v = If (c) <then_branch = g () => (float[2] x, float[2] k) <float[2] k = {1, 2}> { r = ingot.Raise <message = "m"> () }, else_branch = h () => (float[2] x, float[2] x) {}>
      y = Neg (x) }`;
    const after = checkPasses(text, [deadState, deadCode], { feeds: [Storage.from("bool", [0], [])] });
    assert.equal(outputsOf(after, "If"), 1);
    assert.ok(operators(after).includes("ingot.Raise"));
  });

  it("drops states and scan outputs of a Loop that nobody reads, but not those that the condition or others read", () => {
    const text = `main (int64 m, float[2] x, float a) => (float[2] y)
    { y, d, n, z = Loop (m, "", x, x, a) <body = b (int64 i, bool on, float[2] s, float[2] u, float q) => (bool go, float[2] t, float[2] v, float p, float[2] t)
        { t = Add (s, x) v = Mul (u, t) p = Add (q, q) big = Less (q, p) go = Identity (big) }> }`;
    const after = checkPasses(text, [deadState, deadCode], { feeds: [int64(3), undefined, Storage.from("float32", [1], [])] });
    assert.deepEqual([outputsOf(after, "Loop"), inputsOf(after, "Loop")], [2, 4]);
    assert.ok(!operators(after).includes("Mul"));
  });

  it("lets the body read what a state that never changes starts with, whatever it calls its sizes", () => {
    const text = `main (int64 m, float[n] x, float[n] w) => (float[n] y, float[n] k)
    { e = Exp (w)
      y, k = Loop (m, "", x, e) <body = b (int64 i, bool on, float[n] s, float[m] f) => (bool on, float[n] t, float[m] g) { g = Identity (f) t = Add (s, f) }> }`;
    for (const options of [three, { feeds: [int64(0)] }]) {
      const after = checkPasses(text, [deadState, deadCode], options);
      assert.deepEqual([outputsOf(after, "Loop"), inputsOf(after, "Loop")], [1, 3]);
    }
  });

  it("keeps one state of a loop that only raises, with the states that it reads", () => {
    const text = `main (int64 m, float a, float[2] x) => (float[2] y)
    { u, v = Loop (m, "", a, a) <body = b (int64 i, bool on, float s, float t) => (bool on, float p, float q)
        { p = Add (s, t) q = Neg (t) bad = Less (s, s)
          r = If (bad) <then_branch = g () => (float s) { e = ingot.Raise <message = "m"> () }, else_branch = h () => (float t) {}> }>
      y = Neg (x) }`;
    const after = checkPasses(text, [deadState, deadCode], three);
    assert.ok(operators(after).includes("ingot.Raise"));
  });

  it("drops scan outputs of a Scan with their axes and directions", () => {
    const text = `main (float[3,2] x) => (float[2] y, float[2,3] c) <float[2] zero = {0, 0}>
    { y, d, a, c = Scan (zero, zero, x) <num_scan_inputs = 1, scan_output_axes = [0, 1], scan_output_directions = [0, 1],
        body = b (float[2] s, float[2] u, float[2] row) => (float[2] t, float[2] v, float[2] p, float[2] q)
        { t = Add (s, row) v = Mul (u, row) p = Neg (v) q = Exp (row) }> }`;
    const after = checkPasses(text, [deadState, deadCode]);
    assert.deepEqual(operators(after), ["Scan", "Add", "Exp"]);
    const scan = [...after.nodes()][0];
    assert.deepEqual([scan?.attributes.scan_output_axes, scan?.attributes.scan_output_directions], [[1], [1]]);
  });

  it("gives what loops of any states give, whichever of them are read", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const states = ["s", "t", "u", "v"];
        const next = states.map((s) =>
          dice.pick([
            s,
            `Identity (${s})`,
            `Add (${s}, ${dice.pick(states)})`,
            `Mul (${dice.pick([...states, "x"])}, x)`,
            `Neg (${dice.pick(states)})`,
          ]),
        );
        const nodes = next.map((text, k) => `n${k} = ${text.includes("(") ? text : `Identity (${text})`}`);
        const given = next.map((text, k) => (text.includes("(") ? `n${k}` : text));
        const read = ["a", "b", "c", "d", "e"].filter(() => dice.flip());
        const text = `main (int64 m, float[2] x) => (float[?] r, int64 m)
        { a, b, c, d, e = Loop (m, "", x, x, x, x) <body = g (int64 i, bool on, ${states.map((s) => `float[2] ${s}`).join(", ")}) => (bool on, ${given.map((s) => `float[2] ${s}`).join(", ")}, float[2] ${dice.pick(states)})
            { ${nodes.join(" ")} }>
          r = Concat <axis = 0> (${["x", ...read.map((v) => (v === "e" ? "f" : v))].join(", ")})
          one = Constant <value_ints = [-1]> () f = Reshape (e, one) }`;
        const ordered = text.replace(/(\s+r = Concat[^\n]*)\n([^\n]*f = Reshape \(e, one\)) }/, "\n$2\n$1 }");
        checkPasses(ordered, [deadState, deadCode], { feeds: [int64(dice.int(0, 3))], seed });
      }),
      { numRuns: 60 },
    );
  });
});
