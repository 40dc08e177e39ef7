// Moving elements about without knowing what they are: typed arrays of every dtype, and strings.
import type { Elements } from "../tensor/dtype.ts";
import { elementCount, rowMajorStrides } from "../tensor/shape.ts";
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

/** `y[o₀, o₁, …] = x[t₀[o₀], t₁[o₁], …]`; places with a −1 in a table are left alone. */
export function copyByTables(x: Storage, tables: readonly Int32Array[], y: Storage): void {
  const from = x.dense();
  const to = y.dense();
  const [inStrides, outStrides] = [rowMajorStrides(x.shape), rowMajorStrides(y.shape)];
  const last = tables.length - 1;
  if (last < 0) {
    copyRun(from, 0, to, 0, 1);
    return;
  }
  // The last dimension in runs of neighbouring places.
  const runs: { readonly out: number; readonly in: number; readonly n: number }[] = [];
  const row = tables[last] as Int32Array;
  for (let o = 0, n: number; o < row.length; o += n) {
    const start = row[o] as number;
    n = 1;
    if (start < 0) continue;
    while (o + n < row.length && row[o + n] === start + n) n++;
    runs.push({ out: o, in: start, n });
  }
  const visit = (axis: number, inAt: number, outAt: number): void => {
    if (axis === last) {
      for (const run of runs) copyRun(from, inAt + run.in, to, outAt + run.out, run.n);
      return;
    }
    (tables[axis] as Int32Array).forEach((p, o) => {
      if (p >= 0) visit(axis + 1, inAt + p * (inStrides[axis] as number), outAt + o * (outStrides[axis] as number));
    });
  };
  if (elementCount(x.shape) > 0) visit(0, 0, 0);
}
