// `.code`: the graph as runnable TypeScript that computes the same. Operators are calls of `op`; If, Loop and Scan are JavaScript's own if
// and for; small constants stand in the text, large ones come in through `weights`.
import { ingotError } from "../errors/error.ts";
import { Graph, type Node, type Value } from "../ir/graph.ts";
import { formatProvenance } from "../ir/provenance.ts";
import type { AttributeValue } from "../ir/schema.ts";
import { allGraphs, allNodes, cloneGraph } from "../ir/traverse.ts";
import { formatType, type ValueType } from "../ir/type.ts";
import { decomposeNodes } from "../ops/decompose-nodes.ts";
import type { Storage } from "../tensor/storage.ts";
import { frameOf } from "../trace/frame.ts";
import { attributesLiteral, commentText, keyLiteral, tensorLiteral } from "./code-literal.ts";
import { CodeNames } from "./code-names.ts";

/** Constants up to this many elements are written into the code. */
const inlineLimit = 16;

/** Operators whose sub-graphs become the blocks of a statement. */
const statements: ReadonlySet<string> = new Set(["If", "Loop", "Scan"]);

/** The graph itself, or a copy whose other operators with sub-graphs (FlexAttention) are what defines them: the same kernels in a row. */
function inStatements(graph: Graph): Graph {
  const hasBlocks = (node: Node) => node.subgraphs.length > 0 && !statements.has(node.op);
  if (![...allNodes(graph)].some(hasBlocks)) return graph;
  const copy = cloneGraph(graph).graph;
  decomposeNodes(copy, hasBlocks);
  return copy;
}

/** The initializers that the code takes through its `weights` parameter, by the name it asks for. */
export function codeWeights(graph: Graph): Map<string, Storage> {
  const names = new CodeNames();
  return new Map(largeConstants(inStatements(graph)).map((v) => [names.weight(v), v.storage as Storage]));
}

/** Initializers and default values of inputs that do not stand in the text, in the order in which they get their keys. */
function largeConstants(graph: Graph): Value[] {
  const all = [...allGraphs(graph)].flatMap((g) => [...new Set([...g.initializers, ...g.inputs])]);
  return all.filter((v) => v.storage && v.storage.size > inlineLimit);
}

/**
 * The text of a module that exports `forward(inputs…, weights)`. One output is returned as it is, several in a record by name.
 * An input with a default value may be `undefined`.
 */
export function graphToCode(source: Graph): string {
  const graph = inStatements(source);
  const names = new CodeNames();
  for (const v of largeConstants(graph)) names.weight(v);
  const writer = new CodeWriter(names, graph);
  const parameters: string[] = [];
  const defaults: string[] = [];
  for (const v of graph.inputs) {
    const name = names.of(v);
    if (!v.storage) parameters.push(`${name}: Tensor`);
    else {
      const given = names.fresh(`${name}_given`);
      parameters.push(`${given}: Tensor | undefined`);
      defaults.push(`  const ${name} = ${given} ?? ${writer.constant(v, v.storage)};`);
    }
  }
  const body = writer.body(graph, "  ");
  const results = graph.outputs.map((v) => writer.read(v));
  const returns =
    results.length === 1
      ? `return ${results[0]};`
      : `return { ${graph.outputNames.map((n, i) => `${keyLiteral(n)}: ${results[i]}`).join(", ")} };`;
  const types = graph.inputs.map((v) => ` * @param ${names.of(v)} ${commentText(formatType(v.type))}`);
  return [
    'import { op, type Tensor, tensor } from "ingot";',
    "",
    "/**",
    ` * ${commentText(graph.name)}, as Ingot compiled it.`,
    ...types,
    " */",
    `export function forward(${[...parameters, "weights: Readonly<Record<string, Tensor>>"].join(", ")}) {`,
    ...defaults,
    ...body,
    `  ${returns}`,
    "}",
    "",
  ].join("\n");
}

/** Throws `CodeNotExpressible` for what `op` does not take or give: graphs and values that are no tensors. */
function checkExpressible(node: Node, isControl: boolean): void {
  const odd = [...node.inputs, ...node.outputs].find((v) => v && v.type.kind !== "tensor");
  const problem = odd
    ? `takes or gives a value of type ${formatType(odd.type)}`
    : node.subgraphs.length > 0 && !isControl
      ? "has a sub-graph, and nothing defines it by other operators"
      : undefined;
  if (problem !== undefined) throw ingotError("CodeNotExpressible", { op: node.op, problem }, frameOf(node.provenance));
}

class CodeWriter {
  readonly #names: CodeNames;
  readonly #inputs: ReadonlySet<Value>;

