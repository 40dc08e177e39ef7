// If and Loop: branches, captured values, states, scan outputs, zero and endless iterations, types that meet.
import assert from "node:assert/strict";
import { symbol } from "../../src/ir/dim.ts";
import { Graph, type Value } from "../../src/ir/graph.ts";
import { formatType, tensorType } from "../../src/ir/type.ts";
import { LivePool } from "../../src/ops/live-pool.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph, runGraphInSlices } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, i64 } from "../support/run-op.ts";

const bool = (v: boolean) => Storage.from("bool", [v], []);
const int64 = (v: number) => i64([v], []);

/** A graph and a way to make bodies in it. */
function outer() {
  const graph = new Graph(registry);
  const body = (name: string, build: (g: Graph) => readonly Value[]) => {
    const g = new Graph(registry, name, graph);
    g.setOutputs(build(g));
    return g;
  };
  return { graph, body };
}

const numbers = (graph: Graph, inputs: readonly Storage[]) => runGraph(graph, inputs).map((v) => asStorage(v).toNumbers());

describe("If", () => {
  function choose() {
    const { graph, body } = outer();
    const cond = graph.addInput("cond", tensorType("bool", []));
    const x = graph.addInput("x", tensorType("float32", [symbol("n"), 2]));
    const then_branch = body("then", (g) => [g.add("Relu", [x]).output]);
    const else_branch = body("else", (g) => [g.add("Slice", [x, g.addInitializer(i64([0])), g.addInitializer(i64([1]))]).output]);
    const node = graph.add("If", [cond], { then_branch, else_branch });
    graph.setOutputs(node.outputs);
    return { graph, node };
  }

  it("runs the branch that the condition chooses, with captured values", () => {
    const { graph } = choose();
    const x = f32([2, 2], [-1, 2, -3, 4]);
    assert.deepEqual(numbers(graph, [bool(true), x]), [[0, 2, 0, 4]]);
    assert.deepEqual(numbers(graph, [bool(false), x]), [[-1, 2]]);
  });

  it("has the type that both branches share", () => {
    assert.equal(formatType(choose().node.output.type), "float[?,2]");
  });

  it("refuses branches of different dtypes or numbers of outputs, and a condition with several elements", () => {
    const { graph, body } = outer();
    const cond = graph.addInput("cond", tensorType("bool", [2]));
    const one = body("one", (g) => [g.addInitializer(int64(1))]);
    const other = body("other", (g) => [g.addInitializer(f32([], [1]))]);
    const two = body("two", (g) => [g.addInitializer(int64(1)), g.addInitializer(int64(2))]);
    assert.throws(() => graph.add("If", [cond], { then_branch: one, else_branch: other }), {
      code: "InvalidGraph",
      summary: /int64 on one way and float/,
    });
    assert.throws(() => graph.add("If", [cond], { then_branch: one, else_branch: two }), { code: "InvalidGraph" });
    graph.setOutputs(graph.add("If", [cond], { then_branch: one, else_branch: one }).outputs);
    assert.throws(() => runGraph(graph, [Storage.from("bool", [1, 0], [2])]), { code: "ShapeMismatch", summary: /cond has shape \[2\]/ });
  });
});

