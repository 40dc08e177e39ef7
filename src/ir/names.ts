// The name authority: the only maker of names, at serialisation only. Inside the compiler values have identity; here every value of
// a graph and of its sub-graphs gets a name that is unique among all the names it can see.
import { ingotError } from "../errors/error.ts";
import type { Graph, Node, Value } from "./graph.ts";
import { formatProvenance } from "./provenance.ts";

/**
 * An output whose name is not its value's: the value is an output twice, or is an input, an initializer or a value of an outer graph.
 * Formats that tie an output to its value by name need `name = Identity(value)` at the end of `graph`.
 */
export interface OutputAlias {
  readonly graph: Graph;
  readonly index: number;
  readonly value: Value;
  readonly name: string;
  /** The name of the Identity, as it would be if it were a node of the graph: so that a file that is read and written again is the same. */
  readonly nodeName: string;
}

export interface GraphNames {
  /** The name of a value of the graph or of one of its sub-graphs. Throws `InvalidGraph` for any other value. */
  of(value: Value): string;
  /** A unique name for a node, after its module scope: `layer1.0.conv1/Conv`. */
  ofNode(node: Node): string;
  readonly aliases: readonly OutputAlias[];
}

/**
 * Names everything. Inputs and outputs of the outermost graph keep their names exactly, initializers too unless two of them wish for the
 * same; whatever else wishes for a taken name gets a number (`mean`, then `mean_1`). The same graph always gets the same names.
 * A sub-graph never re-uses a name that it can see around it; sibling sub-graphs may use the same names.
 * `nodeNames` are the names of nodes that are not called after their scope and operator.
 * Throws `InvalidGraph` when two inputs or two outputs have one name, or an output is named as an input that it is not.
 *
 * @example
 * const names = assignNames(graph);
 * names.of(graph.inputs[0]); // "x"
 */
export function assignNames(graph: Graph, nodeNames: ReadonlyMap<Node, string> = new Map()): GraphNames {
  const state: State = { values: new Map(), nodes: new Map(), aliases: [], nodeNames: new NameSpace(), given: nodeNames };
  checkInterface(graph);
  nameGraph(graph, new NameSpace(), state);
  return {
    of: (value) => state.values.get(value) ?? foreign(value),
    ofNode: (node) => state.nodes.get(node) ?? foreign(node.output),
    aliases: state.aliases,
  };
}

interface State {
  readonly values: Map<Value, string>;
  readonly nodes: Map<Node, string>;
  readonly aliases: OutputAlias[];
  readonly nodeNames: NameSpace;
  readonly given: ReadonlyMap<Node, string>;
}

/** The names of one graph, over those of the graphs around it. */
class NameSpace {
  readonly #taken = new Set<string>();
  readonly #next = new Map<string, number>();
  readonly #outer: NameSpace | undefined;

  constructor(outer?: NameSpace) {
    this.#outer = outer;
  }

  has(name: string): boolean {
    return this.#taken.has(name) || (this.#outer?.has(name) ?? false);
  }

  /** `wish` itself when it is free, else the first free of `wish_1`, `wish_2`, … */
  take(wish: string): string {
    let name = wish;
    let n = this.#next.get(wish) ?? 1;
    while (this.has(name)) name = `${wish}_${n++}`;
    if (name !== wish) this.#next.set(wish, n);
    this.#taken.add(name);
    return name;
  }
}

function checkInterface(graph: Graph): void {
  const inputs = new Map<string, Value>();
  for (const v of graph.inputs) {
    const name = v.name ?? "";
    if (inputs.has(name)) throw interfaceError(`two inputs are called \`${name}\``);
    inputs.set(name, v);
  }
  const outputs = new Set<string>();
  graph.outputNames.forEach((name, i) => {
    if (outputs.has(name)) throw interfaceError(`two outputs are called \`${name}\``);
    outputs.add(name);
    const input = inputs.get(name);
    if (input && input !== graph.outputs[i]) throw interfaceError(`the output \`${name}\` has the name of an input but is another value`);
  });
}

const interfaceError = (problem: string) =>
  ingotError("InvalidGraph", { problem, where: "", hint: "Give each input and output a name of its own." });

function foreign(value: Value): never {
  throw ingotError("InvalidGraph", {
    problem: `${value.name ?? `value ${value.id}`} is read but belongs to no part of the graph that is being written`,
    where: value.producer ? `, from ${formatProvenance(value.producer.provenance)}` : "",
    hint: "Run verify(graph) to find the node that reads it.",
  });
}

function nameGraph(graph: Graph, space: NameSpace, state: State): void {
  const { values, aliases } = state;
  for (const v of graph.inputs) values.set(v, space.take(v.name || "input"));
  const late: Omit<OutputAlias, "nodeName">[] = [];
  graph.outputs.forEach((value, index) => {
    const wish = graph.outputNames[index] || "output";
    if (values.get(value) === wish && graph.inputs.includes(value)) return;
    const own = value.producer?.graph === graph && !values.has(value);
    const name = space.take(wish);
    if (own) values.set(value, name);
    else late.push({ graph, index, value, name });
  });
  for (const v of graph.initializers) if (!values.has(v)) values.set(v, space.take(v.name || "constant"));
  for (const node of graph.nodes()) {
    const kind = node.op.slice(node.op.lastIndexOf(".") + 1);
    const scope = node.provenance.find((o) => o.scope)?.scope;
    state.nodes.set(node, state.nodeNames.take(state.given.get(node) ?? (scope ? `${scope}/${kind}` : kind)));
    node.outputs.forEach((v, i) => {
      if (!values.has(v)) values.set(v, space.take(v.name || (i === 0 ? kind.toLowerCase() : `${kind.toLowerCase()}_out${i}`)));
    });
  }
  for (const alias of late) aliases.push({ ...alias, nodeName: state.nodeNames.take("Identity") });
  // After all names of this graph are known, so that no sub-graph hides one that is defined further down.
  for (const node of graph.nodes()) for (const body of node.subgraphs) nameGraph(body, new NameSpace(space), state);
}
