// Graph, Node and Value: use lists, the node list that may change while it is walked, positions, and what may be removed.
import assert from "node:assert/strict";
import { symbol } from "../../src/ir/dim.ts";
import { Graph, type Node, type Value } from "../../src/ir/graph.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { Patch } from "../../src/ir/patch.ts";
import { capturedValues, removeDeadNodes, topologicalSort } from "../../src/ir/traverse.ts";
import { formatType, meetTypes, type TensorType, tensorType, typeEquals, typeFits } from "../../src/ir/type.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { registry } from "../../src/ops/registry.ts";
import { Storage } from "../../src/tensor/storage.ts";

const float2 = tensorType("float32", [2]);
const ops = (graph: Graph) => [...graph.nodes()].map((n) => n.op);

function chain(...names: string[]): { graph: Graph; x: Value; nodes: Node[] } {
  const graph = new Graph(registry);
  const x = graph.addInput("x", float2);
  let value = x;
  const nodes = names.map((op) => {
    const node = graph.add(op, [value]);
    value = node.output;
    return node;
  });
  graph.setOutputs([value], ["y"]);
  return { graph, x, nodes };
}

/** main(cond, x) with `If` whose branches capture `inner = Neg(x)` and a constant. */
function capturing() {
  const graph = new Graph(registry);
  const cond = graph.addInput("cond", tensorType("bool", []));
  const x = graph.addInput("x", float2);
  const inner = graph.add("Neg", [x]).output;
  const w = graph.addInitializer(Storage.from("float32", [1, 2], [2]), "w");
  const body = () => {
    const g = new Graph(registry, "body", graph);
    g.setOutputs([g.add("Add", [inner, w]).output], ["sum"]);
    return g;
  };
  const [yes, no] = [body(), body()];
  const node = graph.add("If", [cond], { then_branch: yes, else_branch: no });
  graph.setOutputs(node.outputs, ["y"]);
  return { graph, x, inner, w, node, yes, no };
}

describe("use lists", () => {
  it("count how often each reader reads a value", () => {
    const { graph, x } = chain("Relu");
    const twice = graph.add("Add", [x, x]);
    assert.equal(x.users.get(twice), 2);
    twice.setInput(1, graph.firstNode?.output);
    assert.equal(x.users.get(twice), 1);
    assert.deepEqual(
      x.consumers.map((n) => n.op),
      ["Relu", "Add"],
    );
    graph.setOutputs([twice.output, twice.output], ["a", "b"]);
    assert.equal(twice.output.users.get(graph), 2);
    assert.ok(twice.output.isGraphOutput);
  });

  it("follow a replacement into sub-graphs and outputs", () => {
    const { graph, x, inner, yes } = capturing();
    inner.replaceAllUsesWith(x);
    assert.equal(inner.users.size, 0);
    assert.equal(yes.firstNode?.inputs[0], x);
    graph.outputs[0]?.replaceAllUsesWith(x);
    assert.deepEqual(graph.outputs, [x]);
  });

  it("forget a removed node, and what its sub-graphs read", () => {
    const { graph, x, inner, w, node } = capturing();
    assert.throws(() => graph.remove(node), { code: "InvalidGraph", summary: /its output is still read/ });
    graph.setOutputs([x], ["x"]);
    graph.remove(node);
    assert.deepEqual([inner.users.size, w.users.size, node.removed], [0, 0, true]);
    verifyGraph(graph);
  });
});

describe("the node list", () => {
  it("may be changed while it is walked", () => {
    const { graph, nodes } = chain("Relu", "Neg", "Abs");
    const seen: string[] = [];
    for (const node of graph.nodes()) {
      seen.push(node.op);
      if (node.op !== "Neg") continue;
      // The next node goes away and a new one comes behind the present one.
      const abs = nodes[2] as Node;
      abs.output.replaceAllUsesWith(node.output);
      graph.remove(abs);
      graph.setOutputs([graph.add("Exp", [node.output]).output], ["y"]);
    }
    assert.deepEqual(seen, ["Relu", "Neg", "Exp"]);
    assert.deepEqual([ops(graph), graph.nodeCount], [["Relu", "Neg", "Exp"], 3]);
    const backwards: string[] = [];
    for (const node of graph.nodesReversed()) {
      backwards.push(node.op);
      if (node.op === "Exp") {
        graph.setOutputs([node.inputs[0] as Value], ["y"]);
        graph.remove(node);
      }
    }
    assert.deepEqual(backwards, ["Exp", "Neg", "Relu"]);
    verifyGraph(graph);
  });

  it("keeps positions in order through thousands of insertions at one place", () => {
    const { graph, x, nodes } = chain("Relu", "Neg");
    const last = nodes[1] as Node;
    const made = Array.from({ length: 3000 }, () => graph.add("Abs", [x], {}, { before: last }));
    const list = [...graph.nodes()];
    assert.equal(list.length, 3002);
    assert.ok(list.every((n, i) => i === 0 || (list[i - 1] as Node).isBefore(n)));
    assert.ok((made[0] as Node).isBefore(made[2999] as Node) && !last.isBefore(made[0] as Node));
    graph.moveBefore(made[2999] as Node, list[0] as Node);
    assert.equal(graph.firstNode, made[2999]);
    verifyGraph(graph);
  });

  it("refuses a node that its operator's schema does not allow, and stays as it was", () => {
    const { graph, x } = chain("Relu");
    assert.throws(() => graph.add("Nope", [x]), { code: "UnknownOperator" });
    assert.throws(() => graph.add("Add", [x]), { code: "OperatorArity" });
    assert.throws(() => graph.add("Relu", [x], { alpha: 1 }), { code: "UnknownAttribute" });
    assert.throws(() => graph.add("Not", [x]), { code: "DTypeMismatch" });
    assert.throws(() => graph.add("Add", [x, graph.addInput("z", tensorType("float32", [3]))]), { code: "BroadcastMismatch" });
    assert.deepEqual([ops(graph), x.consumers.length], [["Relu"], 1]);
  });

  it("keeps attributes that differ from their defaults only, so that equal nodes compare alike", () => {
    const { graph, x } = chain("Relu");
    assert.deepEqual(graph.add("Softmax", [x], { axis: -1 }).attributes, {});
    assert.deepEqual(graph.add("Softmax", [x], { axis: 0 }).attributes, { axis: 0 });
  });
});

