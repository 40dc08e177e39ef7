// Opening a safetensors file of 2.5 GB: how long it takes, and what it costs in memory before its tensors are used.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeHeader } from "../../src/weights/safetensors-header.ts";
import { type Measured, median, range } from "../figure.ts";
import { child, mib } from "./child.ts";

const shape = [4000, 3907];
const count = 40;
const bytes = 4000 * 3907 * 4;

export async function* mappedWeights(progress: (what: string) => void): AsyncIterable<Measured> {
  if (process.platform !== "linux") return progress("needs Linux: resident memory is read from /proc");
  const folder = mkdtempSync(join(tmpdir(), "ingot-bench-"));
  try {
    const path = join(folder, "weights.safetensors");
    const size = writeSparse(path);
    progress(`opening ${(size / 1e9).toFixed(2)} GB`);
    const opened = Array.from({ length: 5 }, () => child<{ ms: number; grown: number; last: number }>("mapped-weights-child.ts", path));
    if (opened.some(({ last }) => last !== 42)) throw new Error("the last element of the file was not read right");
    const times = opened.map(({ ms }) => ms / 1000);
    yield {
      name: `opening a safetensors file of ${(size / 1e9).toFixed(1)} GB`,
      value: median(times),
      unit: "s",
      bar: "≤ 0.2",
      spread: range(times, 4),
    };
    const grown = opened.map((o) => o.grown);
    yield {
      name: "resident memory that the open file costs before use, in parts of its size",
      value: median(grown) / size,
      unit: "×",
      bar: "≤ 0.002",
      spread: grown.map(mib).join(", "),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Zeros that take no room on the disk, and 42 as the very last element. Gives the size in bytes. */
function writeSparse(path: string): number {
  const tensors = Array.from({ length: count }, (_, i) => ({ name: `layer${i}.weight`, dtype: "float32" as const, shape }));
  const header = encodeHeader(tensors, new Map());
  const size = header.length + count * bytes;
  const file = openSync(path, "w");
  try {
    writeSync(file, header);
    ftruncateSync(file, size);
    writeSync(file, new Uint8Array(Float32Array.of(42).buffer), 0, 4, size - 4);
  } finally {
    closeSync(file);
  }
  return size;
}
