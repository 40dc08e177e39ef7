// Functions of one float32 number, element by element, through WebAssembly: computed in float64 and rounded once, in a fifth of the
// time that Math's functions take.
import { erfTable } from "./erf.ts";
import { requireSpan } from "./operands.ts";
import { ScratchLayout, scratchF32, scratchF64, wasm } from "./scratch.ts";
import { overRows } from "./shared-rows.ts";

/** Functions that are all of one piece, by their number in `wasm.mapSmooth`. */
const smooth = { exp: 0, sigmoid: 1, swish: 2, tanh: 3, geluByTanh: 4 } as const;

/** What is made of the error function reads its table. */
const byErf = { erf: wasm.mapErf, gelu: wasm.mapGelu } as const;

/** `swish` is x · sigmoid(x), `gelu` x · Φ(x), `geluByTanh` its approximation. */
export type FunctionName = keyof typeof smooth | keyof typeof byErf;

/** Floats per block: what stays in the first cache level between copying in and out. */
const block = 4096;

/**
 * `y = f(x)`; NaN gives NaN. `erf` and `gelu` give the bits of `erf` in erf.ts, rounded; the others are within 10⁻¹¹ of the function before
 * they are rounded. `y` may be `x`.
 *
 * @throws ShapeError `KernelOperandTooSmall` when `y` is shorter than `x`.
 * @example
 * functionF32("tanh", Float32Array.of(0, 1), y); // y is [0, 0.7615941762924194]
 */
export function functionF32(name: FunctionName, x: Float32Array, y: Float32Array): void {
  requireSpan(name, "y", y.length, 0, x.length - 1);
  const how =
    name === "erf" || name === "gelu"
      ? ({ kernel: name, table: erfTable() } as const)
      : ({ kernel: "smooth", argument: smooth[name] } as const);
  overRows({ ...how, row: 1, x, y }, (from, to) => mapAlone(name, from, to));
}

function mapAlone(name: FunctionName, x: Float32Array, y: Float32Array): void {
  const memory = new ScratchLayout();
  const at = memory.take(block);
  const map = name === "erf" || name === "gelu" ? withTable(memory, byErf[name]) : (n: number) => wasm.mapSmooth(smooth[name], at, n);
  for (let i = 0; i < x.length; i += block) {
    const n = Math.min(block, x.length - i);
    scratchF32.set(x.subarray(i, i + n), at >> 2);
    map(n, at);
    y.set(scratchF32.subarray(at >> 2, (at >> 2) + n), i);
  }
}

function withTable(memory: ScratchLayout, map: (x: number, n: number, table: number) => void): (n: number, at: number) => void {
  const table = erfTable();
  const tableAt = memory.take(2 * table.length);
  scratchF64.set(table, tableAt >> 3);
  return (n, at) => map(at, n, tableAt);
}