describe("walking graphs", () => {
  it("knows what a sub-graph captures, in order of first reading", () => {
    const { yes, inner, w } = capturing();
    assert.deepEqual(capturedValues(yes), [inner, w]);
  });

  it("knows constants: initializers here or around, no inputs with a default", () => {
    const { graph, x, w } = capturing();
    assert.ok(w.constant && !x.constant);
    x.storage = w.storage;
    graph.initializers.add(x);
    assert.equal(x.constant, undefined);
  });

  it("infers nothing from the default of an input, nor inside of a patch that reads it", () => {
    const graph = parseGraph(
      "main (float[2,3] x, int64[2] t = {3, 2}) => (y) <int64[2] c = {3, 2}> { y = Reshape (x, t) z = Reshape (x, c) }",
      registry,
    );
    const [x, t] = graph.inputs;
    const [y, z] = [...graph.nodes()].map((n) => formatType(n.output.type));
    assert.deepEqual([y, z], ["float[?,?]", "float[3,2]"]);
    const patch = new Patch(graph, "again");
    assert.equal(formatType(patch.add("Reshape", [x, t]).output.type), "float[?,?]");
    assert.equal(formatType(patch.add("Reshape", [x, [...graph.initializers][0]]).output.type), "float[3,2]");
  });

  it("removes what nothing reads, through chains and inside of sub-graphs", () => {
    const { graph, x, yes, w } = capturing();
    const unused = graph.addInitializer(Storage.from("float32", [1], []), "unused");
    graph.add("Neg", [graph.add("Abs", [graph.add("Add", [x, unused]).output]).output]);
    yes.add("Exp", [yes.firstNode?.output]);
    assert.deepEqual(
      removeDeadNodes(graph).map((n) => n.op),
      ["Neg", "Abs", "Add", "Exp"],
    );
    assert.deepEqual([...graph.initializers], [w]);
    assert.deepEqual([ops(graph), ops(yes)], [["Neg", "If"], ["Add"]]);
    verifyGraph(graph);
  });

  it("sorts what was out of order, captures of sub-graphs included, and refuses a circle", () => {
    const { graph, node } = capturing();
    graph.moveBefore(node, graph.firstNode as Node);
    topologicalSort(graph);
    assert.deepEqual(ops(graph), ["Neg", "If"]);
    const circle = chain("Relu", "Neg");
    circle.nodes[0]?.setInput(0, circle.nodes[1]?.output);
    assert.throws(() => topologicalSort(circle.graph), { code: "InvalidGraph", summary: /Relu depends on its own result/ });
  });
});

describe("types of values", () => {
  const n = symbol("n");
  const of = (...shape: (number | typeof n)[]) => tensorType("float32", shape);
  const any = tensorType("float32");

  it("fit unless they contradict each other", () => {
    assert.ok(typeFits(of(2, n), of(2, 3)) && typeFits(any, of(1)) && typeFits(of(1), any));
    assert.ok(!typeFits(of(2), of(3)) && !typeFits(of(2), of(2, 2)) && !typeFits(of(2), tensorType("int64", [2])));
    const list = (element: TensorType) => ({ kind: "sequence", element }) as const;
    assert.ok(typeFits(list(of(2)), list(any)) && !typeFits(list(of(2)), of(2)) && !typeFits(of(2), list(of(2))));
    assert.ok(!typeFits(list(of(2)), { kind: "optional", element: of(2) }));
  });

  it("are equal with equal dims only, and meet in the more precise", () => {
    assert.ok(typeEquals(of(n, 2), of(symbol("n"), 2)) && !typeEquals(of(n), of(2)) && !typeEquals(any, of(2)));
    assert.equal(formatType(meetTypes(of(n, 2), of(3, n))), "float[3,2]");
    assert.equal(formatType(meetTypes(any, of(n))), "float[n]");
  });
});
