// Normalisations that measure the tensor itself: Layer, RMS, Instance, Group, Lp, mean-variance and local response normalisation.
import { ingotError } from "../errors/error.ts";
import { dimEquals } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { type DType, dtypeFromOnnx, floats } from "../tensor/dtype.ts";
import { elementCount, formatShape, normalizeAxes, normalizeAxis, sameShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { decomposeGroupNorm, decomposeLayerNorm, decomposeMeanVariance, decomposeRmsNorm } from "./decompose-normalization.ts";
import { defineOp, float, int, ints } from "./define.ts";
import { axisOf, broadcastDims, inputShape, inputType, requireAtLeast, requireRank, sameAsInput } from "./infer.ts";
import { encodeNumbers, widened } from "./map-elements.ts";
import { meanAndVariance, meanSquare, normalizeChannelGroups, normalizeRows } from "./normalize-rows.ts";
import { eachLaneOf, splitAt } from "./softmax.ts";

/**
 * Normalises over the axes from `axis` on, then `· Scale + B`. Mean and 1 / √(variance + ε) come as further outputs in the
 * dtype that `stash_type` names. Statistics are computed in float64 whatever `stash_type` says: it bounds the precision from below.
 */
export const layerNormalization = defineOp("LayerNormalization", {
  since: [17],
  inputs: ["X: T", "Scale: T", "B?: T"],
  outputs: ["Y: T", "Mean?: U", "InvStdDev?: U"],
  types: { T: floats, U: ["float32", "bfloat16"] },
  attributes: { axis: int(-1), epsilon: float(1e-5), stash_type: int(1) },
  accuracy: "ulp",
  infer: inferLayerNorm,
  eval({ X, Scale, B }, { axis, epsilon }, c) {
    const at = normalizeAxis("LayerNormalization", axis, X.shape);
    const rows = elementCount(X.shape.slice(0, at));
    const mean = new Float64Array(rows);
    const inverse = new Float64Array(rows);
    const y = normalizeRows(X, {
      row: elementCount(X.shape.slice(at)),
      measure: meanAndVariance,
      epsilon,
      scale: perElement(Scale, X, at),
      bias: B && perElement(B, X, at),
      onRow: (i, m, s) => {
        mean[i] = m;
        inverse[i] = s;
      },
    });
    if (c.outputs.length === 1) return [y];
    return [y, encodeNumbers(c.dtype(1), mean, c.shape(1)), encodeNumbers(c.dtype(2), inverse, c.shape(2))];
  },
  decompose: decomposeLayerNorm,
});

/** `X / √(mean(X²) + ε) · scale` over the axes from `axis` on, in the dtype of `scale`. */
export const rmsNormalization = defineOp("RMSNormalization", {
  since: [23],
  inputs: ["X: T", "scale: V"],
  outputs: ["Y: V"],
  types: { T: floats, V: floats },
  attributes: { axis: int(-1), epsilon: float(1e-5), stash_type: int(1) },
  accuracy: "ulp",
  infer(c) {
    inferLayerNorm(c);
    return [tensorType(inputType(c, 1).dtype, inputShape(c, 0))];
  },
  eval({ X, scale }, { axis, epsilon }) {
    const at = normalizeAxis("RMSNormalization", axis, X.shape);
    return normalizeRows(X, {
      row: elementCount(X.shape.slice(at)),
      measure: meanSquare,
      epsilon,
      scale: perElement(scale, X, at),
      dtype: scale.dtype,
    });
  },
  decompose: decomposeRmsNorm,
});

/** A parameter as numbers for each element of a row; for each element of the tensor where it varies between rows. */
function perElement(parameter: Storage, x: Storage, axis: number) {
  const row = x.shape.slice(axis);
  if (sameShape(parameter.shape, row)) return widened(parameter).numbers();
  const perRow = parameter.rank <= row.length;
  return widened(parameter.expand(perRow ? row : x.shape)).numbers();
}

function inferLayerNorm(c: InferContext): ValueType[] {
  const shape = inputShape(c, 0);
  const x = inputType(c, 0);
  const stash = stashOf(c);
  if (!shape) return [x, tensorType(stash), tensorType(stash)];
  const axis = axisOf(c, c.attributes.axis as number, shape);
  for (const i of [1, 2]) {
    const parameter = c.inputs[i] && inputShape(c, i);
    if (
      parameter &&
      broadcastDims(c.op, shape, parameter).some(
        (d, k) => typeof d === "number" && !dimEquals(d, shape[k] ?? 1) && typeof shape[k] === "number",
      )
    )
      throw parameterMismatch(
        c,
        i === 1 ? "scale" : "B",
        parameter.map(String),
        `a shape that broadcasts to ${formatShape(shape.map(String))}`,
      );
  }
  const measured = shape.map((d, i) => (i < axis ? d : 1));
  return [x, tensorType(stash, measured), tensorType(stash, measured)].slice(0, Math.max(1, c.outputCount));
}

function stashOf(c: InferContext): DType {
  const dtype = dtypeFromOnnx((c.attributes.stash_type as number | undefined) ?? 1);
  if (dtype && floats.includes(dtype)) return dtype;
  throw ingotError("InvalidArgument", {
    op: c.op,
    name: "stash_type",
    expected: "1 (float32) or 16 (bfloat16)",
    actual: String(c.attributes.stash_type),
    hint: "It is the ONNX number of the dtype in which mean and deviation are given.",
  });
}

/** Normalises each channel of each image of `[N, C, ...]`, then `· scale + B` by channel. */
export const instanceNormalization = defineOp("InstanceNormalization", {
  since: [1, 6, 22],
  breaking: [6],
  inputs: ["input: T", "scale: T", "B: T"],
  outputs: ["output: T"],
  types: { T: floats },
  attributes: { epsilon: float(1e-5) },
  accuracy: "ulp",
  infer: inferChannelNorm,
  eval: ({ input, scale, B }, { epsilon }) =>
    normalizeChannelGroups(input, { channelsPerGroup: 1, epsilon, scale: widened(scale).numbers(), bias: widened(B).numbers() }),
});

/** Normalises `num_groups` groups of neighbouring channels of each image of `[N, C, ...]`, then `· scale + bias` by channel. */
export const groupNormalization = defineOp("GroupNormalization", {
  since: [21],
  inputs: ["X: T", "scale: T", "bias: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: { num_groups: int.required, epsilon: float(1e-5), stash_type: int(1) },
  accuracy: "ulp",
  infer(c) {
    const channels = requireRank(c, 0, "X", 2, Number.POSITIVE_INFINITY)?.[1];
    const groups = c.attributes.num_groups as number;
    if (groups < 1 || (typeof channels === "number" && channels % groups !== 0))
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "num_groups",
        expected: `a divisor of the number of channels, ${channels}`,
        actual: groups,
        hint: "Each group holds the same number of channels.",
      });
    return inferChannelNorm(c);
  },
  eval: ({ X, scale, bias }, { num_groups, epsilon }) =>
    normalizeChannelGroups(X, {
      channelsPerGroup: (X.shape[1] as number) / num_groups,
      epsilon,
      scale: widened(scale).numbers(),
      bias: widened(bias).numbers(),
    }),
  decompose: decomposeGroupNorm,
});

