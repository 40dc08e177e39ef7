// Fourier transforms: DFT along one axis, and STFT over frames of a signal. Complex numbers stand in a last dimension of size 2.
import { ingotError } from "../errors/error.ts";
import { addDims, type Dim, floorDivDims, mulDims, subDims, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { type Complex, complexZeros, type FourierPrecision, fourier } from "../kernels/fft.ts";
import { floats } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { defineOp, int } from "./define.ts";
import { axisOf, contentsOf, inputType, requireRank } from "./infer.ts";
import { decodedNumbers, encodeNumbers } from "./map-elements.ts";

const lengths = ["int32", "int64"] as const;

/** The number in integer input `i`; undefined when the input is left out or not known yet. */
function scalarDim(c: InferContext, i: number): Dim | undefined {
  return c.inputs[i] === undefined ? undefined : contentsOf(c, i)?.[0];
}

/** The number of coefficients that say all of a real signal of `n` numbers. */
const half = (n: Dim): Dim => addDims(floorDivDims(n, 2), 1);

/** The last dimension holds real numbers (1) or complex ones (2). Throws `ShapeMismatch`. */
function requireParts(c: InferContext, what: string, shape: readonly Dim[]): void {
  const parts = shape[shape.length - 1] as Dim;
  if (typeof parts !== "number" || parts === 1 || parts === 2) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what,
    actual: formatShape(shape.map(String)),
    expected: "1 (real numbers) or 2 (real and imaginary parts) in the last dimension",
    hint: "Unsqueeze a real signal at the end.",
  });
}

function requireLength(c: InferContext, name: string, n: Dim | undefined): void {
  if (typeof n !== "number" || n >= 1) return;
  throw ingotError("InvalidArgument", {
    op: c.op,
    name,
    expected: "a number from 1",
    actual: n,
    hint: "A transform has at least one point.",
  });
}

// ---- DFT -------------------------------------------------------------------------------------------------------------

/**
 * The transform along `axis` of `[…, n, …, 1 or 2]`, of `dft_length` points (the signal is cut or filled up with zeros). With `onesided`,
 * forward: only the first half of the coefficients, `[…, ⌊n/2⌋ + 1, …, 2]`; inverse: these are given, and the result is real, `[…, 1]`.
 */
export const dft = defineOp("DFT", {
  since: [17, 20],
  breaking: [17, 20],
  minVersion: () => 20,
  inputs: ["input: T1", "dft_length?: T2", "axis?: int64"],
  outputs: ["output: T1"],
  types: { T1: floats, T2: lengths },
  attributes: { inverse: int(0), onesided: int(0) },
  accuracy: "approximate",
  infer(c) {
    const { dtype } = inputType(c, 0);
    const shape = requireRank(c, 0, "input", 2, Number.POSITIVE_INFINITY);
    if (!shape) return [tensorType(dtype)];
    requireParts(c, "input", shape);
    const given = scalarDim(c, 1);
    requireLength(c, "dft_length", given);
    const { onesided, inverse } = c.attributes;
    const real = onesided && inverse;
    const axis = c.inputs[2] === undefined ? -2 : scalarDim(c, 2);
    const out: Dim[] = [...shape.slice(0, -1), real ? 1 : 2];
    if (typeof axis !== "number")
      return [
        tensorType(
          dtype,
          out.map((d, i) => (i === out.length - 1 ? d : unknownDim())),
        ),
      ];
    const place = signalAxis(c, axis, shape);
    const size = shape[place] as Dim;
    const n = c.inputs[1] === undefined ? (real ? mulDims(2, subDims(size, 1)) : size) : (given ?? unknownDim());
    requireLength(c, "dft_length", n);
    out[place] = onesided && !inverse ? half(n) : n;
    return [tensorType(dtype, out)];
  },
  eval({ input, dft_length, axis: axisInput }, { inverse, onesided }, context) {
    const shape = context.shape(0);
    const raw = axisInput ? Number(axisInput.toNumbers()[0]) : -2;
    const axis = raw < 0 ? raw + shape.length : raw;
    const size = input.shape[axis] as number;
    const real = onesided !== 0 && inverse !== 0;
    const points = dft_length ? Number(dft_length.toNumbers()[0]) : real ? 2 * (size - 1) : size;
    const plan: LinePlan = { points, given: size, kept: shape[axis] as number, inverse: inverse !== 0, mirrored: real };
    return transformLines(input, axis, plan, shape);
  },
});

/** The axis of a signal is any but the last, which holds the parts of numbers. */
function signalAxis(c: InferContext, axis: number, shape: readonly Dim[]): number {
  const place = axisOf(c, axis, shape);
  if (place < shape.length - 1) return place;
  throw ingotError("InvalidArgument", {
    op: c.op,
    name: "axis",
    expected: `a dimension of the signal, from ${-shape.length} to -2 or from 0 to ${shape.length - 2}`,
    actual: axis,
    hint: "The last dimension holds real and imaginary parts.",
  });
}

/**
 * Complex float32 signals are transformed in float32 arithmetic, all others in float64. ONNX's own results are made that way (with NumPy,
 * whose complex64 transforms stay in float32), and where terms cancel, what is left over is the rounding of one or the other.
 */
const precisionOf = (x: Storage): FourierPrecision => (x.dtype === "float32" && x.shape[x.rank - 1] === 2 ? "float32" : "float64");