  constructor(names: CodeNames, graph: Graph) {
    this.#names = names;
    this.#inputs = new Set([...allGraphs(graph)].flatMap((g) => g.inputs));
  }

  /** Lines that compute the values of a graph. */
  body(graph: Graph, indent: string): string[] {
    return [...graph.nodes()].flatMap((node) => this.#node(node, indent));
  }

  /** An expression for a value: its name, or the constant itself. */
  read(v: Value): string {
    return v.storage && !v.producer && !this.#inputs.has(v) ? this.constant(v, v.storage) : this.#names.of(v);
  }

  constant(v: Value, storage: Storage): string {
    return storage.size > inlineLimit ? `weights[${JSON.stringify(this.#names.weight(v))}]!` : tensorLiteral(storage);
  }

  #node(node: Node, indent: string): string[] {
    const places = formatProvenance(node.provenance);
    const comment = places ? ` // ${commentText(places)}` : "";
    const control = this.#control[node.op];
    checkExpressible(node, control !== undefined);
    if (control) return [...(comment ? [indent + comment.trim()] : []), ...control(node, indent)];
    const inputs = node.inputs.map((v) => (v ? this.read(v) : "undefined")).join(", ");
    const outputs = node.outputs.map((v) => this.#names.of(v));
    const attributes = attributesLiteral(node.attributes);
    const count = outputs.length === 1 ? "" : `, ${outputs.length}`;
    const extra = attributes || count ? `, ${attributes || "{}"}${count}` : "";
    const call = `op(${JSON.stringify(node.op)}, [${inputs}]${extra}) as [${outputs.map(() => "Tensor").join(", ")}]`;
    return [`${indent}const [${outputs.join(", ")}] = ${call};${comment}`];
  }

  /** The operators that are statements. */
  readonly #control: Readonly<Record<string, (node: Node, indent: string) => string[]>> = {
    If: (node, indent) => this.#if(node, indent),
    Loop: (node, indent) => this.#loop(node, indent),
    Scan: (node, indent) => this.#scan(node, indent),
  };

  #if(node: Node, indent: string): string[] {
    const { then_branch: yes, else_branch: no } = node.attributes;
    const outputs = node.outputs.map((v) => this.#names.of(v));
    const branch = (g: AttributeValue | undefined) =>
      g instanceof Graph
        ? [...this.body(g, `${indent}  `), ...outputs.map((o, i) => `${indent}  ${o} = ${this.read(g.outputs[i] as Value)};`)]
        : [];
    return [
      `${indent}let ${outputs.map((o) => `${o}: Tensor`).join(", ")};`,
      `${indent}if (${this.read(node.inputs[0] as Value)}.item()) {`,
      ...branch(yes),
      `${indent}} else {`,
      ...branch(no),
      `${indent}}`,
    ];
  }

  /** Loop: inputs are the trip count, the condition and the states; the body gives condition, states, scan outputs. */
  #loop(node: Node, indent: string): string[] {
    const body = node.attributes.body as Graph;
    const [trips, condition, ...initial] = node.inputs as (Value | undefined)[];
    const [i, going] = [this.#names.of(body.inputs[0] as Value), this.#names.of(body.inputs[1] as Value)];
    const turn = this.#names.fresh("turn");
    const limit = this.#names.fresh("limit");
    const states = this.#states(initial as Value[], body.inputs.slice(2), indent);
    const stacks = this.#stacks(node, states.names.length, []);
    const results = body.outputs.map((v) => this.read(v));
    return [
      ...states.lines,
      ...stacks.map((s) => `${indent}const ${s.rows}: Tensor[] = [];`),
      // Trip counts may lie beyond 2^53: exporters write the largest int64 for "as long as the condition holds".
      ...(trips ? [`${indent}const ${limit} = ${this.read(trips)}.toBigIntArray()[0]!;`] : []),
      `${indent}let ${going}: Tensor = ${condition ? this.read(condition) : 'tensor([true], { dtype: "bool", shape: [] })'};`,
      `${indent}for (let ${turn} = 0; ${trips ? `${turn} < ${limit} && ` : ""}${going}.item(); ${turn}++) {`,
      `${indent}  const ${i} = tensor([${turn}], { dtype: "int64", shape: [] });`,
      ...this.body(body, `${indent}  `),
      ...stacks.map((s, k) => s.push(results[1 + states.names.length + k] as string, `${indent}  `)),
      // All at once: a state may be computed from another's old value.
      `${indent}  [${[going, ...states.names].join(", ")}] = [${results.slice(0, 1 + states.names.length).join(", ")}];`,
      `${indent}}`,
      ...this.#finish(node, states.names, stacks, indent),
    ];
  }

