// Convolutions that were computed for an earlier rewrite: what a fold puts in its place is what the next rule replaces, on the same inputs.
import type { Storage } from "../../tensor/storage.ts";

interface Entry {
  readonly x: Storage;
  readonly bias: Storage | undefined;
  readonly attributes: string;
  readonly y: Storage;
}

/** By weight, as long as the weight lives; the results are as small as the inputs of checks are. */
const byWeight = new WeakMap<Storage, Entry[]>();

/** The result for these very storages; undefined when it is not known. */
export function recall(weight: Storage, x: Storage, bias: Storage | undefined, attributes: string): Storage | undefined {
  return byWeight.get(weight)?.find((e) => e.x === x && e.bias === bias && e.attributes === attributes)?.y;
}

export function remember(weight: Storage, entry: Entry): void {
  const entries = byWeight.get(weight);
  if (entries) entries.push(entry);
  else byWeight.set(weight, [entry]);
}

/** Inputs of checks, so that equal ones are one storage. */
const inputs = new Map<string, Storage>();
const mostInputs = 128;
/** Elements of the largest input that is kept. */
const largestInput = 2 ** 14;

/** The input that `make` makes for this key, made once. */
export function sameInput(key: string, make: () => Storage): Storage {
  const known = inputs.get(key);
  if (known) return known;
  const made = make();
  if (made.size > largestInput) return made;
  if (inputs.size >= mostInputs) inputs.clear();
  inputs.set(key, made);
  return made;
}