/** How each line is transformed: `given` numbers are read, `points` transformed, `kept` written. */
interface LinePlan {
  readonly points: number;
  readonly given: number;
  readonly kept: number;
  readonly inverse: boolean;
  /** The coefficients given are the first half; the others are their conjugates. */
  readonly mirrored: boolean;
}

function transformLines(input: Storage, axis: number, plan: LinePlan, shape: readonly number[]): Storage {
  const x = decodedNumbers(input);
  const [partsIn, partsOut] = [input.shape[input.rank - 1] as number, shape[shape.length - 1] as number];
  const inner = elementCount(shape.slice(axis + 1, -1));
  const outer = elementCount(shape.slice(0, axis));
  const y = new Float64Array(elementCount(shape));
  const { points, given, kept } = plan;
  const precision = precisionOf(input);
  const transform = fourier(points, plan.inverse, precision);
  const line = complexZeros(points, precision);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      line.re.fill(0);
      line.im.fill(0);
      const most = Math.min(given, plan.mirrored ? Math.floor(points / 2) + 1 : points);
      for (let k = 0; k < most; k++) {
        const at = ((o * given + k) * inner + i) * partsIn;
        line.re[k] = x[at] as number;
        line.im[k] = partsIn === 2 ? (x[at + 1] as number) : 0;
      }
      if (plan.mirrored) mirror(line);
      transform(line);
      for (let k = 0; k < kept; k++) {
        const at = ((o * kept + k) * inner + i) * partsOut;
        y[at] = line.re[k] as number;
        if (partsOut === 2) y[at + 1] = line.im[k] as number;
      }
    }
  return encodeNumbers(input.dtype, y, shape);
}

/** Fills the second half with the conjugates of the first; what must be real is made so. */
function mirror({ re, im }: Complex): void {
  const n = re.length;
  im[0] = 0;
  if (n % 2 === 0) im[n / 2] = 0;
  for (let k = 1; 2 * k < n; k++) {
    re[n - k] = re[k] as number;
    im[n - k] = -(im[k] as number);
  }
}

// ---- STFT ------------------------------------------------------------------------------------------------------------

/**
 * The transforms of frames of `signal: [batch, length, 1 or 2]`, `frame_step` apart, each multiplied by the window:
 * `[batch, frames, ⌊n/2⌋ + 1 or n, 2]`. Frames do not go beyond the signal.
 */
export const stft = defineOp("STFT", {
  since: [17],
  inputs: ["signal: T1", "frame_step: T2", "window?: T1", "frame_length?: T2"],
  outputs: ["output: T1"],
  types: { T1: floats, T2: lengths },
  attributes: { onesided: int(1) },
  accuracy: "approximate",
  infer(c) {
    const { dtype } = inputType(c, 0);
    const shape = requireRank(c, 0, "signal", 3);
    const window = c.inputs[2] === undefined ? undefined : requireRank(c, 2, "window", 1);
    const step = scalarDim(c, 1);
    requireLength(c, "frame_step", step);
    const given = scalarDim(c, 3);
    const length =
      given ?? window?.[0] ?? (c.inputs[2] === undefined && c.inputs[3] === undefined ? shape?.[1] : undefined) ?? unknownDim();
    requireLength(c, "frame_length", length);
    if (typeof window?.[0] === "number" && typeof length === "number" && window[0] !== length)
      throw ingotError("ShapeMismatch", {
        op: c.op,
        what: "window",
        actual: formatShape([window[0]]),
        expected: formatShape([length]),
        hint: "The window has one number for each place of a frame.",
      });
    if (!shape) return [tensorType(dtype)];
    requireParts(c, "signal", shape);
    if (typeof shape[1] === "number" && typeof length === "number" && length > shape[1])
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "frame_length",
        expected: `at most the length of the signal, ${shape[1]}`,
        actual: length,
        hint: "Pad the signal first.",
      });
    const frames = step === undefined ? unknownDim() : addDims(floorDivDims(subDims(shape[1] as Dim, length), step), 1);
    return [tensorType(dtype, [shape[0] as Dim, frames, c.attributes.onesided ? half(length) : length, 2])];
  },
  eval({ signal, frame_step, window, frame_length }, _, context) {
    const shape = context.shape(0) as [number, number, number, number];
    const [batch, frames, kept] = shape;
    const [, total, parts] = signal.shape as [number, number, number];
    const step = Number(frame_step.toNumbers()[0]);
    const n = frame_length ? Number(frame_length.toNumbers()[0]) : (window?.size ?? total);
    const x = decodedNumbers(signal);
    const w = window && decodedNumbers(window);
    const y = new Float64Array(elementCount(shape));
    const precision = precisionOf(signal);
    const transform = fourier(n, false, precision);
    const line = complexZeros(n, precision);
    for (let b = 0; b < batch; b++)
      for (let f = 0; f < frames; f++) {
        for (let k = 0; k < n; k++) {
          const at = (b * total + f * step + k) * parts;
          const weight = w ? (w[k] as number) : 1;
          line.re[k] = (x[at] as number) * weight;
          line.im[k] = parts === 2 ? (x[at + 1] as number) * weight : 0;
        }
        transform(line);
        for (let k = 0; k < kept; k++) {
          const at = ((b * frames + f) * kept + k) * 2;
          y[at] = line.re[k] as number;
          y[at + 1] = line.im[k] as number;
        }
      }
    return encodeNumbers(signal.dtype, y, shape);
  },
});
