// Stacking what the iterations of a loop give: scan outputs of Loop and Scan.
import { ingotError } from "../errors/error.ts";
import type { ValueType } from "../ir/type.ts";
import { requireRoom } from "../tensor/memory.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { copyRun } from "./cells.ts";

/** What a loop has given to be stacked so far. Its memory is asked for while it grows: a loop may have no end. */
export class GrowingStack {
  readonly values: Storage[] = [];
  #bytes = 0;

  /** Throws `TensorTooLarge` once this machine could not hold the stack. */
  add(value: Storage): void {
    this.values.push(value);
    this.#bytes += value.byteSize;
    requireRoom("uint8", this.#bytes, 1);
  }
}

/**
 * The values of scan output `k` along a new first dimension. Of no iterations, an empty tensor of the element type that was inferred (sizes
 * that are not known are 0). Throws `ShapeMismatch` when the values differ in shape.
 */
export function stackValues(op: string, list: readonly Storage[], k: number, type: ValueType | undefined): Storage {
  const first = list[0];
  if (first === undefined) {
    if (type?.kind !== "tensor") throw new TypeError(`${op}: scan output ${k} has no tensor type`);
    return Storage.empty(type.dtype, [0, ...(type.shape ?? []).map((d) => (typeof d === "number" ? d : 0))]);
  }
  const y = Storage.empty(first.dtype, [list.length, ...first.shape]);
  const to = y.dense();
  for (const [i, x] of list.entries()) {
    if (!sameShape(x.shape, first.shape) || x.dtype !== first.dtype)
      throw ingotError("ShapeMismatch", {
        op,
        what: `scan output ${k} of iteration ${i}`,
        actual: `${formatShape(x.shape)} (${x.dtype})`,
        expected: `${formatShape(first.shape)} (${first.dtype}), as in iteration 0`,
        hint: "What a loop stacks must have the same shape in every iteration; pad it, or keep it as a state.",
      });
    copyRun(x.dense(), 0, to, i * first.size, first.size);
  }
  return y;
}