describe("Loop", () => {
  /** state ← state + step, which is captured; each state is also stacked. Goes on while state < 10. */
  function adding(shape: readonly number[], limited: boolean) {
    const { graph, body } = outer();
    const most = graph.addInput("M", tensorType("int64", []));
    const start = graph.addInput("start", tensorType("float32", shape));
    const step = graph.addInput("step", tensorType("float32", []));
    const loopBody = body("body", (g) => {
      g.addInput("i", tensorType("int64", []));
      const cond = g.addInput("cond", tensorType("bool", []));
      const state = g.addInput("state", tensorType("float32", shape));
      const next = g.add("Add", [state, step]).output;
      return [limited ? g.add("Less", [next, g.addInitializer(f32([], [10]))]).output : cond, next, next];
    });
    const node = graph.add("Loop", [most, undefined, start], { body: loopBody }, { outputCount: 2 });
    graph.setOutputs(node.outputs);
    return { graph, node };
  }

  it("carries states and stacks scan outputs", () => {
    const { graph } = adding([2], false);
    assert.deepEqual(numbers(graph, [int64(3), f32([2], [0, 1]), f32([], [2])]), [
      [6, 7],
      [2, 3, 4, 5, 6, 7],
    ]);
  });

  it("of no iterations gives the initial states and empty stacks", () => {
    const { graph } = adding([2], false);
    const [state, scan] = runGraph(graph, [int64(0), f32([2], [0, 1]), f32([], [2])]).map(asStorage);
    assert.deepEqual(
      [state?.toNumbers(), scan?.shape],
      [
        [0, 1],
        [0, 2],
      ],
    );
  });

  it("gives the iteration number in the shape that the body declares", () => {
    const { graph, body } = outer();
    const first = body("first", (g) => {
      const i = g.addInput("i", tensorType("int64", [1]));
      g.addInput("cond", tensorType("bool", [1]));
      return [g.addInitializer(bool(true)), g.add("Squeeze", [i, g.addInitializer(i64([0]))]).output];
    });
    const node = graph.add("Loop", [graph.addInitializer(int64(3))], { body: first });
    graph.setOutputs(node.outputs);
    assert.deepEqual(numbers(graph, []), [[0, 1, 2]]);
  });

  it("stops when the body says so", () => {
    const { graph } = adding([], true);
    assert.deepEqual(numbers(graph, [int64(1000), f32([], [0]), f32([], [4])]), [[12], [4, 8, 12]]);
  });

  it("takes the largest int64, which exporters write for no limit, as a count that is never reached", () => {
    const { graph, node } = adding([], true);
    const most = graph.addInitializer(Storage.from("int64", [2n ** 63n - 1n], []));
    node.setInput(0, most);
    graph.reinfer(node);
    assert.equal(formatType(node.outputs[1]?.type ?? tensorType("bool")), "float[?]");
    assert.deepEqual(numbers(graph, [int64(1), f32([], [0]), f32([], [4])]), [[12], [4, 8, 12]]);
  });

  it("gives the same with memory reuse", () => {
    const { graph } = adding([600], false);
    const inputs = [int64(4), counting([600]), f32([], [1])];
    assert.deepEqual(
      runGraph(graph, inputs, { reuseMemory: true }).map((v) => asStorage(v).toNumbers()),
      numbers(graph, inputs),
    );
  });

  it("knows how often it runs only when nothing else can stop it", () => {
    assert.deepEqual(
      adding([2], false).node.outputs.map((v) => formatType(v.type)),
      ["float[2]", "float[?,2]"],
    );
    const { graph, body } = outer();
    const x = graph.addInput("x", tensorType("float32", [symbol("n"), 3]));
    const n = graph.add("Gather", [graph.add("Shape", [x]).output, graph.addInitializer(int64(0))]).output;
    const loopBody = body("body", (g) => {
      g.addInput("i", tensorType("int64", []));
      const cond = g.addInput("cond", tensorType("bool", []));
      const row = g.addInput("row", tensorType("float32", [symbol("width")]));
      return [cond, g.add("Relu", [row]).output, row];
    });
    const first = graph.add("Gather", [x, graph.addInitializer(int64(0))]).output;
    const node = graph.add("Loop", [n, undefined, first], { body: loopBody }, { outputCount: 2 });
    assert.deepEqual(
      node.outputs.map((v) => formatType(v.type)),
      ["float[3]", "float[n,3]"],
    );
  });

  it("forgets sizes that change from one iteration to the next", () => {
    const { graph, body } = outer();
    const x = graph.addInput("x", tensorType("float32", [1]));
    const grow = body("grow", (g) => {
      g.addInput("i", tensorType("int64", []));
      const cond = g.addInput("cond", tensorType("bool", []));
      const state = g.addInput("state", tensorType("float32", [symbol("k")]));
      return [cond, g.add("Concat", [state, state], { axis: 0 }).output];
    });
    const node = graph.add("Loop", [graph.addInitializer(int64(3)), undefined, x], { body: grow });
    assert.equal(formatType(node.output.type), "float[?]");
    graph.setOutputs(node.outputs);
    assert.deepEqual(numbers(graph, [f32([1], [5])]), [new Array(8).fill(5)]);
  });

  it("refuses to stack different shapes, and a body that does not fit", () => {
    const { graph, body } = outer();
    const x = graph.addInput("x", tensorType("float32", [1]));
    const grow = body("grow", (g) => {
      g.addInput("i", tensorType("int64", []));
      const cond = g.addInput("cond", tensorType("bool", []));
      const state = g.addInput("state", tensorType("float32", [symbol("k")]));
      const next = g.add("Concat", [state, state], { axis: 0 }).output;
      return [cond, next, next];
    });
    assert.throws(() => graph.add("Loop", [undefined, undefined], { body: grow }), { code: "InvalidGraph" });
    const node = graph.add("Loop", [graph.addInitializer(int64(2)), undefined, x], { body: grow }, { outputCount: 2 });
    graph.setOutputs(node.outputs);
    assert.throws(() => runGraph(graph, [f32([1], [5])]), {
      code: "ShapeMismatch",
      summary: /scan output 0 of iteration 1 has shape \[4\]/,
    });
  });
});

