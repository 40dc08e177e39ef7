// From recordings at several sizes to one graph with symbolic dimensions: walks the first recording, explains every number that changed,
// and replaces constants that follow a dimension by shape arithmetic.
import { ingotError } from "../errors/error.ts";
import { type Dim, type DimExpr, evaluateDim, isUnknownDim, symbolsOf } from "../ir/dim.ts";
import { Graph, type Node, type Value } from "../ir/graph.ts";
import type { Provenance } from "../ir/provenance.ts";
import type { AttributeValue } from "../ir/schema.ts";
import { copyInto } from "../ir/traverse.ts";
import { tensorType } from "../ir/type.ts";
import { isFloat } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { type Alignment, align, isDivergence } from "./align.ts";
import { Basis, type Sizes } from "./explain.ts";
import { frameOf } from "./frame.ts";
import { ShapeArithmetic, type SymbolSource } from "./shape-arithmetic.ts";

export interface SizedRecording {
  readonly graph: Graph;
  readonly sizes: Sizes;
}

export interface Generalized {
  readonly graph: Graph;
  /** True when the recordings leave open how a division rounds, so that more sizes are needed. */
  readonly uncertain: boolean;
}

/** The declared shape of each graph input, with symbols where it is dynamic. */
export type DeclaredShapes = readonly (readonly Dim[])[];

/**
 * One graph for all sizes. Throws `StructureDependsOnSize`, `UnexplainedSize`, `DynamicAttribute` or `DynamicConstant`, each with the
 * line of the node.
 */
export function generalize(recordings: readonly SizedRecording[], declared: DeclaredShapes, symbols: readonly DimExpr[]): Generalized {
  const first = recordings[0] as SizedRecording;
  const names = symbols.map((s) => s.key).join(", ");
  const alignments = recordings.slice(1).map((r) => {
    const result = align(first.graph, r.graph);
    if (!isDivergence(result)) return result;
    const difference = `${result.difference} (recorded at ${formatSizes(first.sizes)} and at ${formatSizes(r.sizes)})`;
    throw ingotError("StructureDependsOnSize", { symbols: names, difference }, frameOf(result.node?.provenance));
  });
  return new Generalizer(recordings, alignments, declared, symbols).run();
}

class Generalizer {
  readonly #recordings: readonly SizedRecording[];
  readonly #alignments: readonly Alignment[];
  readonly #symbols: readonly DimExpr[];
  readonly #graph: Graph;
  readonly #values = new Map<Value, Value>();
  readonly #basis: Basis;
  readonly #arithmetic: ShapeArithmetic;

