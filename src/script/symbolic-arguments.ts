// Numbers that depend on data as arguments of library functions: what each function does with them. Operands become scalars of the tensor's
// dtype, sizes become symbols, positions become inputs of Gather and Slice. Functions that are not in the table take none.
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import type { Dim } from "../ir/dim.ts";
import type { Value } from "../ir/graph.ts";
import { tensorType } from "../ir/type.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import { normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import type { Context } from "./context.ts";
import { binaryScalar, size } from "./operators.ts";
import { isScalar, type Scalar, Sym, scalarKind } from "./values.ts";

/** Either the result, or arguments on which the function itself can run. */
export interface StagedArguments {
  readonly result?: unknown;
  readonly args?: readonly unknown[];
}

type Rule = (c: Context, args: readonly unknown[], node: AnyNode, method: boolean) => StagedArguments | undefined;

/** Undefined for functions that take no such numbers. */
export function symbolicArguments(
  c: Context,
  name: string,
  args: readonly unknown[],
  node: AnyNode,
  method: boolean,
): StagedArguments | undefined {
  return Object.hasOwn(rules, name) ? rules[name]?.(c, args, node, method) : undefined;
}

/** True for functions whose numbers may as well be scalars of the graph: operands of arithmetic. */
export function takesScalars(name: string): boolean {
  return Object.hasOwn(rules, name) && scalarRules.has(rules[name] as Rule);
}

/** A scalar as a tensor of rank 0. Only conversions that keep every value are made without asking. */
function scalarTensor(c: Context, scalar: Scalar, dtype: DType, node: AnyNode): Tensor {
  const { stage } = c.machine;
  const kind = scalarKind(scalar);
  const wide = isFloat(dtype) || dtype === "int64" || dtype === "int32";
  if ((kind === "float" && !isFloat(dtype)) || (kind === "bool" && dtype !== "bool" && !isFloat(dtype)) || (kind === "int" && !wide))
    c.machine.fail("OperatorType", { op: "this operand", a: `a number (${kind})`, b: `a ${dtype} tensor` }, node);
  return stage.wrap(stage.cast(stage.scalar(scalar, kind), dtype));
}

/** Operands take the dtype of the tensor that stands first (or at `like`). */
const operands =
  (dtypeOf: (like: Tensor) => DType = (t) => t.dtype): Rule =>
  (c, args, node) => {
    const like = args.find(isTensor);
    if (!like) return undefined;
    return { args: args.map((arg) => (arg instanceof Sym ? scalarTensor(c, arg, dtypeOf(like), node) : arg)) };
  };

/** `where(condition, a, b)`, or `a.where(condition, b)`. */
const whereOperands: Rule = (c, [first, a, b], node, method) => {
  const like = method ? first : [a, b].find(isTensor);
  if (!isTensor(like)) return undefined;
  const convert = (v: unknown) => (v instanceof Sym ? scalarTensor(c, v, like.dtype, node) : v);
  return { args: [first, convert(a), convert(b)] };
};

const clampBounds: Rule = (c, [x, min, max], node) => {
  if (!isTensor(x)) return undefined;
  const { stage } = c.machine;
  const bound = (v: unknown) => (v === undefined ? undefined : stage.valueOf(scalarTensor(c, v as Scalar, x.dtype, node)));
  return { result: stage.wrap(stage.add("Clip", [stage.valueOf(x), bound(min), bound(max)])[0] as Value) };
};

/** Sizes: each number is a symbol of its own, the same wherever it is used. */
const sizes: Rule = (c, args) => ({ args: args.map((arg) => asSizes(c, arg)) });

function asSizes(c: Context, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => asSizes(c, item));
  if (!(value instanceof Sym) || value.dim !== undefined || value.kind !== "int") return value;
  return new Sym("int", undefined, { dim: c.machine.stage.dimOf(value) });
}

const select: Rule = (c, [x, dim, index]) => {
  if (!isTensor(x) || typeof dim !== "number" || !(index instanceof Sym) || index.kind !== "int") return undefined;
  const { stage } = c.machine;
  const axis = normalizeAxis("select", dim, x.shape);
  const [value] = stage.add("Gather", [stage.valueOf(x), stage.scalar(index, "int")], { axis });
  return { result: stage.wrap(value as Value) };
};

/** Positions start … start + length − 1, which must be there. */
const narrow: Rule = (c, [x, dim, start, length]) => {
  if (!isTensor(x) || typeof dim !== "number" || !isScalar(start) || !isScalar(length)) return undefined;
  const { stage } = c.machine;
  const axis = normalizeAxis("narrow", dim, x.shape);
  const end = binaryScalar(stage, "+", start, length) as Scalar;
  const one = stage.scalar(1, "int");
  const count = stage.dimOf(length as Sym | number);
  const [positions] = stage.add("Range", [stage.scalar(start, "int"), stage.scalar(end, "int"), one]);
  const indices = positions as Value;
  indices.type = tensorType("int64", [count]);
  const [value] = stage.add("Gather", [stage.valueOf(x), indices], { axis });
  const result = value as Value;
  result.type = tensorType(
    x.dtype,
    stage.shapeOf(x).map((d, i): Dim => (i === axis ? count : d)),
  );
  return { result: stage.wrap(result) };
};

