// Resizing of images and moving elements between channels and space.

import { tensor } from "../../eager/create.ts";
import { permute, reshape } from "../../eager/functions/shape.ts";
import { dispatch } from "../../eager/interpreter.ts";
import { int64s, rankMismatch } from "../../eager/operand.ts";
import type { Tensor } from "../../eager/tensor.ts";
import type { Attributes } from "../../ir/schema.ts";
import { integerFrom, invalid, numberIn, oneOf, type Size, sizes } from "../options.ts";

export type InterpolateMode = "nearest" | "nearest-exact" | "linear" | "bilinear" | "trilinear" | "bicubic";

export interface InterpolateOptions {
  /** The spatial size of the output; either this or `scaleFactor`. */
  readonly size?: Size | undefined;
  /** One factor, or one per spatial axis. */
  readonly scaleFactor?: number | readonly number[] | undefined;
  /** `"nearest"` by default. */
  readonly mode?: InterpolateMode;
  /** The corner elements of input and output coincide; for the linear and cubic modes. */
  readonly alignCorners?: boolean | undefined;
}

/** How ONNX's Resize says each mode, and for how many spatial axes PyTorch has it. */
const modes: { readonly [M in InterpolateMode]: { readonly ranks: readonly number[]; readonly attributes: Attributes } } = {
  nearest: {
    ranks: [1, 2, 3],
    attributes: { mode: "nearest", nearest_mode: "floor", coordinate_transformation_mode: "asymmetric" },
  },
  "nearest-exact": {
    ranks: [1, 2, 3],
    attributes: { mode: "nearest", nearest_mode: "round_prefer_ceil", coordinate_transformation_mode: "half_pixel" },
  },
  linear: { ranks: [1], attributes: { mode: "linear" } },
  bilinear: { ranks: [2], attributes: { mode: "linear" } },
  trilinear: { ranks: [3], attributes: { mode: "linear" } },
  bicubic: { ranks: [2], attributes: { mode: "cubic", cubic_coeff_a: -0.75 } },
};

/**
 * Resizes the spatial axes of [N, C, ...]. Throws `InvalidArgument`.
 * @example interpolate(x, { scaleFactor: 2, mode: "bilinear" })
 */
export function interpolate(x: Tensor, options: InterpolateOptions): Tensor {
  const op = "interpolate";
  const mode = oneOf(op, "mode", options.mode ?? "nearest", ["nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic"]);
  const rank = x.rank - 2;
  const { ranks, attributes } = modes[mode];
  if (!ranks.includes(rank)) throw rankMismatch(op, "the input", x.shape, `${ranks.map((r) => r + 2).join(", ")} for the mode ${mode}`);
  const { size, scaleFactor, alignCorners } = options;
  if ((size === undefined) === (scaleFactor === undefined)) throw invalid(op, "size", "left out exactly when scaleFactor is given", size);
  if (alignCorners !== undefined && mode.startsWith("nearest"))
    throw invalid(op, "alignCorners", `left out with the mode ${mode}`, alignCorners);
  const coordinates = mode.startsWith("nearest") ? {} : { coordinate_transformation_mode: alignCorners ? "align_corners" : "half_pixel" };
  const all = { ...attributes, ...coordinates };
  if (size !== undefined)
    return dispatch("Resize", [x, undefined, undefined, int64s([...x.shape.slice(0, 2), ...sizes(op, "size", size, rank, 1)])], all);
  const factors = typeof scaleFactor === "number" ? new Array<number>(rank).fill(scaleFactor) : (scaleFactor ?? []);
  if (factors.length !== rank) throw invalid(op, "scaleFactor", `one number, or ${rank} of them`, scaleFactor);
  for (const f of factors) if (numberIn(op, "scaleFactor", f, 0) === 0) throw invalid(op, "scaleFactor", "a number above 0", f);
  return dispatch("Resize", [x, undefined, tensor([1, 1, ...factors])], all);
}

function requireImages(op: string, x: Tensor): void {
  if (x.rank !== 4) throw rankMismatch(op, "the input", x.shape, "4: [N, C, H, W]");
}

/** [N, C·r², H, W] → [N, C, H·r, W·r]. W. Shi and others, 2016. Throws `InvalidArgument`. */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  requireImages("pixelShuffle", x);
  const r = integerFrom("pixelShuffle", "upscaleFactor", upscaleFactor, 1);
  if ((x.shape[1] as number) % (r * r) !== 0)
    throw invalid("pixelShuffle", "upscaleFactor", `a number whose square divides the ${x.shape[1]} channels`, r);
  return dispatch("DepthToSpace", [x], { blocksize: r, mode: "CRD" });
}

/** [N, C, H·r, W·r] → [N, C·r², H, W], the inverse of `pixelShuffle`. Throws `InvalidArgument`. */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  requireImages("pixelUnshuffle", x);
  const r = integerFrom("pixelUnshuffle", "downscaleFactor", downscaleFactor, 1);
  const [n, c, h, w] = x.shape as readonly [number, number, number, number];
  if (h % r !== 0 || w % r !== 0) throw invalid("pixelUnshuffle", "downscaleFactor", `a divisor of the height ${h} and the width ${w}`, r);
  const cut = permute(reshape(x, [n, c, h / r, r, w / r, r]), [0, 1, 3, 5, 2, 4]);
  return reshape(cut, [n, c * r * r, h / r, w / r]);
}
