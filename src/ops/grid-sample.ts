// GridSample: reads an image at real places, in any number of dimensions. Source: ONNX GridSample-22 and its reference results.
import { ingotError } from "../errors/error.ts";
import { type Dim, isUnknownDim } from "../ir/dim.ts";
import { tensorType } from "../ir/type.ts";
import { type DType, floats, numeric } from "../tensor/dtype.ts";
import { elementCount, formatShape, rowMajorStrides } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf } from "./cells.ts";
import { anyDType, defineOp, int, string } from "./define.ts";
import { inputType, requireRank, requireWord } from "./infer.ts";
import { decodedNumbers, isHalf } from "./map-elements.ts";
import { resizeKernels } from "./resize-coordinates.ts";
import { roundHalfToEven } from "./unary-math.ts";

/** The range of places along one dimension: the centres of the outermost ones, or their outer edges. */
interface Border {
  readonly size: number;
  readonly low: number;
  readonly high: number;
}

const modesHint = "These are the modes of ONNX GridSample-20; up to opset 19 they were called bilinear and bicubic.";

type Padding = "zeros" | "border" | "reflection";

/** What an out-of-range real place becomes, and which whole place is read for one (−1: none, a zero). */
const paddings: {
  readonly [P in Padding]: { readonly place: (x: number, b: Border) => number; readonly pixel: (i: number, b: Border) => number };
} = {
  zeros: { place: (x) => x, pixel: (i, { size }) => (i >= 0 && i < size ? i : -1) },
  border: { place: (x, { size }) => clamp(x, size), pixel: (i, { size }) => clamp(i, size) },
  reflection: { place: reflected, pixel: (i, b) => clamp(Math.trunc(reflected(i, b)), b.size) },
};

const clamp = (x: number, size: number): number => Math.min(Math.max(x, 0), size - 1);

function reflected(x: number, { low, high }: Border): number {
  const range = high - low;
  if (range <= 0) return low;
  if (x >= low && x <= high) return x;
  const beyond = x < low ? low - x : x - high;
  const turns = Math.trunc(beyond / range);
  const rest = beyond - turns * range;
  return x < low === (turns % 2 === 0) ? low + rest : high - rest;
}

/** The taps of one dimension: places relative to ⌊x⌋, and their weights at a fraction of the way to the next place. */
interface Taps {
  readonly first: number;
  readonly weights: (fraction: number) => number[];
}

const cubicCoefficient = -0.75;

const modes: Readonly<Record<"linear" | "cubic", Taps>> = {
  linear: { first: 0, weights: (f) => [1 - f, f] },
  cubic: {
    first: -1,
    weights: (f) => [f + 1, f, 1 - f, 2 - f].map((x) => resizeKernels.cubic.weight(x, cubicCoefficient)),
  },
};

