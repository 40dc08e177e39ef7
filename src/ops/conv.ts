// Convolution and its transpose, 1-D to 3-D: float32 through the compiled kernels, the other float dtypes through the reference.
import { ingotError } from "../errors/error.ts";
import { addDims, type Dim, mulDims } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import { convF32 } from "../kernels/conv.ts";
import { type ConvShapes, convGeometry, convTransposeGeometry } from "../kernels/conv-geometry.ts";
import { convTransposeF32 } from "../kernels/conv-transpose.ts";
import { convReference, convTransposeReference } from "../kernels/reference/conv.ts";
import { floats } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int, ints, string } from "./define.ts";
import { inputShape, inputType, requireRank, unknownShape } from "./infer.ts";
import { decodedNumbers, encodeNumbers } from "./map-elements.ts";
import { reachOf, splitPads, type Window, type WindowAttributes, windowOf, windowOutput, windowPads } from "./window.ts";

/** What Conv and its fused forms have in common. */
export interface ConvAttributes extends WindowAttributes {
  readonly group?: number | undefined;
  readonly kernel_shape?: readonly number[] | undefined;
}

export const convAttributes = {
  auto_pad: string("NOTSET"),
  dilations: ints(),
  group: int(1),
  kernel_shape: ints(),
  pads: ints(),
  strides: ints(),
} as const;

/** The output of a convolution of `X: [N, C, ...spatial]` by `W: [M, C / group, ...kernel]`. */
export function inferConv(c: InferContext): ValueType[] {
  const attributes = c.attributes as ConvAttributes;
  const { x, w, kernel } = convOperands(c, attributes);
  const dtype = inputType(c, 0).dtype;
  if (!x || !w)
    return [
      tensorType(
        dtype,
        (x ?? w)?.map((_, i) => (i === 0 ? x?.[0] : i === 1 ? w?.[0] : undefined) ?? (unknownShape(1)[0] as Dim)),
      ),
    ];
  const group = attributes.group ?? 1;
  requireChannels(
    c,
    "X",
    x,
    1,
    mulDims(w[1] as Dim, group),
    `W is ${show(w)} and group is ${group}: X needs ${mulDims(w[1] as Dim, group)} channels.`,
  );
  requireGroups(c, w, 0, group);
  requireBias(c, w[0] as Dim);
  const spatial = kernel ? windowOutput(windowOf(c.op, kernel, attributes), x.slice(2)) : unknownShape(x.length - 2);
  return [tensorType(dtype, [x[0] as Dim, w[0] as Dim, ...spatial])];
}

/** Convolves; `bias` is `[M]`. Dense, freshly allocated. */
export function convolve(X: Storage, W: Storage, bias: Storage | undefined, attributes: ConvAttributes, shape: readonly number[]): Storage {
  const window = windowOf("Conv", W.shape.slice(2), attributes);
  const shapes = convShapes(X, W, window, attributes.group ?? 1, windowPads(window, X.shape.slice(2)));
  if (X.dtype === "float32") {
    const Y = Storage.empty("float32", shape);
    if (Y.size > 0) convF32({ ...shapes, x: f32(X), w: f32(W), bias: bias ? f32(bias) : null, y: f32(Y) });
    return Y;
  }
  const y = new Float64Array(elementCount(shape));
  convReference(convGeometry(shapes), { x: decodedNumbers(X), w: decodedNumbers(W), bias: bias ? decodedNumbers(bias) : null, y });
  return encodeNumbers(X.dtype, y, shape);
}

/** FLOP of a convolution: two per multiply-add, one per bias. */
export function convFlops(inputs: readonly (TensorType | undefined)[], outputs: readonly TensorType[]): number {
  return countOf(outputs[0]) * (2 * countOf(inputs[1], 1) + (inputs[2] ? 1 : 0));
}

