// The verifier: the rules of a well-formed graph, checked. Single assignment, dominance (into and out of sub-graphs), use lists, arity,
// attributes, and types inferred anew against the stored ones.
import { IngotError, ingotError } from "../errors/error.ts";
import type { Graph, Node, Value } from "./graph.ts";
import { inferNode } from "./infer-node.ts";
import { formatProvenance } from "./provenance.ts";
import { formatType, typeFits } from "./type.ts";

/** One rule that a graph breaks. */
export interface GraphProblem {
  readonly problem: string;
  readonly hint: string;
  readonly graph: Graph;
  /** The node at fault, if it is one. */
  readonly node?: Node | undefined;
}

/** Throws `InvalidGraph` with the first problem of `graphProblems`, naming the node and its source line; the others become notes. */
export function verifyGraph(graph: Graph): void {
  const problems = graphProblems(graph);
  const first = problems[0];
  if (!first) return;
  const notes = problems.slice(1, 20).map((p) => `also: ${p.problem}${placeOf(p)}`);
  throw ingotError("InvalidGraph", { problem: first.problem, where: placeOf(first), hint: first.hint }, { notes });
}

function placeOf({ node, graph }: GraphProblem): string {
  if (!node) return graph.parent ? `, in the sub-graph ${graph.name}` : "";
  const origins = formatProvenance(node.provenance);
  return `, in node ${node.op}${graph.parent ? ` of the sub-graph ${graph.name}` : ""}${origins ? `, from ${origins}` : ""}`;
}

/**
 * Everything that is wrong with a graph and its sub-graphs; empty for a valid one.
 *
 * @example
 * for (const { problem, node } of graphProblems(graph)) console.error(problem, node?.op);
 */
export function graphProblems(graph: Graph): GraphProblem[] {
  const state: State = { problems: [], uses: new Map(), defined: new Map(), graphs: new Set() };
  checkGraph(graph, undefined, state);
  checkUses(state);
  return state.problems;
}

interface State {
  readonly problems: GraphProblem[];
  /** How often each user really reads each value. */
  readonly uses: Map<Value, Map<Node | Graph, number>>;
  /** Where each value is defined. */
  readonly defined: Map<Value, Graph>;
  readonly graphs: Set<Graph>;
}

/** Values computed so far in one graph, over those of the graphs around it. */
interface Visible {
  readonly values: Set<Value>;
  readonly outer: Visible | undefined;
}

function sees(visible: Visible | undefined, value: Value): boolean {
  for (let v = visible; v; v = v.outer) if (v.values.has(value)) return true;
  return false;
}

const label = (v: Value) => (v.name ? `\`${v.name}\`` : v.producer ? `an output of ${v.producer.op}` : `value ${v.id}`);

function checkGraph(graph: Graph, outer: Visible | undefined, state: State): void {
  const visible: Visible = { values: new Set(), outer };
  const report = (problem: string, hint: string, node?: Node) => void state.problems.push({ problem, hint, graph, node });
  const define = (value: Value, node?: Node) => {
    if (state.defined.has(value)) report(`${label(value)} is defined twice`, "Each value has one definition: make a new value.", node);
    state.defined.set(value, graph);
    visible.values.add(value);
  };
  if (state.graphs.has(graph)) report(`the sub-graph ${graph.name} belongs to two nodes`, "Copy it with cloneGraph.");
  state.graphs.add(graph);

  checkNames(graph, report);
  for (const v of graph.inputs) define(v);
  for (const v of graph.initializers) {
    if (!visible.values.has(v)) define(v);
    if (v.producer) report(`the initializer ${label(v)} is also the output of a node`, "Remove it from the initializers.");
    checkStorage(v, report);
  }
  let count = 0;
  let before: Node | undefined;
  for (const node of graph.nodes()) {
    count++;
    if (node.graph !== graph)
      report(`it stands in the graph ${graph.name} but belongs to ${node.graph.name}`, "Copy the node with graph.add.", node);
    if (node.previous !== before)
      report("its neighbours in the node list do not agree", "Change the list with add, remove and moveBefore only.", node);
    if (before && !before.isBefore(node))
      report("its position does not rise along the node list", "Change the list with add, remove and moveBefore only.", node);
    before = node;
    checkReads(node, visible, state, report);
    for (const body of node.subgraphs) {
      if (body.parent !== graph)
        report(`its sub-graph ${body.name} says that another graph is around it`, "Make it with new Graph(schemas, name, parent).", node);
      else checkGraph(body, visible, state);
    }
    checkTypes(node, report);
    for (const v of node.outputs) {
      if (v.producer !== node) report(`its output ${label(v)} says that another node makes it`, "Outputs are made by graph.add.", node);
      define(v, node);
    }
  }
  if (count !== graph.nodeCount)
    report(`it counts ${graph.nodeCount} nodes but has ${count}`, "Change the list with add, remove and moveBefore only.");
  for (const v of graph.outputs) {
    use(state, v, graph);
    if (!sees(visible, v))
      report(`its output ${label(v)} is not computed in it`, "Outputs are inputs, initializers or outputs of nodes of the graph.");
  }
}

type Report = (problem: string, hint: string, node?: Node) => void;