function inferChannelNorm(c: InferContext): ValueType[] {
  const shape = requireRank(c, 0, "X", 2, Number.POSITIVE_INFINITY);
  const channels = shape?.[1];
  for (const [i, what] of [
    [1, "scale"],
    [2, "bias"],
  ] as const) {
    const given = requireRank(c, i, what, 1)?.[0];
    if (typeof given === "number" && typeof channels === "number" && given !== channels)
      throw parameterMismatch(
        c,
        what,
        [String(given)],
        `[${channels}], the channels of X (shape ${formatShape((shape ?? []).map(String))})`,
      );
  }
  return [inputType(c, 0)];
}

const parameterMismatch = (c: InferContext, what: string, actual: readonly string[], expected: string) =>
  ingotError("ShapeMismatch", {
    op: c.op,
    what,
    actual: formatShape(actual),
    expected,
    hint: "Scale and bias repeat over the dimensions they do not have.",
  });

/** `x / ‖x‖ₚ` along `axis`, for p 1 or 2; where the norm is 0 the result is 0. */
export const lpNormalization = defineOp("LpNormalization", {
  since: [1, 22],
  inputs: ["input: T"],
  outputs: ["output: T"],
  types: { T: floats },
  attributes: { axis: int(-1), p: int(2) },
  accuracy: "ulp",
  infer(c) {
    const shape = inputShape(c, 0);
    const p = c.attributes.p as number;
    if (p !== 1 && p !== 2)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "p",
        expected: "1 or 2",
        actual: p,
        hint: "ONNX knows the norms of order 1 and 2.",
      });
    if (shape) axisOf(c, c.attributes.axis as number, shape);
    return [inputType(c, 0)];
  },
  eval({ input }, { axis, p }) {
    const x = widened(input).numbers();
    const y = new Float64Array(x.length);
    eachLaneOf(splitAt(input.shape, normalizeAxis("LpNormalization", axis, input.shape)), (start, end, step) => {
      let sum = 0;
      for (let i = start; i < end; i += step) sum += p === 1 ? Math.abs(x[i] as number) : (x[i] as number) ** 2;
      const norm = p === 1 ? sum : Math.sqrt(sum);
      for (let i = start; i < end; i += step) y[i] = norm === 0 ? 0 : (x[i] as number) / norm;
    });
    return encodeNumbers(input.dtype, y, input.shape);
  },
});

