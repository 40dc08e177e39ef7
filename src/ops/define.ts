// defineOp: the one definition of an operator. Schema, inference, kernel, decomposition and accuracy class stand together;
// the names in the schema strings type the kernel's inputs and attributes.
import type { Dim } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { AttributeKind, AttributeSchema, Attributes, FormalParameter, InferContext, OpSchema } from "../ir/schema.ts";
import type { TensorType, ValueType } from "../ir/type.ts";
import { allDTypes, type DType, wideDTypes } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import type { RuntimeValue } from "./runtime-value.ts";
import type { Steps } from "./steps.ts";

/** How closely two correct implementations agree: bit for bit, within a few units in the last place, or within a tolerance. */
export type AccuracyClass = "exact" | "ulp" | "approximate";

// ---- attribute specifications -------------------------------------------------------------------------------------

export interface AttributeSpec<T> extends AttributeSchema {
  /** Carries the type only. */
  readonly _type?: T;
}

const spec = <T>(kind: AttributeKind, required: boolean, value?: AttributeSchema["default"]): AttributeSpec<T> => ({
  kind,
  required,
  default: value,
});

/** An int64 attribute: `int(-1)` with a default, `int()` optional without one, `int.required`. */
export const int = Object.assign(maker<number>("int"), { required: spec<number>("int", true) });
export const float = Object.assign(maker<number>("float"), { required: spec<number>("float", true) });
export const string = Object.assign(maker<string>("string"), { required: spec<string>("string", true) });
export const ints = Object.assign(maker<readonly number[]>("ints"), { required: spec<readonly number[]>("ints", true) });
export const floats_ = Object.assign(maker<readonly number[]>("floats"), { required: spec<readonly number[]>("floats", true) });
export const strings = Object.assign(maker<readonly string[]>("strings"), { required: spec<readonly string[]>("strings", true) });
export const tensor = Object.assign(maker<Storage>("tensor"), { required: spec<Storage>("tensor", true) });
export const type_ = Object.assign(maker<ValueType>("type"), { required: spec<ValueType>("type", true) });
export const graph = Object.assign(maker<Graph>("graph"), { required: spec<Graph>("graph", true) });

function maker<T>(kind: AttributeKind): { (): AttributeSpec<T | undefined>; (value: T & AttributeSchema["default"]): AttributeSpec<T> } {
  return ((value?: T & AttributeSchema["default"]) => spec(kind, false, value)) as ReturnType<typeof maker<T>>;
}

type AttributesOf<A> = { readonly [K in keyof A]: A[K] extends AttributeSpec<infer T> ? T : never };

// ---- parameter strings: "X: T", "bias?: T" (optional), "inputs...: T" (variadic), "list: seq(T)" (a sequence) -----------

type InputsOf<I extends readonly string[]> = {
  readonly [S in I[number] as NameOf<S>]: S extends `${string}...: ${infer T}`
    ? readonly Held<T>[]
    : S extends `${string}?: ${infer T}`
      ? Held<T> | undefined
      : S extends `${string}: ${infer T}`
        ? Held<T>
        : never;
};
type Held<T> = T extends `seq(${string})` ? readonly Storage[] : T extends "any" ? RuntimeValue : Storage;
type NameOf<S> = S extends `${infer N}...: ${string}`
  ? N
  : S extends `${infer N}?: ${string}`
    ? N
    : S extends `${infer N}: ${string}`
      ? N
      : never;

/** What a kernel may ask besides its inputs and attributes. */
export interface EvalContext {
  /** Output types inferred from the actual inputs: concrete wherever the shape does not depend on values only the kernel computes. */
  readonly outputs: readonly ValueType[];
  /** The concrete shape of output `i`. */
  shape(i: number): number[];
  /** The dtype of output `i`. */
  dtype(i: number): DType;
  /** Runs a sub-graph attribute with the captured values of the surrounding graph: `yield* context.run(body, inputs)`. */
  run(body: Graph, inputs: readonly RuntimeValue[]): Steps<RuntimeValue[]>;
}

/** How one node uses its operator. Attributes equal to their defaults may be left out. */
export interface OpUse {
  readonly attributes: Attributes;
  readonly inputCount: number;
  readonly outputCount: number;
}