function checkNames(graph: Graph, report: Report): void {
  if (graph.parent) return;
  const inputs = new Map<string, Value>();
  for (const v of graph.inputs) {
    if (!v.name) report("an input has no name", "Give it one in addInput.");
    else if (inputs.has(v.name)) report(`two inputs are called \`${v.name}\``, "Give each input a name of its own.");
    if (v.name) inputs.set(v.name, v);
  }
  const outputs = new Set<string>();
  graph.outputNames.forEach((name, i) => {
    if (outputs.has(name)) report(`two outputs are called \`${name}\``, "Give each output a name of its own.");
    const input = inputs.get(name);
    if (input && input !== graph.outputs[i])
      report(`the output \`${name}\` has the name of an input but is another value`, "Rename the output.");
    outputs.add(name);
  });
}

function checkStorage(value: Value, report: Report): void {
  const { storage, type } = value;
  if (!storage) return report(`the initializer ${label(value)} has no data`, "Add it with addInitializer(storage).");
  if (!typeFits({ kind: "tensor", dtype: storage.dtype, shape: storage.shape }, type))
    report(
      `the initializer ${label(value)} is ${storage.dtype}[${storage.shape.join(", ")}] but its type is ${formatType(type)}`,
      "Add it with addInitializer(storage).",
    );
}

function use(state: State, value: Value, user: Node | Graph): void {
  let users = state.uses.get(value);
  if (!users) {
    users = new Map();
    state.uses.set(value, users);
  }
  users.set(user, (users.get(user) ?? 0) + 1);
}

function checkReads(node: Node, visible: Visible, state: State, report: Report): void {
  for (const v of node.inputs) {
    if (!v) continue;
    use(state, v, node);
    if (sees(visible, v)) continue;
    if (v.producer?.removed)
      report(`it reads ${label(v)}, whose node was removed`, "Replace the uses of a value before its node is removed.", node);
    else if (v.producer && isAround(v.producer.graph, node.graph)) {
      const cycle = dependsOn(v.producer, node);
      report(
        cycle
          ? `it depends on its own result: there is a cycle through ${label(v)}`
          : `it reads ${label(v)}, which is computed only after ${v.producer.graph === node.graph ? "it" : `the node that has the sub-graph ${node.graph.name}`}`,
        cycle ? "A graph has no cycles; use Loop to repeat." : "Order the nodes with topologicalSort(graph).",
        node,
      );
    } else
      report(
        v.producer && isAround(node.graph, v.producer.graph)
          ? `it reads ${label(v)}, which is computed in the sub-graph ${v.producer.graph.name}`
          : `it reads ${label(v)}, which belongs to no graph around it`,
        "A node reads values of its own graph and of the graphs around it; what a sub-graph gives back is its outputs.",
        node,
      );
  }
}

/** True when `inner` is `outer` or lies inside it. */
function isAround(outer: Graph, inner: Graph): boolean {
  for (let g: Graph | undefined = inner; g; g = g.parent) if (g === outer) return true;
  return false;
}

/** True when `node` reads, directly or not, an output of `target`. Only called for nodes that are wrong already. */
function dependsOn(node: Node, target: Node): boolean {
  const seen = new Set<Node>();
  const stack = [node];
  for (let n = stack.pop(); n; n = stack.pop()) {
    if (n === target) return true;
    if (seen.has(n)) continue;
    seen.add(n);
    for (const v of n.inputs) if (v?.producer) stack.push(v.producer);
  }
  return false;
}

function checkTypes(node: Node, report: Report): void {
  const { schemas } = node.graph;
  const schema = schemas.get(node.op);
  const variadic = schema?.outputs[schema.outputs.length - 1]?.option === "variadic";
  if (schema && !variadic && node.outputs.length > schema.outputs.length)
    report(`it has ${node.outputs.length} outputs, its operator at most ${schema.outputs.length}`, "See the operator's schema.", node);
  try {
    const { types } = inferNode(schemas, node.op, node.inputs, node.attributes, {
      outputCount: node.outputs.length,
      provenance: node.provenance,
    });
    node.outputs.forEach((v, i) => {
      const inferred = types[i];
      if (inferred && !typeFits(v.type, inferred))
        report(
          `its output ${label(v)} has the type ${formatType(v.type)}, but ${formatType(inferred)} follows from its inputs`,
          "Call graph.reinfer(node) after a change.",
          node,
        );
    });
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    report(error.summary, error.hint, node);
  }
}

function checkUses({ problems, uses, defined }: State): void {
  for (const [value, owner] of defined) {
    const real = uses.get(value);
    const node = value.producer;
    const report = (problem: string) =>
      problems.push({ problem, hint: "Change inputs with setInput and outputs with setOutputs only.", graph: owner, node });
    for (const [user, n] of value.users) {
      const m = real?.get(user) ?? 0;
      if (n !== m)
        report(
          `the use list of ${label(value)} says that ${"op" in user ? user.op : `the graph ${user.name}`} reads it ${n} times, it does ${m} times`,
        );
    }
    for (const [user, m] of real ?? [])
      if (!value.users.has(user))
        report(`the use list of ${label(value)} lacks ${"op" in user ? user.op : `the graph ${user.name}`}, which reads it ${m} times`);
  }
}
