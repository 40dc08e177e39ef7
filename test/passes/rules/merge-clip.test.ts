// Bounds in a row, and bounds that bound nothing.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { dropClipBound, mergeClip } from "../../../src/passes/rules/merge-clip.ts";
import { noOp } from "../../../src/passes/rules/no-op.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const text = (first: string, second: string, constants = "float a = {-1}, float b = {6}, float c = {0}, float d = {9}") =>
  `main (float[50] x) => (float[50] y) <${constants}> { r = ${first} y = ${second} }`;
const bounds = (graph: Graph) => graph.firstNode?.inputs.slice(1).map((v) => v?.storage?.toNumbers()[0]);

describe("merge-clip", () => {
  it("keeps the tighter bounds of two that overlap", () => {
    const graph = checkPasses(text("Clip (x, a, b)", "Clip (r, c, d)"), mergeClip, { fires: 1 });
    assert.deepEqual(bounds(graph), [0, 6]);
  });

  it("takes Relu as Clip(0, ∞) on either side", () => {
    assert.deepEqual(bounds(checkPasses(text("Relu (x)", "Clip (r, a, b)"), mergeClip, { fires: 1 })), [0, 6]);
    assert.deepEqual(bounds(checkPasses(text("Clip (x, a, b)", "Relu (r)"), mergeClip, { fires: 1 })), [0, 6]);
    assert.deepEqual(operators(checkPasses(text("Clip (x, a)", "Relu (r)"), mergeClip, { fires: 1 })), ["Relu"]);
  });

  it("makes one number of ranges that do not meet", () => {
    const graph = checkPasses(text("Clip (x, a, c)", "Clip (r, b, d)"), mergeClip, { fires: 1 });
    assert.deepEqual(bounds(graph), [6, 6]);
  });

  it("says no to bounds that are computed, NaN, or of 64 bits", () => {
    refuses(`main (float[5] x, float a) => (float[5] y) { r = Clip (x, a) y = Relu (r) }`, mergeClip, /not constant/);
    refuses(text("Clip (x, a)", "Clip (r, b)", "float a = {nan}, float b = {1}"), mergeClip, /NaN/);
    refuses(`main (int64[5] x) => (int64[5] y) <int64 a = {3}> { r = Clip (x, a) y = Relu (r) }`, mergeClip, /64 bits/);
  });

  it("computes the same for random bounds, crossed and infinite ones included", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const dtype = dice.pick(["float32", "float64", "float16", "int32", "int8"] as const);
        const graph = new Graph(registry);
        let value = graph.addInput("x", tensorType(dtype, [40]));
        const limits = dtype.startsWith("float") ? [-1, 0, 0.5, 2, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] : [-5, -1, 0, 3, 7];
        const limit = () =>
          dice.flip() ? graph.addInitializer(Storage.from(dtype, [dice.pick(limits)], dice.pick([[], [1]]))) : undefined;
        for (let i = dice.int(2, 4); i > 0; i--)
          value = dice.flip() ? graph.add("Relu", [value]).output : graph.add("Clip", [value, limit(), limit()]).output;
        graph.setOutputs([value]);
        checkPasses(graph, [noOp, mergeClip, dropClipBound], { seed });
      }),
      { numRuns: 250 },
    );
  });
});

describe("drop-clip-bound", () => {
  const one = (type: string, constants: string, call: string) =>
    `main (${type}[50] x) => (${type}[50] y) <${constants}> { r = Neg (x) c = ${call} y = Neg (c) }`;

  it("drops infinite bounds, and the whole Clip where nothing bounds", () => {
    const low = `float a = {-inf}, float b = {6}`;
    assert.deepEqual(
      bounds(checkPasses(`main (float[9] x) => (float[9] y) <${low}> { y = Clip (x, a, b) }`, dropClipBound, { fires: 1 })),
      [undefined, 6],
    );
    assert.deepEqual(operators(checkPasses(one("float", "float a = {-inf}, float b = {inf}", "Clip (r, a, b)"), dropClipBound)), [
      "Neg",
      "Neg",
    ]);
  });

  it("drops the ends of an integer dtype", () => {
    assert.deepEqual(operators(checkPasses(one("int8", "int8 a = {-128}, int8 b = {127}", "Clip (r, a, b)"), dropClipBound)), [
      "Neg",
      "Neg",
    ]);
    assert.deepEqual(operators(checkPasses(one("int64", "int64 a = {-9223372036854775808}", "Clip (r, a)"), dropClipBound)), [
      "Neg",
      "Neg",
    ]);
  });

  it("keeps the largest finite float: infinity lies beyond it", () => {
    refuses(one("float", "float b = {3.4028234663852886e38}", `Clip (r, "", b)`), dropClipBound, /finite/);
    refuses(one("int64", "int64 a = {-9223372036854775807}", "Clip (r, a)"), dropClipBound, /finite/);
  });
});