const slice: Rule = (c, [x, dim, start = 0, end = Number.MAX_SAFE_INTEGER, step = 1]) => {
  if (!isTensor(x) || typeof dim !== "number" || typeof step !== "number" || !isScalar(start) || !isScalar(end)) return undefined;
  const { stage } = c.machine;
  const axis = normalizeAxis("slice", dim, x.shape);
  const row = (v: Scalar) => stage.add("Unsqueeze", [stage.scalar(v, "int"), ints(c, [0])])[0] as Value;
  const [value] = stage.add("Slice", [stage.valueOf(x), row(start), row(end), ints(c, [axis]), ints(c, [step])]);
  return { result: stage.wrap(value as Value) };
};

const ints = (c: Context, values: readonly number[]) =>
  c.machine.stage.graph.addInitializer(Storage.from("int64", values, [values.length]));

/** `full(shape, value)`: the value may depend on data, and so may the shape. */
const full: Rule = (c, [shape, value, options], node) => {
  const given = (options as { dtype?: DType } | undefined)?.dtype;
  if (!(value instanceof Sym)) return { args: [asSizes(c, shape), value, options] };
  const dtype = given ?? (value.kind === "bool" ? "bool" : "float32");
  const { stage } = c.machine;
  const dims = (shape as readonly unknown[]).map((d) => stage.dimOf(d as Sym | number));
  const scalar = stage.valueOf(scalarTensor(c, value, dtype, node));
  const result = stage.add("Expand", [scalar, stage.sizes(dims)])[0] as Value;
  result.type = tensorType(dtype, dims);
  return { result: stage.wrap(result) };
};

/** `tensor(n)`, `tensor([a, n])`: nested lists of scalars. */
const tensorOf: Rule = (c, [data, options]) => {
  const given = (options as { dtype?: DType } | undefined)?.dtype;
  const flat: Scalar[] = [];
  const shape: number[] = [];
  if (!flatten(data, 0, shape, flat)) return undefined;
  const { stage } = c.machine;
  const bools = flat.every((v) => scalarKind(v) === "bool");
  const dtype = given ?? (bools ? "bool" : "float32");
  const kind = bools ? "bool" : flat.every((v) => scalarKind(v) === "int") ? "int" : "float";
  const rows = flat.map((v) => stage.add("Unsqueeze", [stage.scalar(v, kind), ints(c, [0])])[0] as Value);
  const all = rows.length === 1 ? (rows[0] as Value) : (stage.add("Concat", rows, { axis: 0 })[0] as Value);
  const cast = stage.cast(all, dtype);
  return { result: stage.wrap(stage.add("Reshape", [cast, ints(c, shape)])[0] as Value) };
};

function flatten(data: unknown, depth: number, shape: number[], flat: Scalar[]): boolean {
  if (isScalar(data)) {
    flat.push(data);
    return depth === shape.length;
  }
  if (!Array.isArray(data)) return false;
  if (shape.length === depth) {
    if (flat.length > 0) return false;
    shape.push(data.length);
  }
  return data.length === shape[depth] && data.every((item) => flatten(item, depth + 1, shape, flat));
}

/** `x.sum() / n` of an integer tensor computes in float32. */
const quotient = operands((t) => (isFloat(t.dtype) ? t.dtype : "float32"));
const same = operands();

const scalarRules: ReadonlySet<Rule> = new Set([same, quotient, whereOperands, clampBounds]);

const rules: Readonly<Record<string, Rule>> = {
  add: same,
  sub: same,
  mul: same,
  div: quotient,
  floorDivide: same,
  remainder: same,
  fmod: same,
  pow: same,
  maximum: same,
  minimum: same,
  eq: same,
  ne: same,
  lt: same,
  le: same,
  gt: same,
  ge: same,
  lerp: same,
  maskedFill: same,
  where: whereOperands,
  clamp: clampBounds,
  clampMin: (c, [x, min], node, method) => clampBounds(c, [x, min, undefined], node, method),
  clampMax: (c, [x, max], node, method) => clampBounds(c, [x, undefined, max], node, method),
  select,
  narrow,
  slice,
  full,
  fullLike: (c, [x, value], node, method) =>
    isTensor(x) ? full(c, [c.machine.stage.shapeOf(x).map(size), value, { dtype: x.dtype }], node, method) : undefined,
  tensor: tensorOf,
  reshape: sizes,
  view: sizes,
  expand: sizes,
  broadcastTo: sizes,
  unflatten: sizes,
  repeat: sizes,
  tile: sizes,
  repeatInterleave: sizes,
  zeros: sizes,
  ones: sizes,
  arange: sizes,
  linspace: sizes,
  eye: sizes,
  oneHot: sizes,
  topk: sizes,
};