export interface DefineOp<I extends readonly string[], A extends Record<string, AttributeSchema>> {
  readonly since: readonly number[];
  /**
   * The versions at which the *form* changed (inputs, attributes, meaning) rather than only the dtypes; a graph needs the newest of
   * them at least. Default: the first of `since`.
   */
  readonly breaking?: readonly number[];
  /** The lowest version whose form says what this node says; for operators whose newest attribute or input is seldom used. Default: the newest of `breaking`. */
  readonly minVersion?: (use: OpUse) => number;
  readonly inputs: I;
  readonly outputs: readonly string[];
  readonly attributes?: A;
  readonly types?: Readonly<Record<string, readonly DType[]>>;
  readonly accuracy: AccuracyClass;
  /** False when the result is not a function of the inputs. Default true. */
  readonly pure?: boolean;
  /** True where results share the memory of an input: they may be larger than memory. */
  readonly views?: boolean;
  readonly infer: (context: InferContext) => readonly ValueType[];
  readonly inferDims?: (context: InferContext) => readonly (readonly Dim[] | undefined)[] | undefined;
  /** The kernel; a generator where it runs sub-graphs. */
  eval(
    inputs: InputsOf<I>,
    attributes: AttributesOf<A>,
    context: EvalContext,
  ): Storage | readonly RuntimeValue[] | Steps<readonly RuntimeValue[]>;
  /** The operator in terms of others, for targets that lack it: gives the replacements of its outputs. */
  readonly decompose?: (
    builder: Graph,
    inputs: readonly (Value | undefined)[],
    attributes: AttributesOf<A>,
    outputs: readonly Value[],
  ) => readonly Value[];
  /** FLOP of one evaluation (a multiply-add counts 2), from concrete types. */
  readonly flops?: (inputs: readonly (TensorType | undefined)[], outputs: readonly TensorType[]) => number;
}

export interface OpDefinition<N extends string = string> extends OpSchema {
  readonly name: N;
  readonly accuracy: AccuracyClass;
  readonly breaking: readonly number[];
  /** The lowest version of the operator (not of a dtype) that can say what a node says. */
  minVersion(use: OpUse): number;
  /** Positional form of `eval`; always gives an array with one entry per output, or the steps that lead to it. */
  evaluate(
    inputs: readonly (RuntimeValue | undefined)[],
    attributes: Attributes,
    context: EvalContext,
  ): readonly RuntimeValue[] | Steps<readonly RuntimeValue[]>;
  decompose?(builder: Graph, inputs: readonly (Value | undefined)[], attributes: Attributes, outputs: readonly Value[]): readonly Value[];
  flops?(inputs: readonly (TensorType | undefined)[], outputs: readonly TensorType[]): number;
}

/**
 * Defines an operator. Inputs are written `"X: T"`, optional ones `"bias?: T"`, variadic ones `"inputs...: T"`; `T` is a key of
 * `types` (a type variable), a dtype, `seq(T)` (a sequence of tensors), or `any` (containers included). A variable whose name ends in `*` may bind differently for each variadic input.
 *
 * @example
 * export const relu = defineOp("Relu", {
 *   since: [6, 13, 14], inputs: ["X: T"], outputs: ["Y: T"], types: { T: signed }, accuracy: "exact", infer: sameAsInput,
 *   eval: ({ X }) => mapElements(X, (x) => (x > 0 ? x : 0)),
 * });
 */
export function defineOp<
  const N extends string,
  const I extends readonly string[],
  const A extends Record<string, AttributeSchema> = Record<never, never>,
>(name: N, def: DefineOp<I, A>): OpDefinition<N> {
  const dot = name.lastIndexOf(".");
  const inputs = def.inputs.map(parseFormal);
  const breaking = def.breaking ?? def.since.slice(0, 1);
  return {
    name,
    domain: dot < 0 ? "" : name.slice(0, dot),
    opType: name.slice(dot + 1),
    since: def.since,
    breaking,
    minVersion: def.minVersion ?? (() => Math.max(...breaking)),
    inputs,
    outputs: def.outputs.map(parseFormal),
    attributes: def.attributes ?? {},
    types: def.types ?? {},
    accuracy: def.accuracy,
    pure: def.pure ?? true,
    views: def.views ?? false,
    infer: def.infer,
    ...(def.inferDims && { inferDims: def.inferDims }),
    evaluate: (values, attributes, context) => {
      const named: Record<string, unknown> = {};
      inputs.forEach((formal, i) => {
        named[formal.name] = formal.option === "variadic" ? values.slice(i) : values[i];
      });
      const result = def.eval(named as InputsOf<I>, attributes as AttributesOf<A>, context);
      return result instanceof Storage ? [result] : result;
    },
    ...(def.decompose && { decompose: withDefaults(def.attributes ?? {}, def.decompose as NonNullable<OpDefinition["decompose"]>) }),
    ...(def.flops && { flops: def.flops }),
  };
}

/** A decomposition reads all attributes; nodes keep only those that differ from the defaults. */
function withDefaults(
  specs: Readonly<Record<string, AttributeSchema>>,
  decompose: NonNullable<OpDefinition["decompose"]>,
): typeof decompose {
  const defaults = Object.fromEntries(
    Object.entries(specs).flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])),
  );
  return (builder, inputs, attributes, outputs) => decompose(builder, inputs, { ...defaults, ...attributes }, outputs);
}

function parseFormal(text: string): FormalParameter {
  const match = /^(\w+)(\?|\.\.\.)?: (\w+\*?|seq\(\w+\))$/.exec(text);
  if (!match) throw new SyntaxError(`bad parameter in an operator schema: ${text}`);
  return { name: match[1] as string, type: match[3] as string, option: match[2] === "?" ? "optional" : match[2] ? "variadic" : "single" };
}

/** All dtypes but those of less than 8 bits and the 8-bit floats, for operators that only move elements. */
export const anyDType = wideDTypes;
/** All dtypes, for the few operators that the standard lets move elements of any width. */
export const everyDType = allDTypes;
