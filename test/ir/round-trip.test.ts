// Any graph printed with its weights and read back prints the same, computes the same, and is valid.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Graph } from "../../src/ir/graph.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { printGraph } from "../../src/ir/print.ts";
import { allGraphs, allNodes, cloneGraph, topologicalSort } from "../../src/ir/traverse.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { randomGraph, randomInputs } from "../support/random-graph.ts";

const compute = (graph: Graph, seed: number) =>
  runGraph(graph, randomInputs(seed)).map((v) => ({ shape: asStorage(v).shape, values: asStorage(v).toNumbers() }));
const whole = (graph: Graph) => printGraph(graph, { weights: true });

describe("random graphs", () => {
  it("print, and read back as graphs that print and compute the same, bit for bit", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const graph = randomGraph(seed);
        const text = whole(graph);
        const read = parseGraph(text, registry);
        assert.equal(whole(read), text);
        verifyGraph(read);
        assert.deepEqual(compute(read, seed), compute(graph, seed));
      }),
      { numRuns: 150 },
    );
  });

  it("are copied whole: the copy prints and computes the same and shares no value", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const graph = randomGraph(seed);
        const { graph: copy, values } = cloneGraph(graph);
        verifyGraph(copy);
        assert.equal(whole(copy), whole(graph));
        assert.deepEqual(compute(copy, seed), compute(graph, seed));
        const own = new Set(
          [...allGraphs(graph)].flatMap((g) => [...g.inputs, ...g.initializers, ...[...g.nodes()].flatMap((n) => n.outputs)]),
        );
        for (const [from, to] of values) assert.ok(own.has(from) && !own.has(to));
        assert.equal([...allNodes(copy)].length, [...allNodes(graph)].length);
      }),
      { numRuns: 50 },
    );
  });

  it("are put in order again however their nodes were moved", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 20 }), (seed, moves) => {
        const graph = randomGraph(seed);
        const expected = compute(graph, seed);
        for (const [from, to] of moves) {
          const nodes = [...graph.nodes()];
          const [node, before] = [nodes[from % nodes.length], nodes[to % nodes.length]];
          if (node && before && node !== before) graph.moveBefore(node, before);
        }
        topologicalSort(graph);
        verifyGraph(graph);
        assert.deepEqual(compute(graph, seed), expected);
      }),
      { numRuns: 50 },
    );
  });
});
