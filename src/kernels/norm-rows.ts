// Rows brought to mean 0 and variance 1 (layer normalisation), or to root mean square 1, through WebAssembly: in float64, rounded once.
import { requireSpan } from "./operands.ts";
import { ScratchLayout, scratchF32, scratchF64, wasm } from "./scratch.ts";

/** What is done with each row. */
export interface RowStandard {
  /** Elements of a row; at most `longestRow`. */
  readonly row: number;
  /** Whether the mean is taken away; without, the row is divided by its root mean square. */
  readonly centred: boolean;
  readonly epsilon: number;
  /** One number per element of a row. */
  readonly scale?: Float32Array | undefined;
  readonly bias?: Float32Array | undefined;
  /** Called with each row's mean (0 if not centred) and 1 / √(variance + ε). */
  readonly onRow?: ((index: number, mean: number, inverse: number) => void) | undefined;
}

/** The longest row that fits the scratch memory beside its parameters, in floats. */
export const longestRow = 1024 * 1024;

/** Floats per block of rows. */
const block = 8192;

/**
 * `y = (x − mean) · 1/√(variance + ε) · scale + bias` row by row; an element's bits depend on its row only. `y` may be `x`.
 *
 * @throws ShapeError `KernelOperandTooSmall` when `y`, `scale` or `bias` is too short.
 * @example
 * standardizeRowsF32(Float32Array.of(1, 3), { row: 2, centred: true, epsilon: 0 }, y); // y is [-1, 1]
 */
export function standardizeRowsF32(x: Float32Array, standard: RowStandard, y: Float32Array): void {
  const { row, centred, epsilon, scale, bias, onRow } = standard;
  requireSpan("standardizeRows", "y", y.length, 0, x.length - 1);
  if (row === 0 || x.length === 0) return;
  const step = Math.max(1, Math.floor(block / row));
  const memory = new ScratchLayout();
  const at = memory.take(step * row);
  const momentsAt = memory.take(4 * step);
  const place = (name: string, values: Float32Array | undefined) => {
    if (!values) return 0;
    requireSpan("standardizeRows", name, values.length, 0, row - 1);
    const to = memory.take(row);
    scratchF32.set(values.subarray(0, row), to >> 2);
    return to;
  };
  const [scaleAt, biasAt] = [place("scale", scale), place("bias", bias)];
  for (let i = 0, index = 0; i < x.length; i += step * row, index += step) {
    const rows = Math.min(step, Math.floor((x.length - i) / row));
    scratchF32.set(x.subarray(i, i + rows * row), at >> 2);
    wasm.standardizeRows(at, rows, row, centred ? 1 : 0, epsilon, scaleAt, biasAt, momentsAt);
    y.set(scratchF32.subarray(at >> 2, (at >> 2) + rows * row), i);
    if (!onRow) continue;
    for (let r = 0, m = momentsAt >> 3; r < rows; r++, m += 2) onRow(index + r, scratchF64[m] as number, scratchF64[m + 1] as number);
  }
}