describe("A loop that does not end", () => {
  /** Two loops, one in the other; `inner` and `outer` say how often they run, undefined for ever. */
  function nested(inner: number | undefined, around: number | undefined) {
    const { graph } = outer();
    const x = graph.addInput("x", tensorType("float32", [512]));
    const often = (g: Graph, n: number | undefined) => (n === undefined ? undefined : g.addInitializer(int64(n)));
    const loopIn = (g: Graph, state: Value, n: number | undefined, build: (inside: Graph, state: Value) => Value, name: string) => {
      const inside = new Graph(registry, name, g);
      inside.addInput("i", tensorType("int64", []));
      const cond = inside.addInput("cond", tensorType("bool", []));
      const held = inside.addInput("state", tensorType("float32", [512]));
      inside.setOutputs([cond, build(inside, held)]);
      const { output } = g.add("Loop", [often(g, n), undefined, state], { body: inside });
      output.name = name;
      return output;
    };
    const y = loopIn(graph, x, around, (g, s) => loopIn(g, s, inner, (h, t) => h.add("Add", [t, x]).output, "inner"), "outer");
    graph.setOutputs([y]);
    return graph;
  }
  const ones = f32([512], new Array<number>(512).fill(1));

  it("is stopped by a limit on steps, and named", () => {
    const limited = (graph: Graph, maxSteps: number) => runGraph(graph, [ones], { maxSteps });
    assert.throws(() => limited(nested(undefined, 3), 1000), {
      code: "StepLimit",
      summary: /Loop \(which gives `inner`\).*ran 500 times.*1000 steps/,
    });
    assert.throws(() => limited(nested(1, undefined), 1000), { code: "StepLimit", summary: /Loop \(which gives `outer`\)/ });
    // 3 beginnings of the outer body with a node each, 3 × 5 of the inner one.
    assert.equal(asStorage(limited(nested(5, 3), 36)[0]).toNumbers()[0], 16);
    assert.throws(() => limited(nested(5, 3), 35), { code: "StepLimit" });
  });

  it("does not keep the memory of the iterations that are over", () => {
    const pool = new LivePool();
    assert.throws(() => runGraph(nested(undefined, 1), [ones], { pool, maxSteps: 1000 }), { code: "StepLimit" });
    assert.ok(pool.liveBuffers < 10, `${pool.liveBuffers} buffers after 500 iterations`);
  });

  it("lets the event loop turn, and ends when its run is aborted", async () => {
    const control = new AbortController();
    let turns = 0;
    const timer = setInterval(() => {
      if (++turns === 3) control.abort(new Error("enough"));
    }, 1);
    await assert.rejects(runGraphInSlices(nested(undefined, undefined), [ones], { signal: control.signal }), /enough/);
    clearInterval(timer);
    assert.equal(turns, 3);
  });

  it("is stopped where its body has no node at all", async () => {
    const { graph, body } = outer();
    const empty = body("empty", (g) => {
      g.addInput("i", tensorType("int64", []));
      return [g.addInput("cond", tensorType("bool", [])), g.addInput("state", tensorType("float32", []))];
    });
    const x = graph.addInput("x", tensorType("float32", []));
    graph.setOutputs([graph.add("Loop", [undefined, undefined, x], { body: empty }).output]);
    assert.throws(() => runGraph(graph, [f32([], [1])], { maxSteps: 100 }), { code: "StepLimit", summary: /ran 101 times/ });
    await assert.rejects(runGraphInSlices(graph, [f32([], [1])], { signal: AbortSignal.timeout(20) }), /timeout/);
  });

  it("that makes a sequence longer and longer is stopped by the length of it", () => {
    const { graph, body } = outer();
    const x = graph.addInput("x", tensorType("float32", []));
    const longer = body("longer", (g) => {
      g.addInput("i", tensorType("int64", []));
      const cond = g.addInput("cond", tensorType("bool", []));
      const list = g.addInput("list", { kind: "sequence", element: tensorType("float32", []) });
      return [cond, g.add("SequenceInsert", [list, x]).output];
    });
    const start = graph.add("SequenceEmpty", []).output;
    const node = graph.add("Loop", [undefined, undefined, start], { body: longer });
    graph.setOutputs([graph.add("SequenceLength", [node.output]).output]);
    assert.throws(
      () => runGraph(graph, [f32([], [1])], { maxSteps: 20_000 }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "StepLimit");
        // n insertions count 2n, and n²/128 for the copies: some 1 500, not 10 000.
        assert.ok(Number(/ran (\d+) times/.exec(error.message)?.[1]) < 2000, error.message);
        return true;
      },
    );
  });
});