  constructor(
    recordings: readonly SizedRecording[],
    alignments: readonly Alignment[],
    declared: DeclaredShapes,
    symbols: readonly DimExpr[],
  ) {
    this.#recordings = recordings;
    this.#alignments = alignments;
    this.#symbols = symbols;
    const source = this.#source;
    this.#graph = new Graph(source.schemas, source.name);
    this.#basis = new Basis(
      recordings.map((r) => r.sizes),
      symbols,
    );
    const sources = new Map<string, SymbolSource>();
    source.inputs.forEach((v, i) => {
      const shape = declared[i] as readonly Dim[];
      const input = this.#graph.addInput(v.name as string, tensorType(v.tensorType.dtype, shape));
      this.#values.set(v, input);
      shape.forEach((dim, axis) => {
        for (const name of symbolsOf(dim)) if (!sources.has(name)) sources.set(name, { input, axis });
      });
    });
    this.#arithmetic = new ShapeArithmetic(this.#graph, sources);
  }

  get #source(): Graph {
    return (this.#recordings[0] as SizedRecording).graph;
  }

  run(): Generalized {
    for (const node of this.#source.nodes()) this.#copy(node);
    const outputs = this.#source.outputs.map((v) => this.#value(v, []));
    this.#graph.setOutputs(outputs, this.#source.outputNames);
    return { graph: this.#graph, uncertain: this.#basis.uncertain };
  }

  #copy(node: Node): void {
    const { provenance } = node;
    const inputs = node.inputs.map((v) => v && this.#value(v, provenance));
    for (const name of Object.keys(node.attributes)) this.#checkAttribute(node, name);
    const copy = this.#graph.add(node.op, inputs, this.#attributes(node), { outputCount: node.outputs.length, provenance });
    node.outputs.forEach((v, i) => {
      const made = copy.outputs[i] as Value;
      made.name = v.name;
      this.#values.set(v, made);
      this.#refine(v, made);
    });
  }

  /** The branches and bodies of compiled modules read the values of this graph. */
  #attributes(node: Node): Readonly<Record<string, AttributeValue>> {
    if (node.subgraphs.length === 0) return node.attributes;
    // What they read of the graph's constants.
    for (const v of this.#source.initializers) this.#value(v, node.provenance);
    return Object.fromEntries(
      Object.entries(node.attributes).map(([name, value]) => [
        name,
        value instanceof Graph ? copyInto(value, this.#graph, this.#values) : value,
      ]),
    );
  }

  /** Where inference gave up on a dimension, or contradicts what was recorded, the recorded sizes explain it. */
  #refine(recorded: Value, made: Value): void {
    const actual = [recorded, ...this.#alignments.map((a) => a.values.get(recorded) as Value)].map((v) => v.tensorType.shape ?? []);
    const rank = actual[0]?.length ?? 0;
    const inferred = made.tensorType.shape;
    const shape = Array.from({ length: rank }, (_, axis): Dim => {
      const values = actual.map((s) => s[axis]);
      const guess = inferred?.[axis];
      if (
        guess !== undefined &&
        !isUnknownDim(guess) &&
        values.every((v, i) => v === evaluateDim(guess, this.#basis.recordings[i] as Sizes))
      )
        return guess;
      if (!values.every((v) => typeof v === "number")) return guess as Dim;
      return this.#basis.explain(values as number[]) ?? (guess as Dim);
    });
    made.type = tensorType(recorded.tensorType.dtype, shape);
    for (const dim of shape) this.#basis.add(dim);
  }

  #value(v: Value, provenance: Provenance): Value {
    const known = this.#values.get(v);
    if (known) return known;
    const storage = v.storage as Storage;
    const others = this.#alignments.map((a) => a.constants.get(v) ?? storage);
    const made = others.every((s) => s === storage)
      ? this.#graph.addInitializer(storage, v.name)
      : this.#dynamicConstant(storage, others, provenance);
    this.#values.set(v, made);
    return made;
  }

  #dynamicConstant(storage: Storage, others: readonly Storage[], provenance: Provenance): Value {
    const all = [storage, ...others];
    const fail = (code: "UnexplainedSize" | "DynamicConstant") =>
      ingotError(
        code,
        { symbols: this.#symbolNames, values: all.map((s, i) => `${preview(s)} at ${this.#sizesText(i)}`).join("; ") },
        frameOf(provenance),
      );
    if (
      storage.rank > 1 ||
      storage.size > 64 ||
      storage.dtype === "string" ||
      others.some((s) => s.dtype !== storage.dtype || !sameShape(s.shape, storage.shape))
    )
      throw fail("DynamicConstant");
    const columns = all.map((s) => s.toNumbers());
    const dims = (columns[0] as number[]).map((_, i): Dim => {
      const dim = this.#basis.explain(columns.map((c) => c[i] as number));
      if (dim === undefined || (isFloat(storage.dtype) && !Number.isInteger(columns[0]?.[i]))) throw fail("UnexplainedSize");
      return dim;
    });
    return this.#arithmetic.tensor(dims, storage.dtype, storage.rank === 0, provenance);
  }

  #checkAttribute(node: Node, name: string): void {
    const differing = this.#alignments.map((a) => a.attributes.find((d) => d.node === node && d.name === name));
    if (differing.every((d) => d === undefined)) return;
    const show = (v: AttributeValue | undefined) => (typeof v === "object" && "dtype" in v ? preview(v as Storage) : String(v));
    const values = [node.attributes[name], ...differing.map((d) => (d ? d.other : node.attributes[name]))].map(
      (v, i) => `${show(v)} at ${this.#sizesText(i)}`,
    );
    throw ingotError(
      "DynamicAttribute",
      { attribute: name, op: node.op, symbols: this.#symbolNames, values: values.join("; ") },
      frameOf(node.provenance),
    );
  }

  get #symbolNames(): string {
    return this.#symbols.map((s) => s.key).join(", ");
  }

  #sizesText(i: number): string {
    return formatSizes((this.#recordings[i] as SizedRecording).sizes);
  }
}

/** `batch=3, seq=12` */
export function formatSizes(sizes: Sizes): string {
  return [...sizes].map(([name, size]) => `${name}=${size}`).join(", ");
}

function preview(storage: Storage): string {
  if (storage.dtype === "string" || storage.size > 8) return `${storage.dtype}${formatShape(storage.shape)}`;
  const values = storage.toNumbers();
  return storage.rank === 0 ? String(values[0]) : formatShape(values);
}