/** `X: [N, C, ...input]` at `grid: [N, ...output, n]`, whose last dimension has x first: `[N, C, ...output]`. */
export const gridSample = defineOp("GridSample", {
  since: [16, 20, 22],
  breaking: [20],
  inputs: ["X: T1", "grid: T2"],
  outputs: ["Y: T1"],
  types: { T1: anyDType, T2: floats },
  attributes: { align_corners: int(0), mode: string("linear"), padding_mode: string("zeros") },
  accuracy: "ulp",
  infer(c) {
    const { dtype } = inputType(c, 0);
    requireWord(c, "mode", ["linear", "nearest", "cubic"], modesHint);
    requireWord(c, "padding_mode", Object.keys(paddings), modesHint);
    requireNumbers(c.op, dtype, c.attributes.mode as string);
    const x = requireRank(c, 0, "X", 3, Number.POSITIVE_INFINITY);
    const grid = requireRank(c, 1, "grid", x?.length ?? 3, x?.length ?? Number.POSITIVE_INFINITY);
    if (!x || !grid) return [tensorType(dtype)];
    const vector = grid[grid.length - 1];
    const batches = [x[0], grid[0]] as [Dim, Dim];
    if (typeof vector === "number" && vector !== x.length - 2)
      throw ingotError("ShapeMismatch", {
        op: c.op,
        what: "grid",
        actual: formatShape(grid.map(String)),
        expected: `vectors of ${x.length - 2} numbers in the last dimension`,
        hint: "A place has one number per spatial dimension of X, that along the last dimension first.",
      });
    if (typeof batches[0] === "number" && typeof batches[1] === "number" && batches[0] !== batches[1])
      throw ingotError("ShapeMismatch", {
        op: c.op,
        what: "grid",
        actual: formatShape(grid.map(String)),
        expected: `a batch of ${batches[0]}, as X has`,
        hint: "Expand the grid to the batch of X.",
      });
    const batch = typeof batches[0] === "number" || !isUnknownDim(batches[0]) ? batches[0] : batches[1];
    return [tensorType(dtype, [batch, x[1] as Dim, ...grid.slice(1, -1)])];
  },
  eval({ X, grid }, { align_corners, mode, padding_mode }, context) {
    const shape = context.shape(0);
    const [batch, channels] = shape as [number, number];
    const sizes = X.shape.slice(2);
    const n = sizes.length;
    const borders = sizes.map((size): Border => (align_corners ? { size, low: 0, high: size - 1 } : { size, low: -0.5, high: size - 0.5 }));
    const { place, pixel } = paddings[padding_mode as Padding];
    const strides = rowMajorStrides(sizes);
    const plane = elementCount(sizes);
    const places = elementCount(shape.slice(2));
    const nearest = mode === "nearest";
    const g = decodedNumbers(grid);
    // Places are worked out in float32, as the grid is, unless that is float64: half-way cases of `nearest` depend on it.
    const r = grid.dtype === "float64" ? (x: number) => x : Math.fround;
    const Y = Storage.empty(X.dtype, shape);
    const out = cellsOf(Y);
    const cells = cellsOf(X);
    const zero = cellsOf(Storage.from(X.dtype, X.dtype === "string" ? [""] : [0], []))[0];
    const values = nearest ? [] : isHalf(X.dtype) ? decodedNumbers(X) : X.toNumbers();
    const sums = nearest ? undefined : new Float64Array(channels);
    const x = new Array<number>(n);
    for (let b = 0; b < batch; b++)
      for (let p = 0; p < places; p++) {
        for (let axis = 0; axis < n; axis++) {
          const { size, low, high } = borders[axis] as Border;
          const v = g[(b * places + p) * n + (n - 1 - axis)] as number;
          let at = align_corners ? r(r(r(v + 1) / 2) * (size - 1)) : r(r(r(r(v + 1) * size) - 1) / 2);
          if (nearest) at = roundHalfToEven(at);
          // The four taps of `cubic` are moved one by one instead.
          x[axis] = mode !== "cubic" && (at < low || at > high) ? r(place(at, borders[axis] as Border)) : at;
        }
        const to = b * channels * places + p;
        if (nearest) {
          const from = x.reduce((sum, at, axis) => {
            const i = pixel(Math.trunc(at), borders[axis] as Border);
            return i < 0 || Number.isNaN(i) ? Number.NaN : sum + i * (strides[axis] as number);
          }, 0);
          for (let c = 0; c < channels; c++) out[to + c * places] = Number.isNaN(from) ? zero : cells[(b * channels + c) * plane + from];
          continue;
        }
        const totals = (sums as Float64Array).fill(0);
        const visit = (axis: number, at: number, weight: number): void => {
          if (axis === n) {
            for (let c = 0; c < channels; c++)
              totals[c] = (totals[c] as number) + weight * (values[(b * channels + c) * plane + at] as number);
            return;
          }
          const { first, weights } = modes[mode as "linear" | "cubic"];
          const whole = Math.floor(x[axis] as number);
          for (const [k, w] of weights((x[axis] as number) - whole).entries()) {
            const i = pixel(whole + first + k, borders[axis] as Border);
            if (i >= 0) visit(axis + 1, at + i * (strides[axis] as number), weight * w);
          }
        };
        visit(0, 0, 1);
        const written = cellsOf(Storage.from(X.dtype, totals, [channels]));
        for (let c = 0; c < channels; c++) out[to + c * places] = written[c];
      }
    return Y;
  },
});

function requireNumbers(op: string, dtype: DType, mode: string): void {
  if (mode === "nearest" || numeric.includes(dtype)) return;
  throw ingotError("DTypeMismatch", { op, what: "X", actual: dtype, expected: "a numeric dtype to interpolate", convert: "float32" });
}
