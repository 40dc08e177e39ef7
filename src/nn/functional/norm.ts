// Normalisation functions: each dispatches the ONNX operator of its name. Scale and shift that are left out are 1 and 0.

import { full } from "../../eager/create.ts";
import { dispatch } from "../../eager/interpreter.ts";
import { rankMismatch } from "../../eager/operand.ts";
import type { Tensor } from "../../eager/tensor.ts";
import { ingotError } from "../../errors/error.ts";
import type { DType } from "../../tensor/dtype.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { invalid } from "../options.ts";

export interface NormOptions {
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
}

/** Normalises over the last axes, which must have the sizes `normalizedShape`. Throws `ShapeMismatch`. */
export function layerNorm(x: Tensor, normalizedShape: readonly number[], options: NormOptions = {}): Tensor {
  checkLast("layerNorm", x, normalizedShape);
  const weight = options.weight ?? full(normalizedShape, 1, { dtype: x.dtype });
  return dispatch("LayerNormalization", [x, weight, options.bias], { axis: -normalizedShape.length, epsilon: options.eps ?? 1e-5 });
}

/** The distance from 1 to the next number: what PyTorch's RMSNorm adds when no eps is given. */
const machineEps: Partial<Record<DType, number>> = { float64: 2 ** -52, float32: 2 ** -23, float16: 2 ** -10, bfloat16: 2 ** -7 };

/** x / √(mean(x²) + eps)·weight over the last axes. B. Zhang and R. Sennrich, 2019. */
export function rmsNorm(
  x: Tensor,
  normalizedShape: readonly number[],
  options: { readonly weight?: Tensor | undefined; readonly eps?: number | undefined } = {},
): Tensor {
  checkLast("rmsNorm", x, normalizedShape);
  const weight = options.weight ?? full(normalizedShape, 1, { dtype: x.dtype });
  const epsilon = options.eps ?? machineEps[x.dtype] ?? 2 ** -23;
  return dispatch("RMSNormalization", [x, weight], { axis: -normalizedShape.length, epsilon });
}

/** Normalises each of `groups` groups of channels of [N, C, ...]; weight and bias [C]. Throws `InvalidArgument`. */
export function groupNorm(x: Tensor, groups: number, options: NormOptions = {}): Tensor {
  const channels = channelsOf("groupNorm", x);
  if (channels % groups !== 0) throw invalid("groupNorm", "groups", `a divisor of the ${channels} channels`, groups);
  const [weight, shift] = perChannel(x, channels, options);
  return dispatch("GroupNormalization", [x, weight, shift], { num_groups: groups, epsilon: options.eps ?? 1e-5 });
}

/** Normalises each channel of each sample of [N, C, ...]; weight and bias [C]. */
export function instanceNorm(x: Tensor, options: NormOptions = {}): Tensor {
  const [weight, shift] = perChannel(x, channelsOf("instanceNorm", x), options);
  return dispatch("InstanceNormalization", [x, weight, shift], { epsilon: options.eps ?? 1e-5 });
}

/** Normalises [N, C, ...] with given statistics per channel [C]: BatchNorm in eval mode. */
export function batchNorm(x: Tensor, mean: Tensor, variance: Tensor, options: NormOptions = {}): Tensor {
  const [weight, shift] = perChannel(x, channelsOf("batchNorm", x, 2), options);
  return dispatch("BatchNormalization", [x, weight, shift, mean, variance], { epsilon: options.eps ?? 1e-5 });
}

function perChannel(x: Tensor, channels: number, { weight, bias }: NormOptions): readonly [Tensor, Tensor] {
  return [weight ?? full([channels], 1, { dtype: x.dtype }), bias ?? full([channels], 0, { dtype: x.dtype })];
}

function channelsOf(op: string, x: Tensor, least = 3): number {
  if (x.rank >= least) return x.shape[1] as number;
  throw rankMismatch(op, "the input", x.shape, `at least ${least}: [N, C, ...]`);
}

function checkLast(op: string, x: Tensor, normalizedShape: readonly number[]): void {
  if (normalizedShape.length > 0 && sameShape(x.shape.slice(-normalizedShape.length), normalizedShape)) return;
  throw ingotError("ShapeMismatch", {
    op,
    what: "the input",
    actual: formatShape(x.shape),
    expected: `[..., ${normalizedShape.join(", ")}]`,
    hint: "The last dimensions of the input must be those that are normalised.",
  });
}