export const conv = defineOp("Conv", {
  since: [1, 11, 22],
  breaking: [1],
  inputs: ["X: T", "W: T", "B?: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: convAttributes,
  accuracy: "ulp",
  infer: inferConv,
  flops: convFlops,
  eval: ({ X, W, B }, attributes, context) => convolve(X, W, B, attributes, context.shape(0)),
});

/** `W` is `[C, M / group, ...kernel]`; `output_shape` fixes the output and so the padding, which `auto_pad` then divides. */
export const convTranspose = defineOp("ConvTranspose", {
  since: [1, 11, 22],
  breaking: [1],
  inputs: ["X: T", "W: T", "B?: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: { ...convAttributes, output_padding: ints(), output_shape: ints() },
  accuracy: "ulp",
  infer(c) {
    const attributes = c.attributes as TransposeAttributes;
    const { x, w, kernel } = convOperands(c, attributes);
    const dtype = inputType(c, 0).dtype;
    const group = attributes.group ?? 1;
    if (!x || !w)
      return [
        tensorType(
          dtype,
          (x ?? w)?.map(
            (_, i) => (i === 0 ? x?.[0] : i === 1 && w ? mulDims(w[1] as Dim, group) : undefined) ?? (unknownShape(1)[0] as Dim),
          ),
        ),
      ];
    requireChannels(c, "X", x, 1, w[0] as Dim, `W is ${show(w)}: X needs ${w[0]} channels.`);
    requireGroups(c, w, 0, group);
    const channels = mulDims(w[1] as Dim, group);
    requireBias(c, channels);
    if (!kernel) return [tensorType(dtype, [x[0] as Dim, channels, ...unknownShape(x.length - 2)])];
    const window = windowOf(c.op, kernel, attributes);
    return [tensorType(dtype, [x[0] as Dim, channels, ...transposedOutput(window, x.slice(2), attributes)])];
  },
  flops: (inputs) => 2 * countOf(inputs[0]) * countOf(inputs[1], 1),
  eval({ X, W, B }, attributes, context) {
    const window = windowOf("ConvTranspose", W.shape.slice(2), attributes);
    const spatial = X.shape.slice(2);
    const shape = context.shape(0);
    const pads = transposedPads(window, spatial, attributes, shape.slice(2));
    // Where the output is larger than the input reaches, the padding is negative: the kernel's geometry calls that output padding.
    const padded = pads.map((p, i) => (i < spatial.length ? p : 0));
    const outputPadding = spatial.map((_, i) => at(shape, i + 2) - (reached(window, spatial, i) - at(padded, i)));
    const shapes = { ...convShapes(X, W, window, attributes.group, padded), outputPadding };
    if (X.dtype === "float32") {
      const Y = Storage.empty("float32", shape);
      if (Y.size > 0) convTransposeF32({ ...shapes, x: f32(X), w: f32(W), bias: B ? f32(B) : null, y: f32(Y) });
      return Y;
    }
    const y = new Float64Array(elementCount(shape));
    convTransposeReference(convTransposeGeometry(shapes), {
      x: decodedNumbers(X),
      w: decodedNumbers(W),
      bias: B ? decodedNumbers(B) : null,
      y,
    });
    return encodeNumbers(X.dtype, y, shape);
  },
});

interface TransposeAttributes extends ConvAttributes {
  readonly output_padding?: readonly number[] | undefined;
  readonly output_shape?: readonly number[] | undefined;
}

/** stride·(size − 1) + reach: what the input spans before padding is cut off and output padding is added. */
function reached(w: Window, spatial: readonly number[], i: number): number {
  return at(w.strides, i) * (at(spatial, i) - 1) + reachOf(w, i);
}

function transposedOutput(w: Window, spatial: readonly Dim[], { output_padding, output_shape, auto_pad }: TransposeAttributes): Dim[] {
  if (output_shape?.length) return output_shape.slice(-spatial.length);
  return spatial.map((size, i) => {
    const stride = at(w.strides, i);
    if (w.automatic !== "none") return mulDims(size, stride);
    const cut = auto_pad === "VALID" ? 0 : at(w.pads, i) + at(w.pads, i + spatial.length);
    const length = addDims(mulDims(stride, addDims(size, -1)), (output_padding?.[i] ?? 0) + reachOf(w, i) - cut);
    if (typeof length !== "number" || length >= 0) return length;
    throw ingotError("ShapeMismatch", {
      op: w.op,
      what: "X",
      actual: `${show(spatial)} in its spatial dimensions`,
      expected: `a size in dimension ${i} that reaches ${cut} positions, which the pads cut off`,
      hint: "The output would have less than no elements: use smaller pads or a larger input.",
    });
  });
}

function transposedPads(
  w: Window,
  spatial: readonly number[],
  attributes: TransposeAttributes,
  output: readonly number[],
): readonly number[] {
  if (!attributes.output_shape?.length && w.automatic === "none") return w.pads;
  const totals = spatial.map((_, i) => reached(w, spatial, i) + (attributes.output_padding?.[i] ?? 0) - at(output, i));
  return splitPads(totals, attributes.auto_pad === "SAME_UPPER" ? "upper" : "lower");
}

function convOperands(c: InferContext, { kernel_shape }: ConvAttributes) {
  const x = requireRank(c, 0, "X", 3, 5);
  const w = requireRank(c, 1, "W", 3, 5);
  if (x && w && x.length !== w.length)
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "W",
      actual: show(w),
      expected: `${x.length} dimensions, as X ${show(x)} has`,
      hint: "The weight has two dimensions for channels and one per spatial dimension of X.",
    });
  const inWeight = w?.slice(2);
  const known = inWeight?.every((k) => typeof k === "number") ? (inWeight as number[]) : undefined;
  if (kernel_shape?.length && inWeight && (kernel_shape.length !== inWeight.length || known?.some((k, i) => k !== kernel_shape[i])))
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "W",
      actual: show(w ?? []),
      expected: `spatial dimensions ${formatShape(kernel_shape)}, as kernel_shape says`,
      hint: "kernel_shape must repeat the spatial dimensions of the weight; leave it out.",
    });
  return { x, w, kernel: known ?? (kernel_shape?.length ? kernel_shape : undefined) };
}

