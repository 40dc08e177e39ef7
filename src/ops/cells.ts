// Moving elements about without knowing what they are: typed arrays of every dtype, and strings.
import type { Elements } from "../tensor/dtype.ts";
import type { Storage } from "../tensor/storage.ts";

/** The row-major elements of a storage as opaque cells: copy them from and to storages of the same dtype only. */
export function cellsOf(s: Storage): unknown[] {
  return s.dense() as unknown as unknown[];
}

/** Copies `n` neighbouring elements. Both arrays hold the same dtype. */
export function copyRun(from: Elements, fromAt: number, to: Elements, toAt: number, n: number): void {
  if (n < 8 || Array.isArray(from) || Array.isArray(to)) {
    const source = from as unknown as unknown[];
    const target = to as unknown as unknown[];
    for (let i = 0; i < n; i++) target[toAt + i] = source[fromAt + i];
    return;
  }
  // Typed arrays of one dtype: the compiler sees a union of pairs.
  (to as Uint8Array).set((from as Uint8Array).subarray(fromAt, fromAt + n), toAt);
}
