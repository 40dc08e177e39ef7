// `.code`: the graph as runnable TypeScript that computes the same. Operators are calls of `op`, If and Loop are JavaScript's own if and
// for; small constants stand in the text, large ones come in through `weights`.
import { Graph, type Node, type Value } from "../ir/graph.ts";
import { formatProvenance } from "../ir/provenance.ts";
import type { AttributeValue } from "../ir/schema.ts";
import { allGraphs } from "../ir/traverse.ts";
import { formatType } from "../ir/type.ts";
import { decoder } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";

/** Constants up to this many elements are written into the code. */
const inlineLimit = 16;

/** The initializers that the code takes through its `weights` parameter, by the name it asks for. */
export function codeWeights(graph: Graph): Map<string, Storage> {
  const names = new Namer();
  const weights = new Map<string, Storage>();
  for (const g of allGraphs(graph))
    for (const v of g.initializers) if (v.storage && v.storage.size > inlineLimit) weights.set(names.weight(v), v.storage);
  return weights;
}

/** The text of a module that exports `forward(inputs…, weights)`. */
export function graphToCode(graph: Graph): string {
  const names = new Namer();
  for (const g of allGraphs(graph)) for (const v of g.initializers) if (v.storage && v.storage.size > inlineLimit) names.weight(v);
  const writer = new CodeWriter(names);
  const parameters = graph.inputs.map((v) => `${names.of(v)}: Tensor`);
  const body = writer.body(graph, "  ");
  const results = graph.outputs.map((v) => writer.read(v));
  const returns =
    results.length === 1
      ? `return ${results[0]};`
      : `return { ${graph.outputNames.map((n, i) => `${JSON.stringify(n)}: ${results[i]}`).join(", ")} };`;
  const types = graph.inputs.map((v) => ` * @param ${names.of(v)} ${formatType(v.type)}`);
  return [
    'import { op, type Tensor, tensor } from "ingot";',
    "",
    "/**",
    ` * ${graph.name}, as Ingot compiled it.`,
    ...types,
    " */",
    `export function forward(${[...parameters, "weights: Readonly<Record<string, Tensor>>"].join(", ")}) {`,
    ...body,
    `  ${returns}`,
    "}",
    "",
  ].join("\n");
}

/** Identifiers for values; the weights keep their names as keys. */
class Namer {
  readonly #names = new Map<Value, string>();
  readonly #used = new Set(["weights", "op", "tensor", "Tensor", "forward"]);
  readonly #weights = new Map<Value, string>();
  readonly #weightNames = new Set<string>();

  of(v: Value): string {
    let name = this.#names.get(v);
    if (name === undefined) {
      name = this.fresh(v.name ?? v.producer?.op.split(".").pop() ?? "value");
      this.#names.set(v, name);
    }
    return name;
  }

