// TensorScatter: writes new entries into a cache of keys or values, at a place of its own for each sequence of the batch.
import { ingotError } from "../errors/error.ts";
import { type Dim, dimEquals } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import type { ValueType } from "../ir/type.ts";
import { wideDTypes } from "../tensor/dtype.ts";
import { elementCount, formatShape, normalizeAxis } from "../tensor/shape.ts";
import { copyRun } from "./cells.ts";
import { defineOp, everyDType, int, string } from "./define.ts";
import { axisOf, inputShape, inputType, requireRank, requireWord } from "./infer.ts";
import { copyOf } from "./scatter.ts";

const later = ["int2", "uint2"];

/** `past_cache` with `update` written along `axis` from `write_indices[batch]` on (0 when left out); in mode circular it goes on at the start. */
export const tensorScatter = defineOp("TensorScatter", {
  since: [24],
  inputs: ["past_cache: T", "update: T", "write_indices?: int64"],
  outputs: ["present_cache: T"],
  types: { T: [...wideDTypes, ...everyDType.filter((d) => !wideDTypes.includes(d) && !later.includes(d))] },
  attributes: { axis: int(-2), mode: string("linear") },
  accuracy: "exact",
  infer: inferScatter,
  eval({ past_cache, update, write_indices }, { axis, mode }) {
    const at = normalizeAxis("TensorScatter", axis, past_cache.shape);
    const size = past_cache.shape[at] as number;
    const count = update.shape[at] as number;
    const inner = elementCount(past_cache.shape.slice(at + 1));
    const perBatch = elementCount(past_cache.shape.slice(1, at));
    const starts = write_indices?.toNumbers();
    const y = copyOf(past_cache);
    const to = y.dense();
    const from = update.dense();
    const rows = elementCount(past_cache.shape.slice(0, at));
    for (let row = 0; row < rows; row++) {
      const start = starts?.[Math.floor(row / perBatch)] ?? 0;
      checkStart(start, count, size, mode);
      for (let i = 0; i < count; i++) copyRun(from, (row * count + i) * inner, to, (row * size + ((start + i) % size)) * inner, inner);
    }
    return y;
  },
});

function checkStart(start: number, count: number, size: number, mode: string): void {
  if (start >= 0 && (mode === "circular" || start + count <= size)) return;
  throw ingotError("InvalidArgument", {
    op: "TensorScatter",
    name: "write_indices",
    expected: mode === "circular" ? "places from 0" : `places from 0 to ${size - count}, where ${count} new entries fit into ${size}`,
    actual: start,
    hint: "In mode circular, what does not fit at the end goes on at the start.",
  });
}

function inferScatter(c: InferContext): ValueType[] {
  requireWord(c, "mode", ["linear", "circular"], "circular goes on at the start of the cache.");
  const cache = requireRank(c, 0, "past_cache", 2, Number.POSITIVE_INFINITY);
  const update = inputShape(c, 1);
  if (c.inputs[2]) requireRank(c, 2, "write_indices", 1);
  if (!cache || !update) return [inputType(c, 0)];
  const axis = axisOf(c, c.attributes.axis as number, cache);
  if (axis === 0)
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: "axis",
      expected: "an axis after the batch",
      actual: c.attributes.axis as number,
      hint: "The first axis is the batch; each of its entries has a place of its own.",
    });
  const fits = (d: Dim, i: number) =>
    typeof d !== "number" || typeof cache[i] !== "number" || (i === axis ? d <= (cache[i] as number) : dimEquals(d, cache[i] as Dim));
  if (update.length === cache.length && update.every(fits)) return [inputType(c, 0)];
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: "update",
    actual: formatShape(update.map(String)),
    expected: `the shape of past_cache, ${formatShape(cache.map(String))}, with at most its size along axis ${axis}`,
    hint: "The update has the cache's shape but for the axis that it is written along.",
  });
}
