// Writing elements by index into a copy of the data: ScatterElements, ScatterND. With a reduction, what is there and the update combine.
import { ingotError } from "../errors/error.ts";
import { tensorType } from "../ir/type.ts";
import { type DType, decoder, encoder } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf, copyRun } from "./cells.ts";
import { anyDType, defineOp, int, type OpUse, string } from "./define.ts";
import { eachElementPlace, requireFit, requireTuples, tuplePlaces } from "./gather.ts";
import { inputShape, inputType, requireRank, requireShape } from "./infer.ts";

type Combine<T> = (old: T, update: T) => T;
interface Reduction {
  readonly number: Combine<number>;
  readonly big: Combine<bigint>;
  /** For bool: or, and. */
  readonly bool?: Combine<number>;
}

const pick = (yes: boolean, a: bigint, b: bigint) => (yes ? a : b);

const reductions: Readonly<Record<string, Reduction>> = {
  add: { number: (a, b) => a + b, big: (a, b) => a + b, bool: (a, b) => a | b },
  mul: { number: (a, b) => a * b, big: (a, b) => a * b, bool: (a, b) => a & b },
  max: { number: (a, b) => (b > a || Number.isNaN(b) ? b : a), big: (a, b) => pick(b > a, b, a) },
  min: { number: (a, b) => (b < a || Number.isNaN(b) ? b : a), big: (a, b) => pick(b < a, b, a) },
};

const updatesHint = "There is one update (or slice of updates) per index.";

/** How an update enters what is there, on stored elements of `dtype`; undefined when it just replaces. */
function combiner(op: string, reduction: string, dtype: DType): Combine<unknown> | undefined {
  if (reduction === "none") return undefined;
  const rule = reductions[reduction];
  if (!rule)
    throw ingotError("InvalidArgument", {
      op,
      name: "reduction",
      expected: ["none", ...Object.keys(reductions)].join(", "),
      actual: reduction,
      hint: "The reduction says how updates combine with what is there.",
    });
  if (dtype === "string")
    throw ingotError("DTypeMismatch", { op, what: "data", actual: dtype, expected: "numbers, to be reduced", convert: "float32" });
  if (dtype === "bool") return (rule.bool ?? rule.number) as Combine<unknown>;
  if (dtype === "int64" || dtype === "uint64") return rule.big as Combine<unknown>;
  if (dtype !== "float16" && dtype !== "bfloat16") return rule.number as Combine<unknown>;
  const decode = decoder(dtype);
  const encode = encoder(dtype);
  return ((a: number, b: number) => encode(rule.number(decode(a), decode(b)))) as Combine<unknown>;
}

export function copyOf(x: Storage): Storage {
  const y = Storage.empty(x.dtype, x.shape);
  copyRun(x.dense(), 0, y.dense(), 0, x.size);
  return y;
}

/** The version in which a reduction came. */
const reductionVersion = ({ attributes }: OpUse): number => {
  const { reduction = "none" } = attributes;
  return reduction === "none" ? 11 : reduction === "add" || reduction === "mul" ? 16 : 18;
};

/** `output[indices[i, j], j] = updates[i, j]` (for axis 0). */
export const scatterElements = defineOp("ScatterElements", {
  since: [11, 13, 16, 18],
  breaking: [11, 16, 18],
  minVersion: reductionVersion,
  inputs: ["data: T", "indices: Tind", "updates: T"],
  outputs: ["output: T"],
  types: { T: anyDType, Tind: ["int32", "int64"] },
  attributes: { axis: int(0), reduction: string("none") },
  accuracy: "exact",
  infer(c) {
    requireFit(c, 1, "indices", c.attributes.axis as number);
    const indices = inputShape(c, 1);
    if (indices) requireShape(c, "updates", inputShape(c, 2), indices, updatesHint);
    return [inputType(c, 0)];
  },
  eval({ data, indices, updates }, attributes) {
    const axis = attributes.axis < 0 ? attributes.axis + data.rank : attributes.axis;
    const combine = combiner("ScatterElements", attributes.reduction, data.dtype);
    const y = copyOf(data);
    const to = cellsOf(y);
    const from = cellsOf(updates);
    eachElementPlace("ScatterElements", data.shape, indices, axis, (at, place) => {
      to[place] = combine ? combine(to[place], from[at]) : from[at];
    });
    return y;
  },
});

/** The last dimension of `indices` holds index tuples; the slice of the data that each names gets the slice of `updates` at its place. */
export const scatterND = defineOp("ScatterND", {
  since: [11, 13, 16, 18],
  breaking: [11, 16, 18],
  minVersion: reductionVersion,
  inputs: ["data: T", "indices: int64", "updates: T"],
  outputs: ["output: T"],
  types: { T: anyDType },
  attributes: { reduction: string("none") },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const indices = requireRank(c, 1, "indices", 1, Number.POSITIVE_INFINITY);
    const tuple = indices?.[indices.length - 1];
    if (shape && indices && typeof tuple === "number") {
      requireTuples(c, shape, indices, tuple, 0);
      requireShape(c, "updates", inputShape(c, 2), [...indices.slice(0, -1), ...shape.slice(tuple)], updatesHint);
    }
    return [tensorType(dtype, shape)];
  },
  eval({ data, indices, updates }, { reduction }) {
    const combine = combiner("ScatterND", reduction, data.dtype);
    const y = copyOf(data);
    const { run, starts } = tuplePlaces("ScatterND", data.shape, indices);
    if (!combine) {
      const from = updates.dense();
      const to = y.dense();
      for (const [i, start] of starts.entries()) copyRun(from, i * run, to, start, run);
      return y;
    }
    const to = cellsOf(y);
    const from = cellsOf(updates);
    for (const [i, start] of starts.entries()) for (let k = 0; k < run; k++) to[start + k] = combine(to[start + k], from[i * run + k]);
    return y;
  },
});