  fresh(wish: string): string {
    const base = wish
      .replace(/[^A-Za-z0-9_]/g, "_")
      .replace(/^(?=\d|$)/, "_")
      .replace(/^[A-Z]+/, (head) => head.toLowerCase());
    const safe = reserved.has(base) ? `${base}_` : base;
    let name = safe;
    for (let i = 1; this.#used.has(name); i++) name = `${safe}_${i}`;
    this.#used.add(name);
    return name;
  }

  weight(v: Value): string {
    let name = this.#weights.get(v);
    if (name === undefined) {
      const wish = v.name ?? "constant";
      name = wish;
      for (let i = 1; this.#weightNames.has(name); i++) name = `${wish}_${i}`;
      this.#weightNames.add(name);
      this.#weights.set(v, name);
    }
    return name;
  }
}

const reserved = new Set(
  "break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof let new null return static super switch this throw true try typeof undefined var void while with yield await".split(
    " ",
  ),
);

class CodeWriter {
  readonly #names: Namer;

  constructor(names: Namer) {
    this.#names = names;
  }

  /** Lines that compute the values of a graph. */
  body(graph: Graph, indent: string): string[] {
    const lines: string[] = [];
    for (const node of graph.nodes()) lines.push(...this.#node(node, indent));
    return lines;
  }

  read(v: Value): string {
    if (!v.storage || v.producer) return this.#names.of(v);
    return v.storage.size > inlineLimit ? `weights[${JSON.stringify(this.#names.weight(v))}]!` : literal(v.storage);
  }

  #node(node: Node, indent: string): string[] {
    if (node.op === "If") return this.#if(node, indent);
    if (node.op === "Loop") return this.#loop(node, indent);
    const inputs = node.inputs.map((v) => (v ? this.read(v) : "undefined")).join(", ");
    const attributes = Object.entries(node.attributes).map(([key, value]) => `${key}: ${formatAttribute(value)}`);
    const places = formatProvenance(node.provenance);
    const comment = places ? ` // ${places.replaceAll("\n", " ")}` : "";
    const extra = attributes.length > 0 || node.outputs.length > 1 ? `, {${attributes.length ? ` ${attributes.join(", ")} ` : ""}}` : "";
    if (node.outputs.length === 1)
      return [
        `${indent}const [${this.#names.of(node.output)}] = op(${JSON.stringify(node.op)}, [${inputs}]${extra}) as [Tensor];${comment}`,
      ];
    const outputs = node.outputs.map((v) => this.#names.of(v)).join(", ");
    const tuple = node.outputs.map(() => "Tensor").join(", ");
    return [
      `${indent}const [${outputs}] = op(${JSON.stringify(node.op)}, [${inputs}]${extra}, ${node.outputs.length}) as [${tuple}];${comment}`,
    ];
  }

  #if(node: Node, indent: string): string[] {
    const { then_branch: yes, else_branch: no } = node.attributes;
    const outputs = node.outputs.map((v) => this.#names.of(v));
    const branch = (g: AttributeValue | undefined) =>
      g instanceof Graph ? [...this.body(g, `${indent}  `), ...g.outputs.map((v, i) => `${indent}  ${outputs[i]} = ${this.read(v)};`)] : [];
    return [
      `${indent}let ${outputs.map((o) => `${o}: Tensor`).join(", ")};`,
      `${indent}if (${this.read(node.inputs[0] as Value)}.item()) {`,
      ...branch(yes),
      `${indent}} else {`,
      ...branch(no),
      `${indent}}`,
    ];
  }

  /** Loop: inputs are the trip count, the condition and the carried values; the body gives condition, carried values, scan outputs. */
  #loop(node: Node, indent: string): string[] {
    const body = node.attributes.body as Graph;
    const [trip, condition, ...initial] = node.inputs;
    const carriedCount = body.inputs.length - 2;
    const [i, cond] = [this.#names.of(body.inputs[0] as Value), this.#names.of(body.inputs[1] as Value)];
    const carried = body.inputs.slice(2).map((v) => this.#names.of(v));
    const counter = this.#names.fresh("turn");
    const scans = node.outputs.slice(carriedCount).map((v) => this.#names.fresh(`${this.#names.of(v)}_rows`));
    const lines = carried.map((name, k) => `${indent}let ${name}: Tensor = ${this.read(initial[k] as Value)};`);
    lines.push(...scans.map((s) => `${indent}const ${s}: Tensor[] = [];`));
    lines.push(`${indent}let ${cond} = ${condition ? this.read(condition) : 'tensor([true], { dtype: "bool", shape: [] })'};`);
    const limit = trip ? `${counter} < ${this.read(trip)}.item() && ` : "";
    lines.push(`${indent}for (let ${counter} = 0; ${limit}${cond}.item(); ${counter}++) {`);
    lines.push(`${indent}  const ${i} = tensor([${counter}], { dtype: "int64", shape: [] });`);
    lines.push(...this.body(body, `${indent}  `));
    const results = body.outputs.map((v) => this.read(v));
    const targets = [cond, ...carried];
    lines.push(`${indent}  [${targets.join(", ")}] = [${results.slice(0, carriedCount + 1).join(", ")}];`);
    scans.forEach((s, k) => {
      lines.push(
        `${indent}  ${s}.push(op("Unsqueeze", [${results[carriedCount + 1 + k]}, tensor([0], { dtype: "int64" })])[0] as Tensor);`,
      );
    });
    lines.push(`${indent}}`);
    node.outputs.forEach((v, k) => {
      const name = this.#names.of(v);
      if (k < carriedCount) lines.push(`${indent}const ${name} = ${carried[k]};`);
      else lines.push(`${indent}const [${name}] = op("Concat", ${scans[k - carriedCount]}, { axis: 0 }) as [Tensor];`);
    });
    return lines;
  }
}

function formatAttribute(value: AttributeValue): string {
  if (value instanceof Storage) return `${literal(value)}.storage`;
  if (typeof value === "number") return formatNumber(value);
  if (Array.isArray(value)) return `[${value.map((v) => (typeof v === "number" ? formatNumber(v) : JSON.stringify(v))).join(", ")}]`;
  return JSON.stringify(value);
}

function formatNumber(v: number): string {
  return Object.is(v, -0)
    ? "-0"
    : Number.isFinite(v)
      ? String(v)
      : Number.isNaN(v)
        ? "Number.NaN"
        : `${v < 0 ? "-" : ""}Number.POSITIVE_INFINITY`;
}

/** `tensor([1, 2], { dtype: "int64" })`, exact for every dtype. */
function literal(storage: Storage): string {
  const decode = decoder(storage.dtype);
  const elements = Array.from(storage.dense() as ArrayLike<number | bigint | string>, (v) =>
    typeof v === "bigint"
      ? `${v}n`
      : typeof v === "string"
        ? JSON.stringify(v)
        : storage.dtype === "bool"
          ? String(v !== 0)
          : formatNumber(decode(v)),
  );
  const shape = storage.rank === 1 ? "" : `, shape: [${storage.shape.join(", ")}]`;
  return `tensor([${elements.join(", ")}], { dtype: "${storage.dtype}"${shape} })`;
}
