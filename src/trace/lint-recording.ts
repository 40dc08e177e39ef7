// Reads the functions that a recording ran for what no recording can see: tensors as conditions, under operators, under `===`.
import * as create from "../eager/create.ts";
import * as indexing from "../eager/functions/indexing.ts";
import * as linear from "../eager/functions/linear-algebra.ts";
import * as math from "../eager/functions/math.ts";
import * as order from "../eager/functions/order.ts";
import * as reduce from "../eager/functions/reduce.ts";
import * as shape from "../eager/functions/shape.ts";
import { isTensor } from "../eager/operand.ts";
import { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { lintCalls, type SeenCall } from "../source/lint.ts";

/** Methods of Tensor that give something else, or (with an argument) may. */
const otherResults = new Set([
  "dim",
  "size",
  "numel",
  "allclose",
  "equal",
  "item",
  "toArray",
  "toBigIntArray",
  "toNdarray",
  "toString",
  "constructor",
  "split",
  "chunk",
  "unbind",
  "topk",
  "sort",
  "unique",
  "median",
  "aminmax",
]);
const recordsWithArgument = new Set(["max", "min"]);
const listFunctions = new Set<unknown>([
  shape.split,
  shape.chunk,
  shape.unbind,
  reduce.topk,
  reduce.sort,
  reduce.maxAlong,
  reduce.minAlong,
  reduce.isFloating,
  order.unique,
  order.median,
  order.aminmax,
  create.manualSeed,
  create.meshgrid,
]);

const tensorFunctions = new Set<unknown>(
  [create, indexing, linear, math, order, reduce, shape]
    .flatMap((module) => Object.values<unknown>(module))
    .filter((f) => !listFunctions.has(f)),
);

function tensorMethod(name: string, argumentCount: number): boolean {
  if (otherResults.has(name) || (recordsWithArgument.has(name) && argumentCount > 0)) return false;
  // Methods stand on Tensor and on the families that it inherits from; getters must not be called.
  for (let owner: object | null = Tensor.prototype; owner && owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
    const property = Object.getOwnPropertyDescriptor(owner, name);
    if (property) return typeof property.value === "function";
  }
  return false;
}

/** Errors shown besides the first. */
const maxFindings = 20;

/** Throws the first finding, with the others as notes. */
export function lintRecording(calls: readonly SeenCall[]): void {
  const { findings } = lintCalls(calls, { isTensor, tensorMethod, tensorFunction: (fn) => tensorFunctions.has(fn) });
  const [first, ...others] = findings;
  if (!first) return;
  if (others.length === 0) throw first.error;
  const notes = others.slice(0, maxFindings - 1).map((f) => `also ${f.code} at ${f.file}:${f.line}:${f.column}: ${f.expression}`);
  throw ingotError(first.error.code as "TensorTruthiness", first.error.params as never, { frame: first.error.frame, notes });
}
