// Operators with an effect: what raises must raise after all passes, in the same place, and nowhere else.
import assert from "node:assert/strict";
import { parseGraph } from "../../src/ir/parse.ts";
import { removeDeadNodes } from "../../src/ir/traverse.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { optimize } from "../../src/passes/optimize.ts";
import type { Target } from "../../src/passes/pass.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { operators } from "../support/check-rule.ts";

const bool = (value: boolean) => Storage.from("bool", [value], []);
const x = Storage.from("float32", [1, -2], [2]);
const targets: readonly Target[] = ["portable", "onnxruntime"];

/** An If that raises for true; nobody reads what it gives. */
const unread = `main (bool c, float[2] x) => (float[2] y)
{ u = If (c) <then_branch = g () => (float[2] k) <float[2] k = {0, 0}> { r = ingot.Raise <message = "late"> () },
              else_branch = h () => (float[2] n) { n = Neg (x) }>
  y = Relu (x) }`;

describe("operators that raise", () => {
  it("end the run with the message", () => {
    const graph = parseGraph('main () => (bool r) { r = ingot.Raise <message = "no {braces}"> () }', registry);
    assert.throws(() => runGraph(graph, []), { code: "RaisedError", name: "EngineError", summary: "no {braces}" });
  });

  for (const target of targets) {
    it(`stay for ${target}, with the If around them, when nobody reads what they give`, () => {
      const { graph } = optimize(parseGraph(unread, registry), { target });
      assert.throws(() => runGraph(graph, [bool(true), x]), { code: "RaisedError", summary: "late" });
      assert.deepEqual(asStorage(runGraph(graph, [bool(false), x])[0]).toNumbers(), [1, 0]);
      assert.deepEqual(operators(graph), ["If", "ingot.Raise", "Neg", "Relu"]);
    });

    it(`are neither merged for ${target}, nor moved out of the branch they stand in`, () => {
      const raise = 'ingot.Raise <message = "same"> ()';
      const text = `main (bool c, bool d, float[2] x) => (float[2] y)
      { y = If (c) <then_branch = g () => (float[2] p)
          { p = If (d) <then_branch = s () => (float[2] k) <float[2] k = {0, 0}> { r = ${raise} },
                        else_branch = t () => (float[2] n) { n = Neg (x) }> },
        else_branch = h () => (float[2] e) { e = Exp (x) }> }`;
      const { graph } = optimize(parseGraph(text, registry), { target });
      for (const [c, d] of [
        [false, true],
        [false, false],
        [true, false],
      ] as const)
        assert.doesNotThrow(() => runGraph(graph, [bool(c), bool(d), x]));
      assert.throws(() => runGraph(graph, [bool(true), bool(true), x]), { summary: "same" });
      const two = optimize(parseGraph(`main () => (bool r, bool s) { r = ${raise} s = ${raise} }`, registry), { target }).graph;
      assert.deepEqual(operators(two), ["ingot.Raise", "ingot.Raise"]);
    });
  }

  it("stay alone of a branch that a constant condition takes, and go with one that is never taken", () => {
    const taken = (c: number) =>
      operators(optimize(parseGraph(unread.replace("bool c, ", "").replace("y)", `y) <bool c = {${c}}>`), registry)).graph);
    assert.deepEqual(taken(1), ["ingot.Raise", "Relu"]);
    assert.deepEqual(taken(0), ["Relu"]);
  });

  it("stay when dead nodes are removed by hand", () => {
    const graph = parseGraph(unread, registry);
    assert.deepEqual(removeDeadNodes(graph), []);
    assert.throws(() => runGraph(graph, [bool(true), x]), { summary: "late" });
  });
});
