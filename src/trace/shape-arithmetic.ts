// Turns symbolic dimensions into graph nodes that compute them from the inputs' shapes: int64 tensors of shape [1].
import { type Dim, DimExpr, type DimPart } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { Provenance } from "../ir/provenance.ts";
import { type DType, dtypeInfo } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";

/** Which axis of which value carries a symbol; without an axis, the value itself is that size, an int64 scalar. */
export interface SymbolSource {
  readonly input: Value;
  readonly axis: number | undefined;
}

export class ShapeArithmetic {
  readonly #graph: Graph;
  readonly #sources: ReadonlyMap<string, SymbolSource>;
  readonly #made = new Map<string, Value>();

  constructor(graph: Graph, sources: ReadonlyMap<string, SymbolSource>) {
    this.#graph = graph;
    this.#sources = sources;
  }

  /** A value that holds `dims`: int64[n], or a scalar of `dtype` when `scalar`. */
  tensor(dims: readonly Dim[], dtype: DType, scalar: boolean, provenance: Provenance): Value {
    const g = this.#graph;
    // Neighbouring numbers become one constant.
    const pieces: Value[] = [];
    let numbers: number[] = [];
    const flush = () => {
      if (numbers.length > 0) pieces.push(g.addInitializer(Storage.from("int64", numbers, [numbers.length])));
      numbers = [];
    };
    for (const dim of dims) {
      if (typeof dim === "number") numbers.push(dim);
      else {
        flush();
        pieces.push(this.#value(dim, provenance));
      }
    }
    flush();
    let value = pieces.length === 1 ? (pieces[0] as Value) : g.add("Concat", pieces, { axis: 0 }, { provenance }).output;
    if (scalar) value = g.add("Squeeze", [value, g.addInitializer(Storage.from("int64", [0], [1]))], {}, { provenance }).output;
    if (dtype !== "int64") value = g.add("Cast", [value], { to: dtypeInfo(dtype).onnx }, { provenance }).output;
    return value;
  }

  #value(dim: Dim, provenance: Provenance): Value {
    if (!(dim instanceof DimExpr)) return this.#graph.addInitializer(Storage.from("int64", [dim], [1]));
    const known = this.#made.get(dim.key);
    if (known) return known;
    const value = dim.terms
      .map((t) => this.#term(t, provenance))
      .reduce((a, b) => this.#graph.add("Add", [a, b], {}, { provenance }).output);
    this.#made.set(dim.key, value);
    return value;
  }

  #term(term: DimPart, provenance: Provenance): Value {
    const factors = term.atoms.map((atom) => {
      if (atom.kind === "size") return this.#symbol(atom.name, provenance);
      const op = { floordiv: "Div", max: "Max", min: "Min" }[atom.kind];
      return this.#graph.add(op, [this.#value(atom.a, provenance), this.#value(atom.b, provenance)], {}, { provenance }).output;
    });
    if (term.coefficient !== 1 || factors.length === 0)
      factors.push(this.#graph.addInitializer(Storage.from("int64", [term.coefficient], [1])));
    return factors.reduce((a, b) => this.#graph.add("Mul", [a, b], {}, { provenance }).output);
  }

  #symbol(name: string, provenance: Provenance): Value {
    const known = this.#made.get(name);
    if (known) return known;
    const source = this.#sources.get(name);
    if (!source) throw new Error(`no input carries the symbol ${name}`);
    const { input, axis } = source;
    const g = this.#graph;
    const value =
      axis === undefined
        ? g.add("Unsqueeze", [input, g.addInitializer(Storage.from("int64", [0], [1]))], {}, { provenance }).output
        : g.add("Shape", [input], { start: axis, end: axis + 1 }, { provenance }).output;
    this.#made.set(name, value);
    return value;
  }
}