  /** Scan: inputs are the states and what is scanned; the body gives the states and scan outputs. */
  #scan(node: Node, indent: string): string[] {
    const {
      body,
      num_scan_inputs,
      scan_input_axes = [],
      scan_input_directions = [],
      scan_output_axes,
      scan_output_directions,
    } = node.attributes;
    if (!(body instanceof Graph) || typeof num_scan_inputs !== "number") return [];
    const stateCount = node.inputs.length - num_scan_inputs;
    const at = (list: AttributeValue | undefined, k: number) => (Array.isArray(list) ? Number(list[k] ?? 0) : 0);
    const scanned = node.inputs.slice(stateCount).map((v) => this.read(v as Value));
    const turn = this.#names.fresh("turn");
    const count = this.#names.fresh("count");
    const states = this.#states(node.inputs.slice(0, stateCount) as Value[], body.inputs.slice(0, stateCount), indent);
    const outputCount = node.outputs.length - stateCount;
    const places = Array.from({ length: outputCount }, (_, k) => ({
      axis: at(scan_output_axes, k),
      backwards: at(scan_output_directions, k) === 1,
    }));
    const stacks = this.#stacks(node, stateCount, places);
    const results = body.outputs.map((v) => this.read(v));
    return [
      ...states.lines,
      ...stacks.map((s) => `${indent}const ${s.rows}: Tensor[] = [];`),
      `${indent}const ${count} = ${scanned[0]}.size(${at(scan_input_axes, 0)});`,
      `${indent}for (let ${turn} = 0; ${turn} < ${count}; ${turn}++) {`,
      ...body.inputs.slice(stateCount).map((v, k) => {
        const index = at(scan_input_directions, k) === 1 ? `${count} - 1 - ${turn}` : turn;
        return `${indent}  const ${this.#names.of(v)} = ${scanned[k]}.select(${at(scan_input_axes, k)}, ${index});`;
      }),
      ...this.body(body, `${indent}  `),
      ...stacks.map((s, k) => s.push(results[stateCount + k] as string, `${indent}  `)),
      ...(stateCount > 0 ? [`${indent}  [${states.names.join(", ")}] = [${results.slice(0, stateCount).join(", ")}];`] : []),
      `${indent}}`,
      ...this.#finish(node, states.names, stacks, indent),
    ];
  }

  #states(initial: readonly Value[], inputs: readonly Value[], indent: string): { names: string[]; lines: string[] } {
    const names = inputs.map((v) => this.#names.of(v));
    return { names, lines: names.map((name, k) => `${indent}let ${name}: Tensor = ${this.read(initial[k] as Value)};`) };
  }

  /** The scan outputs of a loop, from output `first` on. */
  #stacks(node: Node, first: number, places: readonly { readonly axis: number; readonly backwards: boolean }[]): Stack[] {
    return node.outputs.slice(first).map((v, k) => {
      const { axis = 0, backwards = false } = places[k] ?? {};
      const rows = this.#names.fresh(`${this.#names.of(v)}_rows`);
      const axes = `tensor([${axis}], { dtype: "int64" })`;
      return {
        rows,
        push: (value, indent) => `${indent}${rows}.${backwards ? "unshift" : "push"}(op("Unsqueeze", [${value}, ${axes}])[0] as Tensor);`,
        joined: `${rows}.length > 0 ? (op("Concat", ${rows}, { axis: ${axis} })[0] as Tensor) : ${emptyStack(v.type, axis)}`,
      };
    });
  }

  #finish(node: Node, states: readonly string[], stacks: readonly Stack[], indent: string): string[] {
    return node.outputs.map((v, k) => {
      const value = states[k] ?? stacks[k - states.length]?.joined;
      return `${indent}const ${this.#names.of(v)}: Tensor = ${value};`;
    });
  }
}

/** Values of the iterations that are joined along a new axis. */
interface Stack {
  readonly rows: string;
  readonly push: (value: string, indent: string) => string;
  readonly joined: string;
}

/** What no iteration gives: sizes that are not known are 0, as in the operators' kernels. */
function emptyStack(type: ValueType, axis: number): string {
  const shape = type.kind === "tensor" && type.shape ? type.shape.map((d) => (typeof d === "number" ? d : 0)) : [0];
  shape[axis < 0 ? axis + shape.length : axis] = 0;
  return `tensor([], { dtype: "${type.kind === "tensor" ? type.dtype : "float32"}", shape: [${shape.join(", ")}] })`;
}
