// Reads the functions that a recording ran for what no recording can see: tensors as conditions, under operators, under `===`.
import * as create from "../eager/create.ts";
import * as math from "../eager/functions/math.ts";
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
  "onnxNumber",
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
  create.manualSeed,
]);

const tensorFunctions = new Set<unknown>(
  [create, math, reduce, shape].flatMap((module) => Object.values<unknown>(module)).filter((f) => !listFunctions.has(f)),
);

function tensorMethod(name: string, argumentCount: number): boolean {
  if (otherResults.has(name) || (recordsWithArgument.has(name) && argumentCount > 0)) return false;
  return typeof Object.getOwnPropertyDescriptor(Tensor.prototype, name)?.value === "function";
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
