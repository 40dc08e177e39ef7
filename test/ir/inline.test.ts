// Inlining a graph into another: what it computes, what it shares, which places it names, and its sub-graphs.
import assert from "node:assert/strict";
import { symbol } from "../../src/ir/dim.ts";
import { Graph } from "../../src/ir/graph.ts";
import { inlineGraph } from "../../src/ir/inline.ts";
import { allNodes } from "../../src/ir/traverse.ts";
import { formatType, tensorType } from "../../src/ir/type.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { randomGraph, randomInputs } from "../support/random-graph.ts";

describe("inlining a graph", () => {
  it("reads the given values in place of the inputs, infers types anew and shares constants", () => {
    const source = new Graph(registry, "scale");
    const a = source.addInput("a", tensorType("float32", [symbol("n")]));
    const two = Storage.from("float32", [2], []);
    source.setOutputs([source.add("Mul", [a, source.addInitializer(two)], {}, { provenance: [{ scope: "inner" }] }).output], ["b"]);
    const target = new Graph(registry);
    const x = target.addInput("x", tensorType("float32", [3]));
    const [y] = inlineGraph(target, source, [x], { provenance: [{ scope: "outer" }] });
    target.setOutputs([y as never], ["y"]);
    verifyGraph(target);
    assert.equal(formatType(target.outputs[0]?.type as never), "float[3]");
    assert.deepEqual([...target.nodes()][0]?.provenance, [{ scope: "outer" }, { scope: "inner" }]);
    assert.equal([...target.initializers][0]?.storage, two);
    assert.deepEqual(asStorage(runGraph(target, [Storage.from("float32", [1, 2, 3], [3])])[0]).toNumbers(), [2, 4, 6]);
    assert.equal(source.nodeCount, 1);
  });

  it("leaves what a body captures from around as it is: constants are not copied, defaults stay defaults", () => {
    const target = new Graph(registry);
    const x = target.addInput("x", tensorType("float32", []));
    x.storage = Storage.from("float32", [5], []);
    const two = target.addInitializer(Storage.from("float32", [2], []));
    const body = new Graph(registry, "body", target);
    const a = body.addInput("a", tensorType("float32", []));
    const three = body.addInitializer(Storage.from("float32", [3], []));
    body.setOutputs([body.add("Add", [body.add("Mul", [a, two]).output, body.add("Mul", [x, three]).output]).output]);
    target.setOutputs(inlineGraph(target, body, [x]), ["y"]);
    assert.equal(target.initializers.size, 2);
    // 7 · 2 + 7 · 3, not 7 · 2 + 5 · 3.
    assert.deepEqual(asStorage(runGraph(target, [Storage.from("float32", [7], [])])[0]).toNumbers(), [35]);
  });

  it("twice, one after the other, computes the composition", () => {
    for (let seed = 0; seed < 40; seed++) {
      const source = randomGraph(seed, 6);
      const target = new Graph(registry);
      const [x, y] = ["x", "y"].map((name) => target.addInput(name, tensorType("float32", [2, 3])));
      if (!x || !y) throw new Error("two inputs");
      const [first] = inlineGraph(target, source, [x, y]);
      const results = first ? inlineGraph(target, source, [first, x]) : [];
      target.setOutputs(
        results,
        results.map((_, i) => `r${i}`),
      );
      verifyGraph(target);
      const [a, b] = randomInputs(seed) as [Storage, Storage];
      const once = asStorage(runGraph(source, [a, b])[0]);
      const expected = runGraph(source, [once, a]).map((v) => asStorage(v).toNumbers());
      assert.deepEqual(
        runGraph(target, [a, b]).map((v) => asStorage(v).toNumbers()),
        expected,
      );
      assert.equal([...allNodes(target)].length, 2 * [...allNodes(source)].length);
    }
  });
});
