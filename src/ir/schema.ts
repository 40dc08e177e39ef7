// What the IR needs to know of operators. The registry in src/ops implements it; nothing here knows an operator by name.
import type { DType } from "../tensor/dtype.ts";
import type { Storage } from "../tensor/storage.ts";
import type { Dim } from "./dim.ts";
import type { Graph, Node } from "./graph.ts";
import type { ValueType } from "./type.ts";

/** The value of an attribute. int64 attributes are numbers. */
export type AttributeValue = number | string | readonly number[] | readonly string[] | Storage | Graph | ValueType;
export type Attributes = Readonly<Record<string, AttributeValue>>;
export type AttributeKind = "int" | "float" | "string" | "ints" | "floats" | "strings" | "tensor" | "graph" | "type";

export interface AttributeSchema {
  readonly kind: AttributeKind;
  readonly required: boolean;
  readonly default?: AttributeValue | undefined;
}

export interface FormalParameter {
  readonly name: string;
  /** A type variable of `types`, a concrete dtype, `seq(T)` (a sequence of such tensors), or `any` (containers included). */
  readonly type: string;
  readonly option: "single" | "optional" | "variadic";
}

/** What inference may ask about one node. */
export interface InferContext {
  readonly op: string;
  readonly inputs: readonly (ValueType | undefined)[];
  /** With defaults filled in. */
  readonly attributes: Attributes;
  /** How many outputs the node has. */
  readonly outputCount: number;
  /** The value of input `i` where it is constant. */
  constant(i: number): Storage | undefined;
  /** The contents of input `i`, a small integer tensor, as dims: from a constant or from shape arithmetic. */
  dims(i: number): readonly Dim[] | undefined;
}

export interface OpSchema {
  /** The operator's full name: `Conv`, `com.microsoft.FusedConv`. */
  readonly name: string;
  /** `""` for the default ONNX domain. */
  readonly domain: string;
  /** The name inside the domain. */
  readonly opType: string;
  /** Opset versions at which the operator was defined or changed, rising. */
  readonly since: readonly number[];
  readonly inputs: readonly FormalParameter[];
  readonly outputs: readonly FormalParameter[];
  readonly attributes: Readonly<Record<string, AttributeSchema>>;
  readonly types: Readonly<Record<string, readonly DType[]>>;
  /** False for operators whose result is not a function of their inputs (random without a seed) or that raise. */
  readonly pure: boolean;
  /** True where results share the memory of an input. */
  readonly views: boolean;
  /** The lowest opset version that can say what a node says. Default: the newest of `since`. */
  minVersion?(use: { readonly attributes: Attributes; readonly inputCount: number; readonly outputCount: number }): number;
  /** The types of all outputs; throws ShapeError or DTypeError for inputs that do not fit. */
  infer(context: InferContext): readonly ValueType[];
  /** The contents of the outputs as dims, for shape arithmetic on small integer tensors. */
  inferDims?(context: InferContext): readonly (readonly Dim[] | undefined)[] | undefined;
}

/** The table of operators, as the IR sees it. */
export interface OpSchemas {
  get(name: string): OpSchema | undefined;
  /** The lowest opset of its domain at which the node can be written as it stands: its operator in this form, with these dtypes. */
  opsetOf(node: Node): number;
}
