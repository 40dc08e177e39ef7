// Sliding windows, which convolutions and pools share: attributes to one list each, padding (given or automatic), and output sizes,
// for numbers and for symbolic sizes alike.
import { ingotError } from "../errors/error.ts";
import { addDims, ceilDivDims, type Dim, floorDivDims, minDims } from "../ir/dim.ts";
import { formatShape } from "../tensor/shape.ts";

/** The attributes as ONNX names them; a missing list means stride 1, dilation 1, no padding. */
export interface WindowAttributes {
  readonly auto_pad?: string | undefined;
  readonly ceil_mode?: number | undefined;
  readonly dilations?: readonly number[] | undefined;
  readonly pads?: readonly number[] | undefined;
  readonly strides?: readonly number[] | undefined;
}

/** A window over `kernel.length` spatial dimensions. */
export interface Window {
  readonly op: string;
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** All begins, then all ends; zeros where padding is automatic. */
  readonly pads: readonly number[];
  readonly automatic: "none" | "lower" | "upper";
  readonly ceil: boolean;
}

const automaticPadding: Readonly<Record<string, Window["automatic"]>> = {
  NOTSET: "none",
  VALID: "none",
  SAME_LOWER: "lower",
  SAME_UPPER: "upper",
};

/** Checks the attributes against the number of spatial dimensions. Throws `InvalidArgument`. */
export function windowOf(op: string, kernel: readonly number[], attributes: WindowAttributes): Window {
  const n = kernel.length;
  const { auto_pad = "NOTSET", ceil_mode = 0 } = attributes;
  const automatic = automaticPadding[auto_pad];
  if (automatic === undefined) throw badList(op, "auto_pad", Object.keys(automaticPadding).join(", "), auto_pad);
  const list = (name: "strides" | "dilations" | "pads", count: number, filler: number, least: number) => {
    const values = attributes[name];
    if (values === undefined || values.length === 0) return new Array<number>(count).fill(filler);
    if (values.length !== count) throw badList(op, name, `${count} numbers for ${n} spatial dimensions`, formatShape(values));
    if (values.some((v) => v < least)) throw badList(op, name, `numbers from ${least}`, formatShape(values));
    return values;
  };
  if (kernel.some((k) => k < 1)) throw badList(op, "kernel_shape", "numbers from 1", formatShape(kernel));
  const given = list("pads", 2 * n, 0, Number.NEGATIVE_INFINITY);
  return {
    op,
    kernel,
    strides: list("strides", n, 1, 1),
    dilations: list("dilations", n, 1, 1),
    pads: auto_pad === "NOTSET" ? given : given.map(() => 0),
    automatic,
    ceil: ceil_mode !== 0 && auto_pad === "NOTSET",
  };
}

function badList(op: string, name: string, expected: string, actual: string): Error {
  return ingotError("InvalidArgument", {
    op,
    name,
    expected,
    actual,
    hint: "Give one number per spatial dimension; pads are all begins, then all ends.",
  });
}

/** How many input positions one window spans along `axis`. */
export function reachOf(w: Window, axis: number): number {
  return at(w.dilations, axis) * (at(w.kernel, axis) - 1) + 1;
}

/**
 * The output sizes for input sizes `spatial`: ⌊(size + pads − reach) / stride⌋ + 1, or ⌈size / stride⌉ with automatic padding. In ceil
 * mode a last window that would start beyond the input and its begin padding is left out. Throws `ShapeMismatch` when a window is
 * larger than the padded input, `InvalidArgument` when it has another number of dimensions.
 */
export function windowOutput(w: Window, spatial: readonly Dim[]): Dim[] {
  if (spatial.length !== w.kernel.length)
    throw badList(w.op, "kernel_shape", `${spatial.length} numbers for ${spatial.length} spatial dimensions`, formatShape(w.kernel));
  return spatial.map((size, i) => {
    const stride = at(w.strides, i);
    if (w.automatic !== "none") return ceilDivDims(size, stride);
    const begin = at(w.pads, i);
    const end = at(w.pads, i + spatial.length);
    const reach = reachOf(w, i);
    if (typeof size === "number" && size + begin + end < reach)
      throw ingotError("ShapeMismatch", {
        op: w.op,
        what: "the input",
        actual: `${formatShape(spatial.map(String))} in its spatial dimensions`,
        expected: `at least ${reach - begin - end} in dimension ${i}`,
        hint: `A window of ${at(w.kernel, i)} with dilation ${at(w.dilations, i)} spans ${reach} positions: pad the input, or use a larger one.`,
      });
    const room = addDims(size, begin + end - reach);
    if (!w.ceil) return addDims(floorDivDims(room, stride), 1);
    const count = addDims(ceilDivDims(room, stride), 1);
    // Windows start at o·stride < size + begin; the bound can bite only when a window may start inside the end padding.
    return stride + end <= reach ? count : minDims(count, ceilDivDims(addDims(size, begin), stride));
  });
}

/** The padding for concrete sizes, automatic padding worked out: all begins, then all ends. */
export function windowPads(w: Window, spatial: readonly number[]): readonly number[] {
  if (w.automatic === "none") return w.pads;
  const totals = spatial.map((size, i) => Math.max(0, (Math.ceil(size / at(w.strides, i)) - 1) * at(w.strides, i) + reachOf(w, i) - size));
  return splitPads(totals, w.automatic);
}

/** Divides the padding of each dimension between begin and end; an odd one goes to the end (`upper`) or to the begin (`lower`). */
export function splitPads(totals: readonly number[], side: "lower" | "upper"): number[] {
  const small = totals.map((t) => Math.floor(t / 2));
  const large = totals.map((t, i) => t - at(small, i));
  return side === "upper" ? [...small, ...large] : [...large, ...small];
}

const at = (list: readonly number[], i: number): number => list[i] as number;
