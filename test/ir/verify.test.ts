// The verifier: a valid graph passes; each rule, broken by hand behind the back of the graph's methods, is named with node and source line.
import assert from "node:assert/strict";
import { symbol } from "../../src/ir/dim.ts";
import { Graph, type Node, Value } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { graphProblems, verifyGraph } from "../../src/ir/verify.ts";
import { registry } from "../../src/ops/registry.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { randomGraph } from "../support/random-graph.ts";

const float2 = tensorType("float32", [2]);
const at = (line: number, scope?: string) => ({ provenance: [{ source: { file: "model.ts", line, column: 5 }, scope }] });

/** x → Relu (line 1) → a → Neg (line 2) → b, the output. */
function chain(): { graph: Graph; x: Value; relu: Node; neg: Node } {
  const graph = new Graph(registry);
  const x = graph.addInput("x", float2);
  const relu = graph.add("Relu", [x], {}, { ...at(1), names: ["a"] });
  const neg = graph.add("Neg", [relu.output], {}, { ...at(2, "head"), names: ["b"] });
  graph.setOutputs([neg.output]);
  return { graph, x, relu, neg };
}

/** if (cond) then Relu(x) else x, as the graph `main` with the sub-graphs `then` and `else`. */
function branching() {
  const graph = new Graph(registry);
  const cond = graph.addInput("cond", tensorType("bool", []));
  const x = graph.addInput("x", float2);
  const then = new Graph(registry, "then", graph);
  const inner = then.add("Relu", [x], {}, { ...at(7), names: ["inner"] });
  then.setOutputs([inner.output]);
  const otherwise = new Graph(registry, "else", graph);
  otherwise.setOutputs([x], ["same"]);
  const branch = graph.add("If", [cond], { then_branch: then, else_branch: otherwise }, at(6));
  const after = graph.add("Neg", [branch.output], {}, { ...at(8), names: ["after"] });
  graph.setOutputs([after.output]);
  return { graph, x, then, inner, branch, after };
}

/** Asserts that the first problem is this one, and that the error thrown has it with its place. */
function assertProblem(graph: Graph, summary: RegExp, place: RegExp | undefined): void {
  const [first] = graphProblems(graph);
  assert.ok(first, "no problem was found");
  assert.match(first.problem, summary);
  assert.notEqual(first.hint, "");
  assert.throws(
    () => verifyGraph(graph),
    (error: Error & { code?: string; summary?: string }) => {
      assert.equal(error.code, "InvalidGraph");
      assert.match(error.summary ?? "", summary);
      if (place) assert.match(error.summary ?? "", place);
      return true;
    },
  );
}

