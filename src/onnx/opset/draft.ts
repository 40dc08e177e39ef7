// A node on its way from an old opset to the newest form: converters change it step by step before it enters the graph.
import { ingotError } from "../../errors/error.ts";
import { Graph, type Node, type Value } from "../../ir/graph.ts";
import type { Attributes } from "../../ir/schema.ts";
import type { ValueType } from "../../ir/type.ts";
import { Storage } from "../../tensor/storage.ts";

/** An attribute as the file has it: ints are bigints, floats are numbers. */
export type RawAttribute =
  | bigint
  | number
  | string
  | readonly bigint[]
  | readonly number[]
  | readonly string[]
  | Storage
  | Graph
  | ValueType;

export class NodeDraft {
  op: string;
  readonly inputs: (Value | undefined)[];
  readonly attributes: Map<string, RawAttribute>;
  outputCount: number;
  /** The opset version of the node's domain. */
  readonly version: number;
  /** Turns the outputs of the newest form into those of the old one, when they differ. */
  finish: ((outputs: readonly Value[]) => readonly Value[]) | undefined;
  readonly #graph: Graph;
  readonly #file: string;
  readonly #provenance: Node["provenance"];

  constructor(fields: {
    readonly op: string;
    readonly inputs: readonly (Value | undefined)[];
    readonly attributes: ReadonlyMap<string, RawAttribute>;
    readonly outputCount: number;
    readonly version: number;
    readonly graph: Graph;
    readonly file: string;
    readonly provenance: Node["provenance"];
  }) {
    this.op = fields.op;
    this.inputs = [...fields.inputs];
    this.attributes = new Map(fields.attributes);
    this.outputCount = fields.outputCount;
    this.version = fields.version;
    this.#graph = fields.graph;
    this.#file = fields.file;
    this.#provenance = fields.provenance;
  }

  /** Takes an attribute away and gives its value. */
  take(name: string): RawAttribute | undefined {
    const value = this.attributes.get(name);
    this.attributes.delete(name);
    return value;
  }

  takeInt(name: string): number | undefined {
    const value = this.take(name);
    return typeof value === "bigint" || typeof value === "number" ? Number(value) : undefined;
  }

  takeInts(name: string): readonly bigint[] | undefined {
    const value = this.take(name);
    return Array.isArray(value) ? value.map((v) => BigInt(v)) : undefined;
  }

  takeFloat(name: string): number | undefined {
    const value = this.take(name);
    return typeof value === "number" ? value : undefined;
  }

  takeFloats(name: string): readonly number[] | undefined {
    const value = this.take(name);
    return Array.isArray(value) ? value.map(Number) : undefined;
  }

  /** A constant in the node's graph. */
  constant(storage: Storage): Value {
    return this.#graph.addInitializer(storage);
  }

  /** A constant list of int64, `[n]`. */
  int64(values: readonly (bigint | number)[]): Value {
    return this.constant(Storage.from("int64", values, [values.length]));
  }

  /** A constant scalar of the dtype of the first input (float32 where that is not known). */
  scalarLikeInput(value: number): Value {
    const type = this.inputs[0]?.type;
    return this.constant(Storage.from(type?.kind === "tensor" ? type.dtype : "float32", [value], []));
  }

  /** An empty graph for an attribute of this node. */
  subgraph(name: string): Graph {
    return new Graph(this.#graph.schemas, name, this.#graph);
  }

  /** A node before this one; gives its first output. */
  add(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}): Value {
    return this.#graph.add(op, inputs, attributes, { provenance: this.#provenance }).output;
  }

  /** The rank of input `i`, where it is known. */
  rank(i: number): number | undefined {
    const type = this.inputs[i]?.type;
    return type?.kind === "tensor" ? type.shape?.length : undefined;
  }

  /** Throws `OnnxOpset`. */
  fail(problem: string): never {
    throw ingotError("OnnxOpset", { file: this.#file, op: this.op, version: this.version, problem });
  }
}

/** Converts a node of any opset below `before`. */
export interface Conversion {
  readonly before: number;
  readonly convert: (node: NodeDraft) => void;
}

/** Conversions by operator, each list from old to new. */
export type Conversions = Readonly<Record<string, readonly Conversion[]>>;
