// Where with a constant or a negated condition.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { constantWhere, notWhere } from "../../../src/passes/rules/simplify-where.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const constant = (values: string, shapes = ["2", "2"]) => `main (float[${shapes[0]}] x, float[${shapes[1]}] y) => (z)
<bool[${values.split(",").length}] c = {${values}}> { a = Exp (x) b = Neg (y) w = Where (c, a, b) z = Neg (w) }`;

describe("constant-where", () => {
  it("takes x for true and y for false", () => {
    const operatorsAfter = (values: string) => {
      const graph = checkPasses(constant(values), constantWhere, { fires: 1 });
      return graph.lastNode?.inputs[0]?.producer?.op;
    };
    assert.equal(operatorsAfter("1, 1"), "Exp");
    assert.equal(operatorsAfter("0, 0"), "Neg");
  });

  it("says no to a mixed condition, and to one that broadcasts the side it takes", () => {
    refuses(constant("1, 0"), constantWhere, /both sides/);
    refuses(constant("1, 1", ["1", "2"]), constantWhere, /shape of the result/);
    refuses(constant("1, 1").replace("<bool[2] c = {1, 1}>", "").replace("y)", "y, bool[2] c = {1, 1})"), constantWhere, /not constant/);
  });
});

describe("not-where", () => {
  it("exchanges the sides", () => {
    const text = `main (bool[2] c, float[2] x, float[2] y) => (float[2] z) { n = Not (c) z = Where (n, x, y) }`;
    assert.deepEqual(operators(checkPasses(text, notWhere, { fires: 1 })), ["Where"]);
    assert.deepEqual(operators(checkPasses(text.replace("z)", "z, bool[2] n)"), notWhere, { fires: 1 })), ["Not", "Where"]);
  });

  it("says no to a condition that is not negated", () => {
    refuses(`main (bool[2] c, float[2] x, float[2] y) => (float[2] z) { z = Where (c, x, y) }`, notWhere, /graph input/);
  });
});

describe("both rules on Where", () => {
  it("keep every bit for random shapes and conditions", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const shape = () => Array.from({ length: dice.int(0, 2) }, () => dice.pick([1, 1, 3]));
        const [c, x, y] = [shape(), shape(), shape()];
        const n = c.reduce((a, b) => a * b, 1);
        const fixed = Storage.from("bool", new Array(n).fill(dice.flip()), c);
        let condition = dice.flip() ? graph.addInitializer(fixed) : graph.addInput("c", tensorType("bool", c));
        for (let i = dice.int(0, 2); i > 0; i--) condition = graph.add("Not", [condition]).output;
        graph.setOutputs([
          graph.add("Where", [condition, graph.addInput("x", tensorType("float32", x)), graph.addInput("y", tensorType("float32", y))])
            .output,
        ]);
        checkPasses(graph, [constantWhere, notWhere], { seed });
      }),
      { numRuns: 150 },
    );
  });
});
