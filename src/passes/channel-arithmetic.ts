// Arithmetic on weights, one factor or addend per channel: computed in float64 and rounded once to the weight's own dtype, into one new array.
import { decoder, encoder } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";

/** The elements of a float storage in float64, in row-major order; a new array. */
export function toFloat64(storage: Storage): Float64Array<ArrayBuffer> {
  if (storage.dtype === "float32" || storage.dtype === "float64") return new Float64Array(storage.numbers());
  return Float64Array.from(storage.numbers(), decoder(storage.dtype));
}

/** Rounds float64 numbers to a dtype. */
export function roundTo(dtype: Storage["dtype"], values: Float64Array, shape: readonly number[]): Storage {
  return Storage.from(dtype, values, shape);
}

/**
 * Multiplies channel by channel: `storage` is seen as [outer, channels, inner], and element (o, c, i) is multiplied by `factors[c]`.
 * For grouped weights, where `groupSize` consecutive o make a group g, by `factors[g · channels + c]`.
 */
export function scaleChannels(storage: Storage, factors: Float64Array, inner: number, channels: number, groupSize?: number): Storage {
  const source = storage.numbers();
  const out = Storage.empty(storage.dtype, storage.shape);
  const target = out.numbers();
  const decode = decoder(storage.dtype);
  const encode = encoder(storage.dtype);
  const plain = storage.dtype === "float32" || storage.dtype === "float64";
  const rows = inner === 0 ? 0 : source.length / inner;
  for (let row = 0; row < rows; row++) {
    const channel = row % channels;
    const group = groupSize === undefined ? 0 : Math.floor(row / channels / groupSize);
    const factor = factors[group * channels + channel] as number;
    const end = (row + 1) * inner;
    if (plain) for (let i = row * inner; i < end; i++) target[i] = (source[i] as number) * factor;
    else for (let i = row * inner; i < end; i++) target[i] = encode(decode(source[i] as number) * factor);
  }
  return out;
}

/** What BatchNormalization does to each channel in inference: y = x · scale + shift. */
export interface ChannelAffine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** scale = γ / √(σ² + ε), shift = β − μ · scale. Source: ONNX BatchNormalization-15, inference mode. */
export function batchNormAffine(gamma: Storage, beta: Storage, mean: Storage, variance: Storage, epsilon: number): ChannelAffine {
  const [g, b, m, v] = [gamma, beta, mean, variance].map(toFloat64) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const scale = g.map((x, i) => x / Math.sqrt((v[i] as number) + epsilon));
  const shift = b.map((x, i) => x - (m[i] as number) * (scale[i] as number));
  return { scale, shift };
}

/** What Mul, Div, Add or Sub by the constants `k`, one per channel, does to each channel; undefined where a number is not finite. */
export function affineOfOperator(op: string, k: Float64Array): ChannelAffine | undefined {
  const affine =
    op === "Mul" || op === "Div"
      ? { scale: op === "Div" ? k.map((v) => 1 / v) : k, shift: new Float64Array(k.length) }
      : { scale: new Float64Array(k.length).fill(1), shift: op === "Sub" ? k.map((v) => -v) : k };
  return isFinite64(affine) ? affine : undefined;
}

/** True when no factor or addend is infinite or NaN. */
export function isFinite64({ scale, shift }: ChannelAffine): boolean {
  return scale.every(Number.isFinite) && shift.every(Number.isFinite);
}

/**
 * The constant as one number per channel, when it broadcasts over [N, channels, …] of the given rank without enlarging it and is the same
 * everywhere within a channel: a single element, or shape [channels, 1, …].
 */
export function perChannel(storage: Storage, rank: number, channels: number): Float64Array | undefined {
  return alongAxis(storage, rank, 1, channels);
}

/**
 * The constant as one number per index of the last axis, when it broadcasts over a tensor of the given rank whose last axis has `columns`
 * and is the same along all others: a single element, or shape [1, …, columns].
 */
export function lastAxis(storage: Storage, rank: number, columns: number): Float64Array | undefined {
  return alongAxis(storage, rank, rank - 1, columns);
}

/** One number per index of an axis, counted in the tensor of the given rank; undefined where the constant differs along another one. */
function alongAxis(storage: Storage, rank: number, axis: number, count: number): Float64Array | undefined {
  if (storage.rank > rank) return undefined;
  if (storage.size === 1) return new Float64Array(count).fill(toFloat64(storage)[0] as number);
  const own = axis - (rank - storage.rank);
  return storage.shape.every((d, i) => d === (i === own ? count : 1)) ? toFloat64(storage) : undefined;
}
