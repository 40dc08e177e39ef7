// Sequences: positions from both ends, shapes that differ, loops that grow them, and SequenceMap against its decomposition.
import assert from "node:assert/strict";
import fc from "fast-check";
import { op, tensor } from "../../src/index.ts";
import { symbol } from "../../src/ir/dim.ts";
import { Graph, type Value } from "../../src/ir/graph.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { printGraph } from "../../src/ir/print.ts";
import { formatType, tensorType, type ValueType } from "../../src/ir/type.ts";
import type { OpDefinition } from "../../src/ops/define.ts";
import { evaluateOp } from "../../src/ops/evaluate.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import type { RuntimeValue } from "../../src/ops/runtime-value.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, i64 } from "../support/run-op.ts";

const definition = (op: string) => registry.get(op) as OpDefinition;
const call = (op: string, inputs: readonly (RuntimeValue | undefined)[], attributes = {}) =>
  evaluateOp(definition(op), inputs, attributes)[0] as RuntimeValue;
const scalar = (v: number) => i64([v], []);

/** Shapes and numbers, tensor by tensor. */
function seen(value: RuntimeValue): unknown {
  if (value instanceof Storage) return [[...value.shape], value.toNumbers()];
  assert.ok(Array.isArray(value));
  return value.map(seen);
}

describe("a sequence", () => {
  const a = f32([2], [1, 2]);
  const b = f32([1], [3]);
  const c = f32([], [4]);
  const list = call("SequenceConstruct", [a, b, c]);

  it("holds tensors of different shapes", () => {
    assert.deepEqual(seen(list), [
      [[2], [1, 2]],
      [[1], [3]],
      [[], [4]],
    ]);
    assert.deepEqual(seen(call("SequenceLength", [list])), [[], [3]]);
  });

  it("is read from both ends", () => {
    assert.equal(call("SequenceAt", [list, scalar(0)]), a);
    assert.equal(call("SequenceAt", [list, Storage.from("int32", [-1], [])]), c);
    for (const place of [3, -4]) assert.throws(() => call("SequenceAt", [list, scalar(place)]), { code: "IndexOutOfRange" });
  });

  it("loses the tensor at a place, by default the last", () => {
    assert.deepEqual(call("SequenceErase", [list]), [a, b]);
    assert.deepEqual(call("SequenceErase", [list, scalar(-3)]), [b, c]);
    assert.throws(() => call("SequenceErase", [[]]), { code: "IndexOutOfRange" });
  });

  it("takes a tensor before a place, by default at the end", () => {
    const x = f32([1], [9]);
    assert.deepEqual(call("SequenceInsert", [[a, b], x]), [a, b, x]);
    assert.deepEqual(call("SequenceInsert", [[a, b], x, scalar(2)]), [a, b, x]);
    assert.deepEqual(call("SequenceInsert", [[a, b], x, scalar(-2)]), [x, a, b]);
    assert.throws(() => call("SequenceInsert", [[a, b], x, scalar(3)]), { code: "IndexOutOfRange" });
  });

  it("keeps one dtype", () => {
    assert.throws(() => call("SequenceInsert", [[a], scalar(1)]), { code: "DTypeMismatch" });
    assert.throws(() => call("SequenceConstruct", [a, scalar(1)]), { code: "DTypeMismatch" });
    assert.throws(() => call("Relu", [[a]]), { code: "KindMismatch", summary: /seq\(float\[2\]\)/ });
    assert.throws(() => call("SequenceLength", [a]), { code: "KindMismatch", summary: /a sequence of tensors/ });
  });

  it("is no value of eager code", () => {
    assert.throws(() => op("SequenceConstruct", [tensor([1, 2])]), { code: "KindMismatch", summary: /a sequence, expected a tensor/ });
  });

  it("starts empty, of a dtype that the graph remembers", () => {
    const graph = new Graph(registry);
    const empty = graph.add("SequenceEmpty", [], { dtype: 7 }).output;
    graph.setOutputs([graph.add("SequenceInsert", [empty, graph.addInitializer(scalar(5))]).output], ["y"]);
    assert.equal(formatType(graph.outputs[0]?.type as ValueType), "seq(int64[])");
    assert.deepEqual(seen(runGraph(graph, [])[0] as RuntimeValue), [[[], [5]]]);
  });
});

