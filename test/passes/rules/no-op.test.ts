// Operators that give back what they are given: each case goes, and stays where it would change something or the file needs it.
import assert from "node:assert/strict";
import fc from "fast-check";
import { symbol } from "../../../src/ir/dim.ts";
import { Graph, type Node } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { int64List } from "../../../src/ops/shape.ts";
import { noOp } from "../../../src/passes/rules/no-op.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

/** One operator on `r`, between two Exps. */
const between = (line: string, constants = "", type = "float[2,3]") =>
  `main (${type} x) => (y) ${constants ? `<${constants}>` : ""} { r = Exp (x) s = ${line} y = Exp (s) }`;

const removed: Readonly<Record<string, string>> = {
  Identity: between("Identity (r)"),
  "Dropout in inference": between("Dropout (r)"),
  "Dropout with training_mode false": between(`Dropout (r, "", f)`, "bool f = {0}"),
  "Cast to the same dtype": between("Cast <to = 1> (r)"),
  "Reshape to the same shape": between("Reshape (r, t)", "int64[2] t = {2, -1}"),
  "Reshape that keeps a symbol": between("Reshape (r, t)", "int64[2] t = {0, 3}", "float[n,3]"),
  "Flatten of a matrix": between("Flatten (r)"),
  "Squeeze of nothing": between("Squeeze (r)"),
  "Expand to the same shape": between("Expand (r, t)", "int64[2] t = {1, 3}"),
  "Transpose by the identity": between("Transpose <perm = [0, 1]> (r)"),
  "Transpose of a vector": between("Transpose (r)", "", "float[4]"),
  "Concat of one": between("Concat <axis = 0> (r)"),
  "Max of one": between("Max (r)"),
  "Min of one": between("Min (r)"),
  "Sum of one": between("Sum (r)"),
  "Mean of one": between("Mean (r)"),
  "Split into one": between("Split <num_outputs = 1> (r)"),
  "Tile by 1": between("Tile (r, t)", "int64[2] t = {1, 1}"),
  "Pad by 0": between("Pad (r, t)", "int64[4] t = {0, 0, 0, 0}"),
  "Slice of everything": between("Slice (r, a, b)", "int64[2] a = {0, -3}, int64[2] b = {99, 3}"),
  "Slice to the far end of a symbol": between("Slice (r, a, b)", "int64[1] a = {0}, int64[1] b = {9223372036854775807}", "float[n,3]"),
  "Clip without bounds": between("Clip (r)"),
  "Relu of Relu": between("Relu (r)").replace("r = Exp", "r = Relu"),
  "Abs of Abs": between("Abs (r)").replace("r = Exp", "r = Abs"),
  "Floor of Round": between("Floor (r)").replace("r = Exp", "r = Round"),
};

const kept: Readonly<Record<string, readonly [string, RegExp]>> = {
  "Dropout in training": [between(`Dropout (r, "", t)`, "bool t = {1}"), /training mode/],
  "Cast to another dtype": [between("Cast <to = 11> (r)"), /dtype or shape/],
  "Reshape to another shape": [between("Reshape (r, t)", "int64[2] t = {3, 2}"), /dtype or shape/],
  "Reshape by an input with a default": [
    `main (float[2,3] x, int64[2] t = {2, 3}) => (y) { r = Exp (x) s = Reshape (r, t) y = Exp (s) }`,
    /default a caller may replace/,
  ],
  "Reshape of unknown rank": [between("Reshape (r, t)", "int64[2] t = {2, -1}", "float[]"), /unknown/],
  "Transpose of a matrix": [between("Transpose (r)"), /order of the axes/],
  "Transpose of a square matrix": [between("Transpose (r)", "", "float[3,3]"), /order of the axes/],
  "Concat of two": [between("Concat <axis = 0> (r, r)"), /several/],
  "Sum of two": [between("Sum (r, r)"), /several/],
  "Tile by 2": [between("Tile (r, t)", "int64[2] t = {1, 2}"), /repeats/],
  "Pad and crop": [between("Pad (r, t)", "int64[4] t = {1, 0, -1, 0}"), /pads or crops/],
  "Slice of a part": [between("Slice (r, a, b)", "int64[1] a = {0}, int64[1] b = {1}"), /dtype or shape/],
  "Slice backwards": [
    between("Slice (r, a, b, c, d)", "int64[1] a = {-1}, int64[1] b = {-99}, int64[1] c = {0}, int64[1] d = {-1}"),
    /steps/,
  ],
  "Clip with a bound": [between("Clip (r, t)", "float t = {0}"), /bound/],
  "Relu of what may be negative": [between("Relu (r)"), /negative/],
  "Identity between input and output": [`main (float[2] x) => (float[2] y) { y = Identity (x) }`, /connects/],
  "Identity between a constant and an output": [`main () => (float[2] y) <float[2] c = {1, 2}> { y = Identity (c) }`, /connects/],
  "Identity between two outputs": [
    `main (float[2] x) => (float[2] y, float[2] z) { y = Exp (x) z = Identity (y) }`,
    /an output of the graph already/,
  ],
};

describe("no-op", () => {
  for (const [name, text] of Object.entries(removed))
    it(`removes ${name}`, () => {
      const graph = checkPasses(text, noOp, { fires: 1 });
      assert.equal(operators(graph).length, 2, String(graph));
    });

  for (const [name, [text, reason]] of Object.entries(kept)) it(`keeps ${name}`, () => refuses(text, noOp, reason));

  it("removes inside a branch, and keeps what a branch hands on from outside", () => {
    const graph = checkPasses(
      `main (bool c, float[2] x) => (float[2] y)
      { y = If (c) <then_branch = yes () => (float[2] p) { e = Exp (x) p = Identity (e) },
                    else_branch = no () => (float[2] q) { q = Identity (x) }> }`,
      noOp,
      { fires: 1 },
    );
    assert.deepEqual(operators(graph), ["If", "Exp", "Identity"]);
  });

  it("keeps every bit for random chains of them", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const n = dice.flip() ? symbol("n") : 2;
        let value = graph.addInput("x", tensorType("float32", [n, dice.pick([1, 3])]));
        const list = (...values: number[]) => graph.addInitializer(int64List(values));
        for (let i = dice.int(1, 5); i > 0; i--)
          value = dice.pick<() => Node>([
            () => graph.add("Identity", [value]),
            () => graph.add("Relu", [value]),
            () =>
              graph.add("Reshape", [
                value,
                list(
                  ...dice.pick([
                    [0, 0],
                    [-1, 1],
                  ]),
                ),
              ]),
            () => graph.add("Transpose", [value], dice.flip() ? { perm: [0, 1] } : { perm: [1, 0] }),
            () => graph.add("Slice", [value, list(dice.int(-3, 1)), list(dice.pick([1, 9, 2 ** 40])), list(dice.int(0, 1))]),
            () => graph.add("Pad", [value, list(0, dice.int(0, 1), 0, 0)]),
            () => graph.add("Tile", [value, list(1, dice.int(1, 2))]),
            () => graph.add("Floor", [value]),
            () => graph.add("Concat", dice.flip() ? [value] : [value, value], { axis: 0 }),
            () => graph.add("Split", [value], { num_outputs: 1, axis: 1 }),
            () => graph.add("Cast", [value], { to: 1 }),
          ])().output;
        graph.setOutputs([value]);
        checkPasses(graph, noOp, { seed });
      }),
      { numRuns: 200 },
    );
  });
});
