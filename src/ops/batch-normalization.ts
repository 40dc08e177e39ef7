// BatchNormalization: normalises each channel of [N, C, ...], by given statistics (inference) or by those of the batch (training).
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { normalizeChannelsF32 } from "../kernels/elementwise.ts";
import { floats } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, float, int } from "./define.ts";
import { inputShape, inputType, requireRank } from "./infer.ts";
import { encodeNumbers, widened } from "./map-elements.ts";

/**
 * `Y = (X − mean) / √(var + ε) · scale + B` per channel, in float64, rounded once.
 * In training mode mean and variance (of the population) are the batch's, and the running ones move to
 * `running · momentum + batch · (1 − momentum)`.
 */
export const batchNormalization = defineOp("BatchNormalization", {
  since: [9, 14, 15],
  breaking: [9],
  // Until 14, training was told by the number of outputs.
  minVersion: ({ attributes }) => (attributes.training_mode ? 14 : 9),
  inputs: ["X: T", "scale: T1", "B: T1", "input_mean: T2", "input_var: T2"],
  outputs: ["Y: T", "running_mean?: T2", "running_var?: T2"],
  types: { T: floats, T1: floats, T2: floats },
  attributes: { epsilon: float(1e-5), momentum: float(0.9), training_mode: int(0) },
  accuracy: "ulp",
  infer,
  eval({ X, scale, B, input_mean, input_var }, { epsilon, momentum, training_mode }) {
    const [batch = 1, channels = 1] = X.shape;
    const split = { batch, channels: X.rank > 1 ? channels : 1, inner: elementCount(X.shape.slice(2)) };
    const gamma = widened(scale).numbers();
    const beta = widened(B).numbers() as Statistic;
    const given = { mean: widened(input_mean).numbers() as Statistic, variance: widened(input_var).numbers() as Statistic };
    const x = widened(X).numbers() as Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
    const { mean, variance } = training_mode ? batchStatistics(x, split) : given;
    // A loop: `Float64Array.from` takes sixteen times as long, which is a hundredth of the time of a ResNet.
    const factor = new Float64Array(variance.length);
    for (let c = 0; c < factor.length; c++) factor[c] = (gamma[c] as number) / Math.sqrt((variance[c] as number) + epsilon);
    const y = normalizeChannels(X, x, split, mean, factor, beta);
    if (!training_mode) return y;
    const moved = (running: Statistic, now: Statistic) =>
      encodeNumbers(
        input_mean.dtype,
        Float64Array.from(running, (r, c) => r * momentum + (now[c] as number) * (1 - momentum)),
        [split.channels],
      );
    return [y, moved(given.mean, mean), moved(given.variance, variance)];
  },
});

/** One number per channel, as it is given or computed: never copied to be widened, for a network has many of them. */
type Statistic = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

interface Split {
  readonly batch: number;
  readonly channels: number;
  readonly inner: number;
}

function normalizeChannels(
  X: Storage,
  x: ArrayLike<number>,
  { batch, channels, inner }: Split,
  mean: Statistic,
  factor: Float64Array,
  beta: Statistic,
): Storage {
  if (x instanceof Float32Array && X.dtype === "float32") {
    const y = Storage.empty("float32", X.shape);
    const split = { outer: batch, channels, inner };
    normalizeChannelsF32(x, { mean, factor, shift: beta }, split, y.numbers() as Float32Array);
    return y;
  }
  const y = X.dtype === "float64" ? Storage.empty(X.dtype, X.shape) : undefined;
  const out = (y?.numbers() ?? new Float64Array(x.length)) as Float64Array<ArrayBuffer>;
  for (let n = 0, at = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const m = mean[c] as number;
      const f = factor[c] as number;
      const b = beta[c] as number;
      for (const end = at + inner; at < end; at++) out[at] = ((x[at] as number) - m) * f + b;
    }
  }
  return y ?? encodeNumbers(X.dtype, out, X.shape);
}

/** Mean and population variance of each channel, in two passes so that a large mean does not swallow the variance. */
function batchStatistics(x: ArrayLike<number>, { batch, channels, inner }: Split): { mean: Statistic; variance: Statistic } {
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let n = 0; n < batch; n++) for (let i = (n * channels + c) * inner, end = i + inner; i < end; i++) sum += x[i] as number;
    const m = sum / (batch * inner);
    let squares = 0;
    for (let n = 0; n < batch; n++)
      for (let i = (n * channels + c) * inner, end = i + inner; i < end; i++) squares += ((x[i] as number) - m) ** 2;
    mean[c] = m;
    variance[c] = squares / (batch * inner);
  }
  return { mean, variance };
}

function infer(c: InferContext): ValueType[] {
  const shape = requireRank(c, 0, "X", 1, Number.POSITIVE_INFINITY);
  let channels: Dim | undefined = shape && (shape.length > 1 ? shape[1] : 1);
  ["scale", "B", "input_mean", "input_var"].forEach((what, i) => {
    const given = requireRank(c, i + 1, what, 1)?.[0];
    channels ??= given;
    if (typeof given === "number" && typeof channels === "number" && given !== channels)
      throw ingotError("ShapeMismatch", {
        op: c.op,
        what,
        actual: formatShape([given]),
        expected: `${formatShape([channels])}, the channels of X (shape ${formatShape((inputShape(c, 0) ?? []).map(String))})`,
        hint: "scale, B, mean and var hold one number per channel, dimension 1 of X.",
      });
    if (typeof given === "number") channels = given;
  });
  const running = tensorType(inputType(c, 3).dtype, channels === undefined ? undefined : [channels]);
  // The running statistics are outputs in training mode only.
  return c.attributes.training_mode ? [inputType(c, 0), running, running] : [inputType(c, 0)];
}
