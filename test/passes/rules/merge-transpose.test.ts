// Transpositions in a row, and those that only move axes of size 1.
import assert from "node:assert/strict";
import fc from "fast-check";
import { symbol } from "../../../src/ir/dim.ts";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { mergeTranspose, transposeToReshape } from "../../../src/passes/rules/merge-transpose.ts";
import { noOp } from "../../../src/passes/rules/no-op.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

describe("merge-transpose", () => {
  const text = (p: string, q: string) => `main (float[2,3,4] x) => (float[${q.includes("0, 1, 2") ? "2,3,4" : "?,?,?"}] y)
  { n = Neg (x)
    t = Transpose ${p} (n)
    u = Transpose ${q} (t)
    y = Neg (u) }`;

  it("composes permutations", () => {
    const graph = checkPasses(text("<perm = [1, 2, 0]>", "<perm = [0, 2, 1]>"), mergeTranspose, { fires: 1 });
    assert.deepEqual(graph.firstNode?.next?.attributes.perm, [1, 0, 2]);
  });

  it("leaves nothing of two that cancel", () => {
    assert.deepEqual(operators(checkPasses(text("<perm = [1, 2, 0]>", "<perm = [2, 0, 1]>"), [mergeTranspose, noOp])), ["Neg", "Neg"]);
    assert.deepEqual(operators(checkPasses(text("", ""), [mergeTranspose, noOp])), ["Neg", "Neg"]);
  });

  it("says no while the rank is unknown", () => {
    refuses(`main (float[] x) => (float[] y) { t = Transpose (x) y = Transpose (t) }`, mergeTranspose, /rank is unknown/);
  });

  it("keeps every bit for random permutations and shapes", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const rank = dice.int(1, 4);
        const graph = new Graph(registry);
        const shape = Array.from({ length: rank }, (_, i) => (dice.flip() ? dice.int(1, 3) : dice.flip() ? 1 : symbol(`d${i}`)));
        let value = graph.addInput("x", tensorType("float32", shape));
        for (let i = dice.int(1, 4); i > 0; i--)
          value = graph.add("Transpose", [value], dice.flip() ? {} : { perm: dice.permutation(rank) }).output;
        graph.setOutputs([value]);
        checkPasses(graph, [mergeTranspose, transposeToReshape, noOp], { seed });
      }),
      { numRuns: 150 },
    );
  });
});

describe("transpose-to-reshape", () => {
  it("writes a Transpose that moves a 1 as a Reshape", () => {
    const graph = checkPasses(`main (float[b,1,5] x) => (float[b,5,1] y) { y = Transpose <perm = [0, 2, 1]> (x) }`, transposeToReshape, {
      fires: 1,
    });
    assert.deepEqual(graph.firstNode?.inputs[1]?.storage?.toNumbers(), [0, 5, 1]);
  });

  it("leaves real transpositions, identities, and two symbols that move", () => {
    refuses(`main (float[2,3] x) => (float[3,2] y) { y = Transpose (x) }`, transposeToReshape, /change their order/);
    refuses(`main (float[2,3] x) => (float[2,3] y) { y = Transpose <perm = [0, 1]> (x) }`, transposeToReshape, /moves nothing/);
    refuses(`main (float[1,a,b] x) => (float[a,b,1] y) { y = Transpose <perm = [1, 2, 0]> (x) }`, transposeToReshape, /no constant target/);
  });
});