describe("the verifier", () => {
  it("finds nothing wrong with valid graphs, sub-graphs included", () => {
    assert.deepEqual(graphProblems(chain().graph), []);
    assert.deepEqual(graphProblems(branching().graph), []);
    for (let seed = 0; seed < 30; seed++) assert.deepEqual(graphProblems(randomGraph(seed)), []);
  });

  describe("single assignment and order", () => {
    it("a value that is the output of two nodes", () => {
      const { graph, relu, neg } = chain();
      neg.outputs[0] = relu.output;
      assertProblem(graph, /another node makes it/, /in node Neg, from head \(model\.ts:2:5\)/);
      assert.ok(graphProblems(graph).some((p) => p.problem === "`a` is defined twice" && p.node === neg));
    });

    it("a value read before it is computed", () => {
      const { graph, relu, neg } = chain();
      graph.moveBefore(neg, relu);
      assertProblem(
        graph,
        /^(?:the graph is not valid: )?it reads `a`, which is computed only after it/,
        /in node Neg, from head \(model\.ts:2:5\)/,
      );
    });

    it("nodes that depend on each other in a circle", () => {
      const { graph, relu, neg } = chain();
      relu.setInput(0, neg.output);
      assertProblem(graph, /there is a cycle through `b`/, /in node Relu, from model\.ts:1:5/);
    });

    it("the output of a node that was removed", () => {
      const { graph, x, neg } = chain();
      const extra = graph.add("Abs", [x], {}, { before: neg });
      const { output } = extra;
      graph.remove(extra);
      neg.setInput(0, output);
      assertProblem(graph, /reads an output of Abs, whose node was removed/, /in node Neg/);
    });

    it("an initializer that a node makes too, and one without data", () => {
      const made = chain();
      made.graph.initializers.add(made.relu.output);
      assertProblem(made.graph, /the initializer `a` is also the output of a node/, undefined);
      const empty = chain();
      empty.graph.initializers.add(new Value(float2, "w"));
      assertProblem(empty.graph, /the initializer `w` has no data/, undefined);
    });

    it("an output that the graph does not compute", () => {
      const { graph } = chain();
      graph.setOutputs([new Value(float2, "stranger")]);
      assertProblem(graph, /its output `stranger` is not computed in it/, undefined);
    });
  });

  describe("dominance and sub-graphs", () => {
    it("a value that leaks out of a sub-graph", () => {
      const { graph, inner, after } = branching();
      after.setInput(0, inner.output);
      assertProblem(graph, /it reads `inner`, which is computed in the sub-graph then/, /in node Neg, from model\.ts:8:5/);
    });

    it("a sub-graph that reads what is computed only after its node", () => {
      const { graph, inner, after } = branching();
      inner.setInput(0, after.output);
      assertProblem(graph, /it reads `after`, which is computed only after/, /in node Relu of the sub-graph then, from model\.ts:7:5/);
    });

    it("a sub-graph that reads the output of its own node", () => {
      const { graph, inner, branch } = branching();
      inner.setInput(0, branch.output);
      assertProblem(graph, /it reads an output of If, which is computed only after/, /of the sub-graph then/);
    });

    it("a branch that reads from the other branch", () => {
      const { graph, inner, branch } = branching();
      const otherwise = branch.subgraphs[1] as Graph;
      otherwise.setOutputs([inner.output]);
      assertProblem(graph, /its output `inner` is not computed in it/, /in the sub-graph else/);
    });

    it("a value of another graph altogether", () => {
      const { graph, neg } = chain();
      neg.setInput(0, chain().relu.output);
      assertProblem(graph, /it reads `a`, which belongs to no graph around it/, /in node Neg/);
    });

    it("one sub-graph in two places, and one whose parent is another graph", () => {
      const { graph, x, then } = branching();
      const cond = graph.inputs[0] as Value;
      graph.add("If", [cond], { then_branch: then, else_branch: then }, at(9));
      assertProblem(graph, /the sub-graph then belongs to two nodes/, undefined);
      const stray = new Graph(registry, "stray", new Graph(registry));
      stray.setOutputs([stray.add("Relu", [x]).output]);
      const second = branching();
      second.graph.add("If", [second.graph.inputs[0] as Value], { then_branch: stray, else_branch: stray }, at(9));
      assertProblem(second.graph, /its sub-graph stray says that another graph is around it/, /in node If, from model\.ts:9:5/);
    });
  });

  describe("types, arity and attributes", () => {
    it("an output type that does not follow from the inputs", () => {
      const { graph, neg } = chain();
      neg.output.type = tensorType("float32", [3]);
      assertProblem(graph, /its output `b` has the type float\[3\], but float\[2\] follows from its inputs/, /in node Neg, from head/);
      neg.output.type = tensorType("int64", [2]);
      assertProblem(graph, /has the type int64\[2\], but float\[2\]/, /in node Neg/);
    });

    it("a symbolic size is no contradiction to a known one", () => {
      const { graph, neg } = chain();
      neg.output.type = tensorType("float32", [symbol("n")]);
      assert.deepEqual(graphProblems(graph), []);
    });

    it("an initializer whose data is not of its type", () => {
      const { graph } = chain();
      const w = graph.addInitializer(Storage.from("float32", [1, 2], [2]), "w");
      w.type = tensorType("float32", [3]);
      assertProblem(graph, /the initializer `w` is float32\[2\] but its type is float\[3\]/, undefined);
    });

    it("too few and too many inputs, too many outputs", () => {
      const few = chain();
      few.neg.setInput(0, undefined);
      assertProblem(few.graph, /Neg: 1 inputs given, expected at least 1|at least 1/, /in node Neg/);
      const many = chain();
      many.neg.setInput(1, many.x);
      assertProblem(many.graph, /Neg: 2 inputs given, expected at most 1/, /in node Neg/);
      const outputs = chain();
      outputs.neg.outputs.push(new Value(float2, "extra", outputs.neg));
      assertProblem(outputs.graph, /it has 2 outputs, its operator at most 1/, /in node Neg/);
    });

    it("attributes that are unknown, missing or of another kind", () => {
      const unknown = chain();
      unknown.neg.attributes = { alpha: 1 };
      assertProblem(unknown.graph, /Neg has no attribute `alpha`/, /in node Neg, from head/);
      const kind = new Graph(registry);
      const node = kind.add("Softmax", [kind.addInput("x", float2)], { axis: 0 }, at(3));
      kind.setOutputs([node.output], ["y"]);
      node.attributes = { axis: "last" };
      assertProblem(kind, /Softmax: attribute `axis` is string last, expected int/, /in node Softmax, from model\.ts:3:5/);
      const missing = new Graph(registry);
      const cast = missing.add("Cast", [missing.addInput("x", float2)], { to: 7 }, at(4));
      missing.setOutputs([cast.output], ["y"]);
      cast.attributes = {};
      assertProblem(missing, /Cast needs the attribute `to`/, /in node Cast, from model\.ts:4:5/);
    });

    it("an operator that nobody knows", () => {
      const { graph, x } = chain();
      const node = graph.addTyped("my.domain.Magic", [x], {}, [{ type: float2, name: "m" }], at(5));
      graph.setOutputs([node.output]);
      assertProblem(graph, /Magic \(domain "my\.domain"\) is not an operator that Ingot knows/, /model\.ts:5:5/);
    });
  });

  describe("use lists and names", () => {
    it("a use list that lacks a reader, or has one too many", () => {
      const lacks = chain();
      lacks.relu.output.users.clear();
      assertProblem(lacks.graph, /the use list of `a` lacks Neg, which reads it 1 times/, /in node Relu/);
      const more = chain();
      more.x.users.set(more.neg, 2);
      assertProblem(more.graph, /the use list of `x` says that Neg reads it 2 times, it does 0 times/, undefined);
    });

    it("names of inputs and outputs that are missing or given twice", () => {
      const twice = chain();
      twice.graph.addInput("x", float2);
      assertProblem(twice.graph, /two inputs are called `x`/, undefined);
      const outputs = chain();
      outputs.graph.setOutputs([outputs.relu.output, outputs.neg.output], ["y", "y"]);
      assertProblem(outputs.graph, /two outputs are called `y`/, undefined);
      const input = chain();
      input.graph.setOutputs([input.neg.output], ["x"]);
      assertProblem(input.graph, /the output `x` has the name of an input but is another value/, undefined);
      const nameless = chain();
      nameless.graph.addInput("", float2);
      assertProblem(nameless.graph, /an input has no name/, undefined);
    });

    it("hints of inner values need not be unique: names are made when the graph is written", () => {
      const { graph, relu, neg } = chain();
      relu.output.name = "b";
      assert.equal(neg.output.name, "b");
      assert.deepEqual(graphProblems(graph), []);
    });
  });

  it("lists all problems: the first in the message, the others as notes", () => {
    const { graph, relu, neg } = chain();
    relu.attributes = { alpha: 1 };
    neg.attributes = { beta: 1 };
    assert.equal(graphProblems(graph).length, 2);
    assert.throws(() => verifyGraph(graph), /alpha.*also: [^\n]*beta[^\n]*model\.ts:2:5/s);
  });
});
