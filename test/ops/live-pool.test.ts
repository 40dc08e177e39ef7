import assert from "node:assert/strict";
import { Graph, type Value } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { LivePool } from "../../src/ops/live-pool.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";

const size = 64 * 64;
const bytes = 4 * size;
const x = Storage.from(
  "float32",
  Array.from({ length: size }, (_, i) => i % 7),
  [64, 64],
);

/** Runs a graph of `x: float32[64, 64]` and gives the bytes that were newly allocated for its values. */
function allocated(build: (g: Graph, x: Value) => readonly Value[], check?: (outputs: Storage[]) => void): number {
  const graph = new Graph(registry);
  const input = graph.addInput("x", tensorType("float32", [64, 64]));
  const outputs = build(graph, input);
  graph.setOutputs(
    outputs,
    outputs.map((_, i) => `y${i}`),
  );
  const pool = new LivePool();
  const kept = x.toNumbers();
  const results = runGraph(graph, [x], { pool }) as Storage[];
  assert.deepEqual(x.toNumbers(), kept, "the input was overwritten");
  check?.(results);
  return pool.allocatedBytes;
}

describe("memory reuse while a graph runs", () => {
  it("needs two buffers for a chain, however long", () => {
    const chain = (g: Graph, v: Value) => {
      let at = v;
      for (let i = 0; i < 30; i++) at = g.add("Neg", [at]).output;
      return [at];
    };
    assert.equal(
      allocated(chain, ([y]) => assert.deepEqual(y?.toNumbers(), x.toNumbers())),
      2 * bytes,
    );
  });

  it("keeps a value that a later node reads: one buffer more for a residual connection", () => {
    const residual = (g: Graph, v: Value) => {
      let at = v;
      for (let i = 0; i < 10; i++) at = g.add("Add", [at, g.add("Neg", [g.add("Neg", [at]).output]).output]).output;
      return [at];
    };
    const doubled = ([y]: Storage[]) =>
      assert.deepEqual(
        y?.toNumbers(),
        x.toNumbers().map((v) => v * 1024),
      );
    assert.equal(allocated(residual, doubled), 3 * bytes);
  });

  it("does not hand out a buffer on which a view still lives, or an output", () => {
    const views = (g: Graph, v: Value) => {
      const negated = g.add("Neg", [v]).output;
      const turned = g.add("Transpose", [negated]).output; // a view of it
      const other = g.add("Abs", [g.add("Neg", [v]).output]).output;
      return [g.add("Transpose", [turned]).output, other, g.add("Neg", [g.add("Exp", [v]).output]).output];
    };
    allocated(views, ([a, b, c]) => {
      assert.deepEqual(
        a?.toNumbers(),
        x.toNumbers().map((v) => -v),
      );
      assert.deepEqual(b?.toNumbers(), x.toNumbers());
      assert.ok(Math.abs((c?.toNumbers()[1] as number) + Math.E) < 1e-6);
    });
  });

  it("frees what nobody reads at once", () => {
    const unread = (g: Graph, v: Value) => {
      for (let i = 0; i < 10; i++) g.add("Exp", [v]);
      return [g.add("Neg", [v]).output];
    };
    assert.equal(allocated(unread), bytes);
  });
});
