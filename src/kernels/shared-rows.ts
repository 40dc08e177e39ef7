// Kernels that work on rows by themselves, such as softmax and functions of one number, on several threads. What they cost an element is worth more
// than copying it through the memory that threads share; arithmetic is not.
import { ScratchLayout } from "./scratch.ts";
import { alignedAddress } from "./scratch-matrix.ts";
import { team } from "./threads/crew.ts";
import type { Job } from "./threads/job.ts";
import { type RowKernelName, writeRows } from "./threads/row-tiles.ts";
import type { ThreadCrew } from "./threads/thread-crew.ts";

/** `y = kernel(x)`, row by row. */
export interface RowWork {
  readonly kernel: RowKernelName;
  /** Floats of a row; 1 where each element is by itself. */
  readonly row: number;
  readonly x: Float32Array;
  /** May be `x`. */
  readonly y: Float32Array;
  /** What the kernel is told besides, if it is no table. */
  readonly argument?: number | undefined;
  readonly table?: Float64Array | undefined;
  /** Tables with a number for each row. */
  readonly perRow?: readonly PerRow[] | undefined;
}

export type PerRow = Float64Array | Float32Array;

/** Fewer floats are computed before another thread is awake. */
const worthwhile = 64 * 1024;
/** Whether several threads are asked for rows of so many floats in all. */
export const isWorthSharing = (floats: number): boolean => floats >= worthwhile;
/** Floats that are in the shared memory at a time, and of a tile: few enough for the first cache levels. */
const block = 2 * 1024 * 1024;
const tileFloats = 8192;
/** Tiles per thread at least, so that none waits long for the last. */
const tilesPerThread = 4;

/**
 * Computes whole rows of `work` with several threads if that is worthwhile, else, and for what is left over when a thread is lost, with `alone`,
 * which is given rows of `x`, where in `y` their results belong, and the number of the first. Both give the same bits.
 */
export function overRows(work: RowWork, alone: (x: Float32Array, y: Float32Array, first: number) => void, crew?: ThreadCrew): void {
  const { x, y, row } = work;
  const most = Math.floor(block / row);
  const threads = crew ?? (isWorthSharing(x.length) && most >= 2 ? team() : undefined);
  let next = 0;
  if (threads && most > 0) {
    for (; next < x.length; next += most * row) {
      const end = Math.min(x.length, next + most * row);
      const perRow = work.perRow?.map((values) => values.subarray(next / row, end / row));
      const left = shareRows(threads, { ...work, perRow, x: x.subarray(next, end), y: y.subarray(next, end) });
      for (const [first, last] of left)
        alone(x.subarray(next + first, next + last), y.subarray(next + first, next + last), (next + first) / row);
    }
  } else alone(x, y, 0);
}

/** Computes rows that fit the scratch memory; gives the ranges that are not done, all of them if a thread was lost before. */
function shareRows(crew: ThreadCrew, work: RowWork): [first: number, end: number][] {
  const { kernel, row, x, y, table, perRow = [] } = work;
  const count = Math.floor(x.length / row);
  const perTile = rowsPerTile(count, row, crew.threads);
  const tiles = Math.ceil(count / perTile);
  // Kernels may write a vector past the end of their rows.
  const step = (perTile * row * 4 + 16 + 63) & ~63;
  crew.call();
  const memory = new ScratchLayout(crew.scratch);
  const { f32 } = crew.scratch;
  const at = alignedAddress(memory.take(tiles * (step / 4)), x, 0);
  const tables: readonly PerRow[] = table ? [table] : perRow;
  const argument = tables.length > 0 ? placeTables(tables, memory, f32) : (work.argument ?? 0);
  const first = (tile: number) => tile * perTile * row;
  const end = (tile: number) => Math.min(x.length, first(tile + 1));
  const left = new Set(Array.from({ length: tiles }, (_, tile) => tile));
  const job: Job = {
    kind: "rows",
    cells: Array.from({ length: tiles }, (_, tile) => ({ first: tile, tiles: 1 })),
    describe: (words) => writeRows(words, { kernel, argument, at, step, row, count, perTile }),
    bring: (tile) => f32.set(x.subarray(first(tile), end(tile)), (at + tile * step) >> 2),
    carry(tile) {
      const from = (at + tile * step) >> 2;
      y.set(f32.subarray(from, from + end(tile) - first(tile)), first(tile));
      left.delete(tile);
    },
  };
  crew.share(job);
  return [...left].map((tile) => [first(tile), end(tile)]);
}

/** Puts tables into the shared memory, one after the other; gives the address of the first. */
function placeTables(tables: readonly PerRow[], memory: ScratchLayout, { buffer }: Float32Array): number {
  const start = memory.take(2 * tables.reduce((sum, t) => sum + t.length, 0));
  let at = start;
  for (const values of tables) {
    new Float64Array(buffer, at, values.length).set(values);
    at += 8 * values.length;
  }
  return start;
}

/** An even number, so that all tiles begin at the same place within 8 bytes, and whole vectors where rows are single elements. */
function rowsPerTile(count: number, row: number, threads: number): number {
  const floats = Math.min(tileFloats, (count * row) / (tilesPerThread * threads));
  return Math.max(4, (Math.ceil(floats / row) + 3) & ~3);
}
