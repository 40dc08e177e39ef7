// Arithmetic that changes nothing: x · 1 and its like go, what changes a bit stays.

import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { addZero, neutralElement } from "../../../src/passes/rules/neutral-element.ts";
import { allDTypes, isFloat } from "../../../src/tensor/dtype.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const one = (op: string, k: string, dtype = "float") => `main (${dtype}[2,3] x) => (${dtype}[2,3] y) <${dtype} k = {${k}}>
{ r = Abs (x)
  s = ${op} (r, k)
  y = Abs (s) }`;

describe("neutral-element", () => {
  it("removes x · 1, x / 1, x − 0, x ^ 1, and integers + 0", () => {
    for (const [op, k, dtype] of [
      ["Mul", "1", "float"],
      ["Div", "1", "float"],
      ["Sub", "0", "float"],
      ["Pow", "1", "float"],
      ["Add", "0", "int32"],
      ["Mul", "1", "int64"],
    ] as const)
      assert.deepEqual(operators(checkPasses(one(op, k, dtype), neutralElement, { fires: 1 })), ["Abs", "Abs"], op);
  });

  it("removes the constant from either side of a commutative operator", () => {
    const text = one("Mul", "1").replace("(r, k)", "(k, r)");
    checkPasses(text, neutralElement, { fires: 1 });
    refuses(text.replace("Mul", "Div"), neutralElement, /not constant/);
  });

  it("leaves constants that change a bit", () => {
    for (const [op, k] of [
      ["Mul", "1.0000001"],
      ["Add", "0"],
      ["Sub", "-0.0"],
      ["Mul", "0"],
      ["Pow", "2"],
    ] as const)
      refuses(one(op, k), neutralElement, /not neutral/);
  });

  it("leaves a constant that broadcasts x, and one that a caller may replace", () => {
    refuses(`main (float[3] x) => (float[2,3] y) <float[2,1] k = {1, 1}> { y = Mul (x, k) }`, neutralElement, /shape of the result/);
    refuses(`main (float[3] x, float[1] k = {1}) => (float[3] y) { y = Mul (x, k) }`, neutralElement, /not constant/);
  });

  it("becomes an Identity between an input and an output of the graph", () => {
    assert.deepEqual(operators(checkPasses(`main (float[3] x) => (float[3] y) <float k = {1}> { y = Mul (x, k) }`, neutralElement)), [
      "Identity",
    ]);
  });

  it("keeps every bit, whatever the operator, dtype, constant and shape", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const op = dice.pick(["Add", "Sub", "Mul", "Div", "Pow"]);
        const dtype = dice.pick(
          allDTypes.filter((d) => d !== "string" && d !== "bool" && (op !== "Pow" || isFloat(d) || d === "int32" || d === "int64")),
        );
        const shape = [dice.int(1, 3), dice.int(1, 3)];
        const kShape = dice.pick([[], [1], [shape[1] as number], shape, [1, 1], [2, 1, 1]]);
        const value = dice.pick(op === "Div" ? [1, 1, 2] : isFloat(dtype) ? [0, -0, 1, 2] : [0, 1, 2]);
        const graph = new Graph(registry);
        const x = graph.addInput("x", tensorType(dtype, shape));
        const k = graph.addInitializer(Storage.from(dtype, new Array(kShape.reduce((a, b) => a * b, 1)).fill(value), kShape));
        const inner = graph.add("Identity", [x]);
        const y = graph.add(op, op === "Add" || (op === "Mul" && dice.flip()) ? [k, inner.output] : [inner.output, k]);
        graph.setOutputs([graph.add("Identity", [y.output]).output]);
        checkPasses(graph, neutralElement, { seed });
        checkPasses(graph, [neutralElement, addZero], { seed });
      }),
      { numRuns: 150 },
    );
  });
});

describe("add-zero", () => {
  it("removes a zero of either sign on either side", () => {
    for (const text of [one("Add", "0"), one("Add", "-0.0"), one("Sub", "-0.0"), one("Add", "0").replace("(r, k)", "(k, r)")])
      assert.deepEqual(operators(checkPasses(text, addZero, { fires: 1 })), ["Abs", "Abs"]);
  });

  it("leaves 0 − x and what is not zero", () => {
    refuses(one("Sub", "0").replace("(r, k)", "(k, r)"), addZero, /not constant/);
    refuses(one("Add", "1e-40"), addZero, /not 0/);
  });
});