describe("SplitToSequence and ConcatFromSequence", () => {
  const x = counting([2, 4]);

  it("cut into single places, into pieces of one size, and into the sizes given", () => {
    assert.deepEqual(seen(call("SplitToSequence", [x])), [
      [
        [1, 4],
        [0, 1, 2, 3],
      ],
      [
        [1, 4],
        [4, 5, 6, 7],
      ],
    ]);
    assert.deepEqual(seen(call("SplitToSequence", [x], { keepdims: 0 })), [
      [[4], [0, 1, 2, 3]],
      [[4], [4, 5, 6, 7]],
    ]);
    assert.deepEqual(seen(call("SplitToSequence", [x, scalar(3)], { axis: -1 })), [
      [
        [2, 3],
        [0, 1, 2, 4, 5, 6],
      ],
      [
        [2, 1],
        [3, 7],
      ],
    ]);
    assert.deepEqual(seen(call("SplitToSequence", [x, i64([0, 4])], { axis: 1, keepdims: 0 })), [
      [[2, 0], []],
      [
        [2, 4],
        [0, 1, 2, 3, 4, 5, 6, 7],
      ],
    ]);
    assert.throws(() => call("SplitToSequence", [x, i64([1, 2])], { axis: 1 }), { code: "InvalidArgument", summary: /sum is 4/ });
    assert.throws(() => call("SplitToSequence", [x, scalar(0)]), { code: "InvalidArgument" });
  });

  it("are inverse to each other along any axis", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
        fc.nat(2),
        fc.integer({ min: 1, max: 3 }),
        (shape, k, step) => {
          const axis = k % shape.length;
          fc.pre(shape[axis] !== 0);
          const data = counting(shape);
          const pieces = call("SplitToSequence", [data, scalar(step)], { axis });
          assert.deepEqual(seen(call("ConcatFromSequence", [pieces], { axis: axis - shape.length })), seen(data));
          const rows = call("SplitToSequence", [data], { axis, keepdims: 0 });
          assert.deepEqual(seen(call("ConcatFromSequence", [rows], { axis, new_axis: 1 })), seen(data));
        },
      ),
    );
  });

  it("refuse to join nothing, or what does not fit", () => {
    assert.throws(() => call("ConcatFromSequence", [[]], { axis: 0 }), { code: "InvalidArgument" });
    assert.throws(() => call("ConcatFromSequence", [[f32([1, 2], [1, 2]), f32([1, 3], [1, 2, 3])]], { axis: 0 }), {
      code: "ShapeMismatch",
    });
    assert.throws(() => call("ConcatFromSequence", [[x]], { axis: 2 }), { code: "AxisOutOfRange" });
  });

  it("infer what all pieces share", () => {
    const graph = new Graph(registry);
    const data = graph.addInput("x", tensorType("float32", [symbol("n"), 6]));
    const typeOf = (op: string, inputs: readonly Value[], attributes = {}) => formatType(graph.add(op, inputs, attributes).output.type);
    const size = (v: number) => graph.addInitializer(scalar(v));
    assert.equal(typeOf("SplitToSequence", [data]), "seq(float[1,6])");
    assert.equal(typeOf("SplitToSequence", [data], { axis: 1, keepdims: 0 }), "seq(float[n])");
    assert.equal(typeOf("SplitToSequence", [data, size(3)], { axis: 1 }), "seq(float[n,3])");
    assert.equal(typeOf("SplitToSequence", [data, size(4)], { axis: 1 }), "seq(float[n,?])");
    const list = graph.add("SplitToSequence", [data, size(3)], { axis: 1 }).output;
    assert.equal(typeOf("ConcatFromSequence", [list], { axis: 1 }), "float[n,?]");
    assert.equal(typeOf("ConcatFromSequence", [list], { axis: 1, new_axis: 1 }), "float[n,?,3]");
  });
});

