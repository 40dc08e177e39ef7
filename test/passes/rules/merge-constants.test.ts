// Constants in a row.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { mergeAdds, mergeMuls } from "../../../src/passes/rules/merge-constants.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const text = (first: string, second: string, c = "8", d = "2", type = "float") =>
  `main (${type}[3] x) => (${type}[3] y) <${type} c = {${c}}, ${type} d = {${d}}> { p = ${first} y = ${second} }`;
const made = (graph: Graph) => [graph.firstNode?.op, graph.firstNode?.inputs[1]?.storage?.toNumbers()[0]];

describe("merge-adds", () => {
  it("adds and subtracts in any order", () => {
    assert.deepEqual(made(checkPasses(text("Add (x, c)", "Add (d, p)"), mergeAdds, { fires: 1 })), ["Add", 10]);
    assert.deepEqual(made(checkPasses(text("Add (x, c)", "Sub (p, d)"), mergeAdds, { fires: 1 })), ["Add", 6]);
    assert.deepEqual(made(checkPasses(text("Sub (x, c)", "Add (p, d)"), mergeAdds, { fires: 1 })), ["Sub", 6]);
    assert.deepEqual(made(checkPasses(text("Sub (x, c)", "Sub (p, d)"), mergeAdds, { fires: 1 })), ["Sub", 10]);
  });

  it("keeps constants that cancel each other: they round x", () => {
    refuses(text("Add (x, c)", "Sub (p, d)", "12582912", "12582912"), mergeAdds, /cancel/);
    refuses(text("Add (x, c)", "Sub (p, d)", "12582912", "12582900"), mergeAdds, /cancel/);
    assert.deepEqual(made(checkPasses(text("Add (x, c)", "Sub (p, d)", "7", "7", "int32"), mergeAdds, { fires: 1 })), ["Add", 0]);
  });

  it("says no to c − x, a second reader, overflow, and two constants that make a larger one", () => {
    refuses(text("Sub (c, x)", "Add (p, d)"), mergeAdds, /not constant|constant/);
    refuses(text("Add (x, c)", "Sub (p, d)").replace("[3] y", "[3] y, float[3] p"), mergeAdds, /2 readers/);
    refuses(text("Add (x, c)", "Add (p, d)", "3e38", "3e38"), mergeAdds, /finite/);
    refuses(`main (float[3] x) => (y) <float[3] c = {1,2,3}, float[2,1] d = {1,2}> { p = Add (x, c) y = Add (p, d) }`, mergeAdds, /larger/);
  });
});

describe("merge-muls", () => {
  it("multiplies and divides in any order", () => {
    assert.deepEqual(made(checkPasses(text("Mul (x, c)", "Mul (p, d)"), mergeMuls, { fires: 1 })), ["Mul", 16]);
    assert.deepEqual(made(checkPasses(text("Mul (x, c)", "Div (p, d)"), mergeMuls, { fires: 1 })), ["Mul", 4]);
    assert.deepEqual(made(checkPasses(text("Div (x, c)", "Mul (p, d)"), mergeMuls, { fires: 1 })), ["Mul", 0.25]);
    assert.deepEqual(made(checkPasses(text("Div (x, c)", "Div (p, d)"), mergeMuls, { fires: 1 })), ["Mul", 0.0625]);
  });

  it("says no to c / x, integer division, and products out of range", () => {
    refuses(text("Div (c, x)", "Mul (p, d)"), mergeMuls, /constant/);
    refuses(text("Mul (x, c)", "Div (p, d)", "8", "2", "int32"), mergeMuls, /integers are divided/);
    refuses(text("Mul (x, c)", "Mul (p, d)", "1e30", "1e30"), mergeMuls, /large/);
    refuses(text("Mul (x, c)", "Mul (p, d)", "1e-30", "1e-30"), mergeMuls, /small/);
    refuses(text("Mul (x, c)", "Div (p, d)", "8", "0"), mergeMuls, /too large|small/);
  });
});

describe("both rules", () => {
  it("compute the same for random chains, shapes and dtypes", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const dtype = dice.pick(["float32", "float64", "float16", "int32", "int64", "uint8"] as const);
        const graph = new Graph(registry);
        let value = graph.addInput("x", tensorType(dtype, [2, 3]));
        const kind = dice.pick([["Add", "Sub"], dtype.includes("int") ? ["Mul"] : ["Mul", "Div"]]);
        for (let i = dice.int(2, 4); i > 0; i--) {
          const shape = dice.pick([[], [1], [3], [2, 1], [2, 3]]);
          const k = graph.addInitializer(dtype.includes("int") ? dice.storage(shape, dtype) : dice.positive(shape, dtype));
          const op = dice.pick(kind);
          value = graph.add(op, op !== "Div" && dice.int(0, 4) === 0 ? [k, value] : [value, k]).output;
        }
        graph.setOutputs([value]);
        checkPasses(graph, [mergeAdds, mergeMuls], { seed });
      }),
      { numRuns: 200 },
    );
  });

  it("leave one operator of a long chain", () => {
    const graph = checkPasses(text("Mul (x, c)", "Mul (q, d)").replace("y =", "q = Mul (p, c) y ="), mergeMuls, { fires: 2 });
    assert.deepEqual(operators(graph), ["Mul"]);
    assert.ok(graph.firstNode?.inputs[1]?.storage instanceof Storage);
  });
});