function requireChannels(c: InferContext, what: string, shape: readonly Dim[], axis: number, expected: Dim, hint: string): void {
  const actual = shape[axis];
  if (typeof actual !== "number" || typeof expected !== "number" || actual === expected) return;
  throw ingotError("ShapeMismatch", { op: c.op, what, actual: show(shape), expected: `${expected} channels in dimension ${axis}`, hint });
}

function requireGroups(c: InferContext, w: readonly Dim[], axis: number, group: number): void {
  const channels = w[axis];
  if (group >= 1 && (typeof channels !== "number" || channels % group === 0)) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: "W",
    actual: show(w),
    expected: `a multiple of group = ${group} in dimension ${axis}`,
    hint: "The channels are divided evenly among the groups.",
  });
}

function requireBias(c: InferContext, channels: Dim): void {
  if (c.inputs[2] === undefined) return;
  const b = inputShape(c, 2);
  if (!b || (b.length === 1 && (typeof b[0] !== "number" || typeof channels !== "number" || b[0] === channels))) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: "B",
    actual: show(b),
    expected: `[${channels}]`,
    hint: "The bias has one number per output channel.",
  });
}

function convShapes(X: Storage, W: Storage, w: Window, groups: number, pads: readonly number[]): ConvShapes {
  return { xShape: X.shape, wShape: W.shape, groups, strides: w.strides, dilations: w.dilations, pads };
}

/** The number of elements of a concrete type, its first `skip` dimensions left out. */
function countOf(type: TensorType | undefined, skip = 0): number {
  return elementCount((type?.shape ?? []).slice(skip).map(Number));
}

const show = (shape: readonly Dim[]): string => formatShape(shape.map(String));
const f32 = (s: Storage): Float32Array<ArrayBuffer> => s.dense() as Float32Array<ArrayBuffer>;
const at = (list: readonly number[], i: number): number => list[i] as number;
