// What threads share: a job, cut into tiles of which none needs anything from another. What a tile reads is brought into the memory that they
// share, and what it gives is carried out, by the thread that owns the job, while the others compute.

/** Tiles that are ready, and whose results are complete, at the same time: by number, from `first`. */
export interface Cell {
  readonly first: number;
  readonly tiles: number;
}

/** Kinds of jobs, by their number in the words: what a thread does for a tile is in tiles.ts. */
export const jobKinds = ["product", "rows"] as const;
export type JobKind = (typeof jobKinds)[number];

export interface Job {
  readonly kind: JobKind;
  readonly cells: readonly Cell[];
  /** Says in words that all threads read what its tiles are, from `firstWord` on. */
  describe(words: Int32Array): void;
  /** Brings in what the tiles of a cell read. Cells are brought in in their order. */
  bring(cell: number): void;
  /** Carries out what the tiles of a cell gave. Each is carried out once, in any order. */
  carry(cell: number): void;
}

/** What the words of every job begin with: a number of its own, and its kind. */
export const head = { serial: 0, kind: 1 } as const;
/** Where a kind's own words begin, and how many words there are in all. */
export const firstWord = 2;
export const jobWords = 26;

/** What a thread has in its panels: the same columns of the same product are not laid out twice. */
export interface Packed {
  serial: number;
  columns: number;
}

/** Writes a job to words that all threads read. */
export function writeJob(words: Int32Array, job: Job): void {
  words[head.serial] = (wordAt(words, head.serial) + 1) | 0;
  words[head.kind] = jobKinds.indexOf(job.kind);
  job.describe(words);
}

/** A word of a job. */
export function wordAt(words: Int32Array, place: number): number {
  return words[place] as number;
}