/** `(x − mean) / (√variance + 10⁻⁹)` over `axes`. */
export const meanVarianceNormalization = defineOp("MeanVarianceNormalization", {
  since: [9, 13],
  breaking: [9],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: { axes: ints([0, 2, 3]) },
  accuracy: "ulp",
  infer(c) {
    const shape = inputShape(c, 0);
    if (shape) for (const a of c.attributes.axes as readonly number[]) axisOf(c, a, shape);
    return sameAsInput(c);
  },
  eval({ X }, { axes }) {
    const measured = normalizeAxes("MeanVarianceNormalization", axes, X.shape);
    const perm = [...X.shape.map((_, i) => i).filter((i) => !measured.includes(i)), ...measured];
    const rows = X.transpose(perm);
    const row = elementCount(measured.map((i) => X.shape[i] as number));
    // ε stands outside of the root here: fold it into the measure.
    const measure: typeof meanAndVariance = (x, start, count) => {
      const { mean, variance } = meanAndVariance(x, start, count);
      return { mean, variance: (Math.sqrt(variance) + 1e-9) ** 2 };
    };
    return normalizeRows(rows, { row, measure, epsilon: 0 }).transpose(perm.map((_, i) => perm.indexOf(i)));
  },
  decompose: decomposeMeanVariance,
});

/** `x / (bias + alpha / size · Σ x²)^beta`, the sum over `size` neighbouring channels of `[N, C, ...]`. */
export const lrn = defineOp("LRN", {
  since: [1, 13],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: { alpha: float(Math.fround(1e-4)), beta: float(0.75), bias: float(1), size: int.required },
  accuracy: "ulp",
  infer(c) {
    requireRank(c, 0, "X", 2, Number.POSITIVE_INFINITY);
    requireAtLeast(c, "size", 1, "It is the number of neighbouring channels to sum over, the channel itself included.");
    return [inputType(c, 0)];
  },
  eval({ X }, { alpha, beta, bias, size }) {
    const x = widened(X).numbers();
    const y = new Float64Array(x.length);
    const before = Math.floor((size - 1) / 2);
    const after = size - 1 - before;
    const { n: channels, inner } = splitAt(X.shape, 1);
    eachLaneOf(splitAt(X.shape, 1), (start) => {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = Math.max(0, c - before); k <= Math.min(channels - 1, c + after); k++) sum += (x[start + k * inner] as number) ** 2;
        const at = start + c * inner;
        y[at] = (x[at] as number) / (bias + (alpha / size) * sum) ** beta;
      }
    });
    return encodeNumbers(X.dtype, y, X.shape);
  },
});
