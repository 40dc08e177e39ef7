// Damage that knows nothing of a format: what a disk, a network or a careless tool does to a file.
import type { Draw } from "./draw.ts";

/** Makes other bytes of these; never changes them in place. */
export type Mutate = (bytes: Uint8Array, draw: Draw, other: Uint8Array) => Uint8Array;

const joined = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));

const flip: Mutate = (bytes, draw) => {
  const out = Uint8Array.from(bytes);
  for (let n = 1 + draw.below(4); n > 0; n--) out[draw.below(out.length)] = draw.byte();
  return out;
};

const flipBit: Mutate = (bytes, draw) => {
  const out = Uint8Array.from(bytes);
  const at = draw.below(out.length);
  out[at] = (out[at] as number) ^ (1 << draw.below(8));
  return out;
};

const truncate: Mutate = (bytes, draw) => bytes.slice(0, draw.below(bytes.length));

/** Overwrites 1, 2, 4 or 8 bytes with a number at which readers go wrong: lengths and offsets are such fields. */
const overwriteNumber: Mutate = (bytes, draw) => {
  const out = Uint8Array.from(bytes);
  const width = draw.pick([1, 2, 4, 8]);
  if (out.length < width) return out;
  const at = draw.below(out.length - width + 1);
  let value = BigInt.asUintN(64, draw.integer());
  for (let i = 0; i < width; i++) {
    out[at + i] = Number(value & 255n);
    value >>= 8n;
  }
  return out;
};

const insert: Mutate = (bytes, draw) => {
  const at = draw.below(bytes.length + 1);
  return joined(bytes.subarray(0, at), draw.bytes(1 + draw.below(16)), bytes.subarray(at));
};

/** Cuts a piece out, or repeats it. */
const cutOrRepeat: Mutate = (bytes, draw) => {
  const [from, to] = [draw.below(bytes.length + 1), draw.below(bytes.length + 1)].sort((a, b) => a - b) as [number, number];
  return draw.oneIn(2) ? joined(bytes.subarray(0, from), bytes.subarray(to)) : joined(bytes.subarray(0, to), bytes.subarray(from));
};

/** The head of one file and the tail of another. */
const splice: Mutate = (bytes, draw, other) =>
  joined(bytes.subarray(0, draw.below(bytes.length + 1)), other.subarray(draw.below(other.length + 1)));

/** A piece of another file in place of as much of this one. */
const transplant: Mutate = (bytes, draw, other) => {
  const length = 1 + draw.below(Math.min(64, bytes.length, other.length));
  const out = Uint8Array.from(bytes);
  const from = draw.below(other.length - length + 1);
  out.set(other.subarray(from, from + length), draw.below(out.length - length + 1));
  return out;
};

export const byteMutations: readonly Mutate[] = [flip, flipBit, truncate, overwriteNumber, insert, cutOrRepeat, splice, transplant];