describe("sequences in sub-graphs", () => {
  /** Inserts `x · i` in each of `n` iterations. */
  function growing() {
    const graph = new Graph(registry, "grow");
    const n = graph.addInput("n", tensorType("int64", []));
    const x = graph.addInput("x", tensorType("int64", [2]));
    const start = graph.add("SequenceEmpty", [], { dtype: 7 }).output;
    const body = new Graph(registry, "body", graph);
    const i = body.addInput("i", tensorType("int64", []));
    const going = body.addInput("going", tensorType("bool", []));
    const list = body.addInput("list", { kind: "sequence", element: tensorType("int64") });
    const longer = body.add("SequenceInsert", [list, body.add("Mul", [x, i]).output]).output;
    body.setOutputs([going, longer], ["going_out", "longer"]);
    const loop = graph.add("Loop", [n, undefined, start], { body }, { outputCount: 1 });
    graph.setOutputs(loop.outputs, ["list"]);
    return graph;
  }

  it("are states of loops", () => {
    const graph = growing();
    assert.equal(formatType(graph.outputs[0]?.type as ValueType), "seq(int64[])");
    assert.deepEqual(seen(runGraph(graph, [scalar(3), i64([1, 2])])[0] as RuntimeValue), [
      [[2], [0, 0]],
      [[2], [1, 2]],
      [[2], [2, 4]],
    ]);
    assert.deepEqual(runGraph(graph, [scalar(0), i64([1, 2])])[0], []);
  });

  it("keep their tensors while the memory of dead ones is used again", () => {
    const graph = new Graph(registry, "reuse");
    const x = graph.addInput("x", tensorType("float32", [1000]));
    const one = graph.addInitializer(f32([], [1]));
    let list = graph.add("SequenceConstruct", [graph.add("Add", [x, one]).output]).output;
    // What is inserted has no other reader; what is computed between could take its place.
    for (let i = 2; i <= 4; i++) {
      const next = graph.add("Mul", [graph.add("Add", [x, one]).output, graph.addInitializer(f32([], [i]))]).output;
      list = graph.add("SequenceInsert", [list, next]).output;
    }
    const rows = graph.add("ConcatFromSequence", [list], { axis: 0, new_axis: 1 }).output;
    graph.setOutputs([graph.add("ReduceMax", [rows, graph.addInitializer(i64([1]))], { keepdims: 0 }).output], ["most"]);
    const input = f32([1000], new Array<number>(1000).fill(0));
    for (const reuseMemory of [false, true])
      assert.deepEqual(seen(runGraph(graph, [input], { reuseMemory })[0] as RuntimeValue), [[4], [1, 2, 3, 4]]);
  });

  it("are read back from text", () => {
    const text = printGraph(growing(), { weights: true });
    assert.equal(printGraph(parseGraph(text, registry), { weights: true }), text);
    const map = "g (seq(map(int64,float)) x) => (seq(map(int64,float)) y)\n{\n  y = Identity (x)  # seq(map(int64,float))\n}\n";
    assert.equal(printGraph(parseGraph(map, registry), { header: false }), map);
  });

  it("are mapped over tensor by tensor, as the decomposition does", () => {
    const graph = new Graph(registry);
    const xs = graph.addInput("xs", { kind: "sequence", element: tensorType("float32", [2]) });
    const ys = graph.addInput("ys", { kind: "sequence", element: tensorType("float32") });
    const z = graph.addInput("z", tensorType("float32", []));
    const body = new Graph(registry, "body", graph);
    const [x, y, k] = ["x", "y", "k"].map((name, i) => body.addInput(name, tensorType("float32", i === 0 ? [symbol("m")] : undefined)));
    const scaled = body.add("Mul", [x, k]).output;
    body.setOutputs([scaled, body.add("Shape", [y]).output], ["scaled", "sizes"]);
    const map = graph.add("SequenceMap", [xs, ys, z], { body }, { outputCount: 2 });
    assert.deepEqual(
      map.outputs.map((v) => formatType(v.type)),
      ["seq(float[])", "seq(int64[?])"],
    );
    const inputs = [[f32([2], [1, 2]), f32([2], [3, 4])], [f32([1, 1], [0]), f32([], [0])], f32([], [10])];
    const expected = [
      [
        [[2], [10, 20]],
        [[2], [30, 40]],
      ],
      [
        [[2], [1, 1]],
        [[0], []],
      ],
    ];
    graph.setOutputs(map.outputs);
    assert.deepEqual(runGraph(graph, inputs).map(seen), expected);
    graph.setOutputs(definition("SequenceMap").decompose?.(graph, map.inputs, map.attributes, map.outputs) ?? []);
    assert.deepEqual(runGraph(graph, inputs).map(seen), expected);
    assert.throws(() => runGraph(graph, [inputs[0] as RuntimeValue, [], f32([], [1])]), { code: "InvalidArgument" });
  });
});
