// DeformConv: a convolution whose taps are read at places of their own, by linear interpolation with zeros outside.
// Source: Dai et al., "Deformable Convolutional Networks", 2017; with the mask: Zhu et al., "Deformable ConvNets v2", 2019.
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { floats } from "../tensor/dtype.ts";
import { elementCount, formatShape, rowMajorStrides } from "../tensor/shape.ts";
import { defineOp, int, ints } from "./define.ts";
import { inputShape, inputType, requireRank, requireShape } from "./infer.ts";
import { decodedNumbers, encodeNumbers } from "./map-elements.ts";
import { type Window, type WindowAttributes, windowOf, windowOutput } from "./window.ts";

interface DeformAttributes extends WindowAttributes {
  readonly group: number;
  readonly offset_group: number;
  readonly kernel_shape: readonly number[] | undefined;
}

/**
 * `X: [N, C, ...input]`, `W: [M, C / group, ...kernel]`, `offset: [N, offset_group · Πkernel · n, ...output]` (for each tap one number per
 * spatial dimension, the first dimension first), `mask: [N, offset_group · Πkernel, ...output]`: gives `[N, M, ...output]`.
 */
export const deformConv = defineOp("DeformConv", {
  since: [19, 22],
  breaking: [19],
  inputs: ["X: T", "W: T", "offset: T", "B?: T", "mask?: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: { dilations: ints(), group: int(1), kernel_shape: ints(), offset_group: int(1), pads: ints(), strides: ints() },
  accuracy: "ulp",
  infer(c) {
    const { dtype } = inputType(c, 0);
    const x = requireRank(c, 0, "X", 3, Number.POSITIVE_INFINITY);
    const w = requireRank(c, 1, "W", x?.length ?? 3, x?.length ?? Number.POSITIVE_INFINITY);
    const attributes = c.attributes as unknown as DeformAttributes;
    const kernel = attributes.kernel_shape ?? w?.slice(2);
    if (!x || !w || !kernel?.every((d) => typeof d === "number")) return [tensorType(dtype)];
    const output = windowOutput(windowOf(c.op, kernel as number[], attributes), x.slice(2));
    requireParts(c, x, w, kernel as number[], output);
    return [tensorType(dtype, [x[0] as Dim, w[0] as Dim, ...output])];
  },
  eval({ X, W, offset, B, mask }, attributes, context) {
    const shape = context.shape(0);
    const kernel = attributes.kernel_shape ?? W.shape.slice(2);
    const window = windowOf("DeformConv", kernel, attributes);
    const [batch, outChannels] = shape as [number, number];
    const channels = X.shape[1] as number;
    const input = X.shape.slice(2);
    const [taps, plane, places] = [elementCount(kernel), elementCount(input), elementCount(shape.slice(2))];
    const { group, offset_group: offsetGroups } = attributes;
    const perGroup = channels / group;
    const perOffset = channels / offsetGroups;
    const [x, w, o] = [decodedNumbers(X), decodedNumbers(W), decodedNumbers(offset)];
    const b = B && decodedNumbers(B);
    const m = mask && decodedNumbers(mask);
    const y = new Float64Array(elementCount(shape));
    const columns = new Float64Array(channels * taps);
    const corners = new CornerReader(input);
    const n = input.length;
    const at = new Array<number>(n);
    for (let image = 0; image < batch; image++)
      for (let p = 0; p < places; p++) {
        const corner = placeOfWindow(p, shape.slice(2), window);
        for (let g = 0; g < offsetGroups; g++)
          for (let k = 0; k < taps; k++) {
            const tap = (image * offsetGroups + g) * taps + k;
            let rest = k;
            for (let axis = n - 1; axis >= 0; axis--) {
              const size = kernel[axis] as number;
              const step = (rest % size) * (window.dilations[axis] as number);
              rest = Math.floor(rest / size);
              at[axis] = (corner[axis] as number) + step + (o[(tap * n + axis) * places + p] as number);
            }
            const scale = m ? (m[tap * places + p] as number) : 1;
            corners.move(at);
            for (let c = g * perOffset; c < (g + 1) * perOffset; c++)
              columns[c * taps + k] = scale * corners.read(x, (image * channels + c) * plane);
          }
        for (let out = 0; out < outChannels; out++) {
          const first = Math.floor((out * group) / outChannels) * perGroup * taps;
          const length = perGroup * taps;
          let sum = b ? (b[out] as number) : 0;
          for (let i = 0; i < length; i++) sum += (w[out * length + i] as number) * (columns[first + i] as number);
          y[(image * outChannels + out) * places + p] = sum;
        }
      }
    return encodeNumbers(X.dtype, y, shape);
  },
  flops: ([, w], [y]) => 2 * known(y?.shape) * known(w?.shape?.slice(1)),
});

const known = (shape: readonly Dim[] | undefined): number => elementCount((shape ?? []).map((d) => (typeof d === "number" ? d : 0)));

/** Where the window of output place `p` begins in the input. */
function placeOfWindow(p: number, output: readonly number[], { strides, pads }: Window): number[] {
  const corner = new Array<number>(output.length);
  for (let axis = output.length - 1, rest = p; axis >= 0; axis--) {
    const size = output[axis] as number;
    corner[axis] = (rest % size) * (strides[axis] as number) - (pads[axis] as number);
    rest = Math.floor(rest / size);
  }
  return corner;
}

/** Interpolates between the 2ⁿ whole places around a real one; those outside count as zeros. */
class CornerReader {
  readonly #sizes: readonly number[];
  readonly #strides: readonly number[];
  readonly #places: number[] = [];
  readonly #weights: number[] = [];

  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
    this.#strides = rowMajorStrides(sizes);
  }

  move(at: readonly number[]): void {
    this.#places.length = 0;
    this.#weights.length = 0;
    this.#visit(at, 0, 0, 1);
  }

  #visit(at: readonly number[], axis: number, place: number, weight: number): void {
    if (axis === at.length) {
      this.#places.push(place);
      this.#weights.push(weight);
      return;
    }
    const low = Math.floor(at[axis] as number);
    const fraction = (at[axis] as number) - low;
    for (const [i, w] of [
      [low, 1 - fraction],
      [low + 1, fraction],
    ] as const)
      if (i >= 0 && i < (this.#sizes[axis] as number) && w !== 0)
        this.#visit(at, axis + 1, place + i * (this.#strides[axis] as number), weight * w);
  }

  read(x: ArrayLike<number>, base: number): number {
    let sum = 0;
    for (let i = 0; i < this.#places.length; i++) sum += (this.#weights[i] as number) * (x[base + (this.#places[i] as number)] as number);
    return sum;
  }
}

/** The shapes of weights, offsets, bias and mask, and what the groups divide. Throws `ShapeMismatch`. */
function requireParts(c: InferContext, x: readonly Dim[], w: readonly Dim[], kernel: readonly number[], output: readonly Dim[]): void {
  const { group, offset_group: offsets } = c.attributes as unknown as DeformAttributes;
  const taps = elementCount(kernel);
  const [channels, outChannels] = [x[1], w[0]] as [Dim, Dim];
  const hint = `group is ${group}, offset_group ${offsets}, the kernel ${formatShape(kernel)}.`;
  const divided = (d: Dim, by: number): Dim => (typeof d === "number" && d % by === 0 ? d / by : d);
  const bad =
    [channels, outChannels].some((d) => typeof d === "number" && d % group !== 0) ||
    (typeof channels === "number" && channels % offsets !== 0);
  if (group < 1 || offsets < 1 || bad)
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: "group",
      expected: "numbers of groups that divide the channels",
      actual: `group ${group} and offset_group ${offsets} for ${channels} channels in and ${outChannels} out`,
      hint: "group divides the channels of X and Y, offset_group those of X.",
    });
  requireShape(c, "W", w, [outChannels, divided(channels, group), ...kernel], hint);
  requireShape(c, "offset", inputShape(c, 2), [x[0] as Dim, offsets * taps * kernel.length, ...output], hint);
  if (c.inputs[3]) requireShape(c, "B", inputShape(c, 3), [outChannels], hint);
  if (c.inputs[4]) requireShape(c, "mask", inputShape(c, 4), [x[0] as Dim, offsets * taps, ...output], hint);
}
