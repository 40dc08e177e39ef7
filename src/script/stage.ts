// What interpreted code stages: the graph under construction with its open sub-graphs, the sizes that are symbolic, and the tensors that
// stand for values of the graph. A tensor without elements has one concrete shape per assignment of sizes (`hints`): library code runs once
// per assignment, and what differs is explained by the sizes (see library-call.ts).
import { Tensor } from "../eager/tensor.ts";
import { type Dim, type DimExpr, evaluateDim, isUnknownDim, symbolsOf, unknownDim } from "../ir/dim.ts";
import { Graph, type Value } from "../ir/graph.ts";
import type { Provenance } from "../ir/provenance.ts";
import type { AttributeValue } from "../ir/schema.ts";
import { type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import { registry } from "../ops/registry.ts";
import { type DType, dtypeInfo } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { Basis } from "../trace/explain.ts";
import { ShapeArithmetic, type SymbolSource } from "../trace/shape-arithmetic.ts";
import { type Scalar, type ScalarKind, Sym, type SymFacts, type Within } from "./values.ts";

/** What a tensor handle stands for. */
export interface Staged {
  readonly value: Value;
  /** One per assignment, or a single one where all are the same. */
  readonly handles: readonly Tensor[];
}

export const scalarDType: { readonly [K in ScalarKind]: DType } = { int: "int64", float: "float64", bool: "bool" };

export class Stage {
  readonly graph = new Graph(registry, "main");
  /** The sizes of all symbols, per assignment. */
  readonly hints: readonly Map<string, number>[];
  /** Where the next nodes come from. */
  provenance: Provenance = [];
  readonly #open: Graph[] = [this.graph];
  readonly #basis: Basis;
  readonly #sources = new Map<string, SymbolSource>();
  readonly #arithmetic = new WeakMap<Graph, ShapeArithmetic>();
  readonly #staged = new WeakMap<Tensor, Staged>();
  readonly #scalars = new Map<string, Value>();
  readonly #names: ReadonlyMap<Tensor, string>;
  readonly #defined = new Map<string, Graph>();
  #symbolCount = 0;

  /** `hints` holds the sizes of the declared symbols, one map per assignment; `names` the parameters' names. */
  constructor(hints: readonly ReadonlyMap<string, number>[], names: ReadonlyMap<Tensor, string>) {
    this.hints = hints.map((sizes) => new Map(sizes));
    this.#basis = new Basis(this.hints, []);
    this.#names = names;
  }

  // ---- graphs -----------------------------------------------------------------------------------------------------

  /** The innermost graph: where nodes are added. */
  get current(): Graph {
    return this.#open[this.#open.length - 1] as Graph;
  }

  /** Runs `body` with a new sub-graph innermost, and gives that. The caller uses it or drops it (`discard`). */
  subgraph<T>(name: string, body: (graph: Graph) => T): { readonly graph: Graph; readonly result: T } {
    const graph = new Graph(registry, name, this.current);
    try {
      return { graph, result: this.inside(graph, () => body(graph)) };
    } catch (error) {
      graph.dropUses();
      throw error;
    }
  }

  /** Adds an input to the innermost (sub-)graph. */
  addInput(name: string, type: ValueType): Value {
    const value = this.current.addInput(name, type);
    this.#homes.set(value, this.current);
    return value;
  }
  readonly #homes = new WeakMap<Value, Graph>();

  /** True when nodes of the innermost graph may read a value. */
  isValueVisible(value: Value): boolean {
    const home = value.producer?.graph ?? this.#homes.get(value);
    return !home || encloses(home, this.current);
  }

  /** Runs `body` with a graph innermost that was made before. */
  inside<T>(graph: Graph, body: () => T): T {
    this.#open.push(graph);
    try {
      return body();
    } finally {
      this.#open.pop();
    }
  }

  /** Adds a node to the innermost graph; gives its outputs. */
  add(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    outputCount = 1,
  ): Value[] {
    return this.current.add(op, inputs, attributes, { outputCount, provenance: this.provenance }).outputs.slice(0, outputCount);
  }

  // ---- sizes ------------------------------------------------------------------------------------------------------

  /** Declares a named size that an input's axis carries. */
  declareSymbol(symbol: DimExpr, source: SymbolSource): void {
    if (this.#sources.has(symbol.key)) return;
    this.#sources.set(symbol.key, source);
    this.#defined.set(symbol.key, this.graph);
    this.#basis.add(symbol);
  }

  /** A size that nothing is known of: that of an axis of a value, or a scalar itself. */
  newSymbol(source: SymbolSource, within?: Within): DimExpr {
    const symbol = this.anonymousSymbol(within);
    this.setSource(symbol, source);
    return symbol;
  }

  /** A symbol for an unknown size that library code has met; its source follows with `setSource`, when the node is there. */
  anonymousSymbol(within?: Within): DimExpr {
    const symbol = unknownDim();
    const n = this.#symbolCount++;
    this.hints.forEach((sizes, j) => {
      const range = within?.((dim) => this.hint(dim, j) ?? Number.NaN);
      sizes.set(symbol.key, hintFor(n, j, range));
    });
    this.#basis.add(symbol);
    return symbol;
  }

  setSource(symbol: DimExpr, source: SymbolSource): void {
    this.#sources.set(symbol.key, source);
    this.#defined.set(symbol.key, this.current);
  }

  /** True for a symbol that no value is known to carry yet. */
  isAnonymous(dim: Dim): dim is DimExpr {
    return typeof dim !== "number" && isUnknownDim(dim) && symbolsOf(dim).has(dim.key) && !this.#sources.has(dim.key);
  }

  hint(dim: Dim, assignment: number): number | undefined {
    return evaluateDim(dim, this.hints[assignment] as ReadonlyMap<string, number>);
  }

  /** The simplest expression with these values, one per assignment. */
  explain(values: readonly number[]): Dim | undefined {
    return this.#basis.explain(values);
  }

  /** True when every symbol of a size is known inside the graph `at` (itself or a graph around it). */
  isVisible(dim: Dim, at: Graph = this.current): boolean {
    for (const name of symbolsOf(dim)) {
      const home = this.#defined.get(name);
      if (!home || !encloses(home, at)) return false;
    }
    return true;
  }

  /** Values that hold `dims`, as one int64[n], or a scalar. */
  sizes(dims: readonly Dim[], dtype: DType = "int64", scalar = false): Value {
    let arithmetic = this.#arithmetic.get(this.current);
    if (!arithmetic) {
      arithmetic = new ShapeArithmetic(this.current, this.#sources);
      this.#arithmetic.set(this.current, arithmetic);
    }
    return arithmetic.tensor(dims, dtype, scalar, this.provenance);
  }

  // ---- tensors ----------------------------------------------------------------------------------------------------

  /** Declares an input of the whole graph. */
  input(name: string, dtype: DType, shape: readonly Dim[]): Tensor {
    const value = this.graph.addInput(name, tensorType(dtype, shape));
    shape.forEach((dim, axis) => {
      if (typeof dim !== "number") this.declareSymbol(dim, { input: value, axis });
    });
    return this.wrap(value);
  }

  /** A tensor handle for a value of the graph. Sizes that nothing is known of get symbols. Throws `NeedsRank` without a rank. */
  wrap(value: Value): Tensor {
    const type = this.settle(value);
    const shape = type.shape as readonly Dim[];
    const symbolic = shape.some((d) => typeof d !== "number");
    const count = symbolic ? this.hints.length : 1;
    const handles = Array.from(
      { length: count },
      (_, j) =>
        new Tensor(
          type.dtype,
          shape.map((d) => this.hint(d, j) as number),
        ),
    );
    return this.adopt({ value, handles });
  }

  /** Makes the first handle stand for them all. */
  adopt(staged: Staged): Tensor {
    const first = staged.handles[0] as Tensor;
    this.#staged.set(first, staged);
    return first;
  }

  /** Gives symbols to a value's unknown sizes. */
  settle(value: Value): TensorType {
    const type = value.tensorType;
    if (!type.shape) throw new NeedsRank();
    if (type.shape.every((d) => typeof d === "number" || this.hint(d, 0) !== undefined)) return type;
    const shape = type.shape.map((d, axis) => (this.hint(d, 0) === undefined ? this.newSymbol({ input: value, axis }) : d));
    const settled = tensorType(type.dtype, shape);
    value.type = settled;
    return settled;
  }

  stagedOf(tensor: Tensor): Staged | undefined {
    return this.#staged.get(tensor);
  }

  /** True when the tensor depends on the inputs (or on sizes): it has no elements at compile time. */
  isSymbolic(tensor: Tensor): boolean {
    const staged = this.#staged.get(tensor);
    return staged !== undefined && (staged.handles.length > 1 || Tensor.storageOf(tensor) === undefined);
  }

  /** The graph value of a tensor; a constant becomes an initializer, under its parameter's name if it has one. */
  valueOf(tensor: Tensor): Value {
    const staged = this.#staged.get(tensor);
    if (staged) return staged.value;
    const value = this.graph.addInitializer(Tensor.storageOf(tensor) as Storage, this.#names.get(tensor));
    this.#staged.set(tensor, { value, handles: [tensor] });
    return value;
  }

  /** The symbolic shape of a tensor. */
  shapeOf(tensor: Tensor): readonly Dim[] {
    return this.#staged.get(tensor)?.value.tensorType.shape ?? tensor.shape;
  }

  // ---- scalars ----------------------------------------------------------------------------------------------------

  /** The graph value of a scalar, converted to a kind. */
  scalar(scalar: Scalar, kind: ScalarKind): Value {
    if (!(scalar instanceof Sym)) return this.#constant(kind === "bool" ? Boolean(scalar) : Number(scalar), kind);
    const value = scalar.value ?? this.sizes([scalar.dim as Dim], "int64", true);
    return scalar.kind === kind ? value : this.cast(value, scalarDType[kind]);
  }

  cast(value: Value, dtype: DType): Value {
    if (value.tensorType.dtype === dtype) return value;
    return this.add("Cast", [value], { to: dtypeInfo(dtype).onnx })[0] as Value;
  }

  /** Adds a node that computes a scalar. */
  compute(
    kind: ScalarKind,
    op: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    facts: SymFacts = {},
  ): Sym {
    return new Sym(kind, this.add(op, inputs, attributes)[0], facts);
  }

  /** The size that an int is: what it follows from, or a symbol of its own. */
  dimOf(scalar: Sym | number): Dim {
    if (!(scalar instanceof Sym)) return scalar;
    if (scalar.dim !== undefined) return scalar.dim;
    let dim = this.#dims.get(scalar);
    if (!dim) {
      dim = this.newSymbol({ input: this.scalar(scalar, "int"), axis: undefined }, scalar.within);
      this.#dims.set(scalar, dim);
    }
    return dim;
  }
  readonly #dims = new WeakMap<Sym, DimExpr>();

  #constant(value: number | boolean, kind: ScalarKind): Value {
    const key = `${kind} ${Object.is(value, -0) ? "-0" : value}`;
    let made = this.#scalars.get(key);
    if (!made) {
      made = this.graph.addInitializer(Storage.from(scalarDType[kind], [value], []));
      this.#scalars.set(key, made);
    }
    return made;
  }
}

/** The rank of a value is not known, so no tensor can stand for it. */
export class NeedsRank extends Error {}

/** A type in sizes that hold outside of a sub-graph: others become unknown. */
export function outsideType(stage: Stage, type: ValueType): ValueType {
  if (type.kind === "sequence") return { kind: "sequence", element: outsideType(stage, type.element) };
  if (type.kind !== "tensor" || !type.shape) return type;
  return tensorType(
    type.dtype,
    type.shape.map((d) => (stage.isVisible(d) ? d : unknownDim())),
  );
}

function encloses(outer: Graph, inner: Graph | undefined): boolean {
  for (let g = inner; g; g = g.parent) if (g === outer) return true;
  return false;
}

/**
 * Sizes that no arithmetic takes for one another: uneven, from 3 on, different in each assignment. In a range they go round in it, so that a
 * short one is tried as a whole.
 */
function hintFor(n: number, assignment: number, [least, most]: readonly [number, number] = [0, Number.POSITIVE_INFINITY]): number {
  const mixed = Math.imul(n * 8 + assignment + 1, 0x9e3779b1) >>> 16;
  const free = 3 + assignment * 41 + (mixed % 37);
  const from = Math.min(Math.max(least, 1), Math.max(most, 0));
  if (Number.isNaN(most) || (free >= from && free <= most)) return free;
  return most === Number.POSITIVE_INFINITY ? from + free : most - ((n + assignment) % (most - from + 1));
}
