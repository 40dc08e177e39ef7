// Window functions for signals (Hann, Hamming, Blackman), and the matrix that turns a spectrum into mel bands.
import { ingotError } from "../errors/error.ts";
import { addDims, type Dim, floorDivDims, unknownDim } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { allocateZeroed } from "../tensor/allocate.ts";
import { type DType, dtypeInfo, encoder, isBig, numeric } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf } from "./cells.ts";
import { dtypeOfAttribute } from "./create.ts";
import { defineOp, type EvalContext, int } from "./define.ts";
import { contentsOf } from "./infer.ts";

const sizes = ["int32", "int64"] as const;

/** The number in scalar input `i`, which is 0 or more where it is known. Throws `InvalidArgument`. */
function sizeOf(c: InferContext, i: number, name: string): Dim {
  const size = contentsOf(c, i)?.[0] ?? unknownDim();
  if (typeof size !== "number" || size >= 0) return size;
  throw ingotError("InvalidArgument", { op: c.op, name, expected: "a number from 0", actual: size, hint: "It is a number of places." });
}

function outputDType(c: InferContext): DType {
  const dtype = dtypeOfAttribute(c.op, c.attributes.output_datatype as number);
  if (numeric.includes(dtype)) return dtype;
  throw ingotError("DTypeMismatch", { op: c.op, what: "output_datatype", actual: dtype, expected: "a numeric dtype", convert: "float32" });
}

/** Real numbers in the dtype of the output; integers are cut towards zero. */
function stored(count: number, value: (i: number) => number, context: EvalContext): Storage {
  const dtype = context.dtype(0);
  const y = Storage.empty(dtype, context.shape(0));
  const to = cellsOf(y);
  const encode = encoder(dtype);
  for (let i = 0; i < count; i++) {
    const v = value(i);
    to[i] = isBig(dtype) ? BigInt(Math.trunc(v) || 0) : encode(v);
  }
  return y;
}

// ---- windows ---------------------------------------------------------------------------------------------------------

/** w[n] = a₀ − a₁·cos(2πn/N) + a₂·cos(4πn/N), with N − 1 for N in a symmetric window. */
type Cosines = readonly [a0: number, a1: number, a2: number];

const common = {
  since: [17],
  inputs: ["size: T1"],
  outputs: ["output: T2"],
  types: { T1: sizes, T2: numeric },
  attributes: { output_datatype: int(1), periodic: int(1) },
  accuracy: "ulp",
} as const;

const inferWindow = (c: InferContext): ValueType[] => [tensorType(outputDType(c), [sizeOf(c, 0, "size")])];

function cosines([a0, a1, a2]: Cosines, periodic: number, context: EvalContext): Storage {
  const n = context.shape(0)[0] as number;
  const turn = (2 * Math.PI) / (periodic ? n : n - 1);
  return stored(n, (i) => a0 - a1 * Math.cos(i * turn) + a2 * Math.cos(2 * i * turn), context);
}

/** The sum of cosines in elementary operators, computed in float64 for float64 and in float32 for the others. */
function decomposeWindow(
  builder: Graph,
  size: Value | undefined,
  [a0, a1, a2]: Cosines,
  { output_datatype, periodic }: { readonly output_datatype: number; readonly periodic: number },
): readonly Value[] {
  const { float32, float64 } = { float32: dtypeInfo("float32").onnx, float64: dtypeInfo("float64").onnx };
  const dtype: DType = output_datatype === float64 ? "float64" : "float32";
  const to = output_datatype === float64 ? float64 : float32;
  const add = (op: string, inputs: readonly (Value | undefined)[], attributes = {}) => builder.add(op, inputs, attributes).output;
  const number = (v: number) => builder.addInitializer(Storage.from(dtype, [v], []));
  const n = add("Cast", [size], { to });
  const places = add("Range", [number(0), n, number(1)]);
  const angle = add("Mul", [places, add("Div", [number(2 * Math.PI), periodic ? n : add("Sub", [n, number(1)])])]);
  const first = add("Sub", [number(a0), add("Mul", [number(a1), add("Cos", [angle])])]);
  const sum = a2 === 0 ? first : add("Add", [first, add("Mul", [number(a2), add("Cos", [add("Mul", [angle, number(2)])])])]);
  return [output_datatype === to ? sum : add("Cast", [sum], { to: output_datatype })];
}

const hann: Cosines = [0.5, 0.5, 0];
const hamming: Cosines = [25 / 46, 21 / 46, 0];
const blackman: Cosines = [0.42, 0.5, 0.08];

/** ½ − ½·cos(2πn/N). */
export const hannWindow = defineOp("HannWindow", {
  ...common,
  infer: inferWindow,
  eval: (_, { periodic }, context) => cosines(hann, periodic, context),
  decompose: (builder, [size], attributes) => decomposeWindow(builder, size, hann, attributes),
});

/** 25/46 − 21/46·cos(2πn/N). */
export const hammingWindow = defineOp("HammingWindow", {
  ...common,
  infer: inferWindow,
  eval: (_, { periodic }, context) => cosines(hamming, periodic, context),
  decompose: (builder, [size], attributes) => decomposeWindow(builder, size, hamming, attributes),
});

/** 0.42 − ½·cos(2πn/N) + 0.08·cos(4πn/N). */
export const blackmanWindow = defineOp("BlackmanWindow", {
  ...common,
  infer: inferWindow,
  eval: (_, { periodic }, context) => cosines(blackman, periodic, context),
  decompose: (builder, [size], attributes) => decomposeWindow(builder, size, blackman, attributes),
});

// ---- MelWeightMatrix -------------------------------------------------------------------------------------------------

const toMel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
const toHertz = (mel: number): number => 700 * (10 ** (mel / 2595) - 1);

/**
 * Triangles over the bins of a spectrum, evenly spaced in mel: `[⌊dft_length/2⌋ + 1, num_mel_bins]`. The step between them is the range
 * divided by num_mel_bins + 2, as ONNX's reference has it.
 */
export const melWeightMatrix = defineOp("MelWeightMatrix", {
  since: [17],
  inputs: ["num_mel_bins: T1", "dft_length: T1", "sample_rate: T1", "lower_edge_hertz: T2", "upper_edge_hertz: T2"],
  outputs: ["output: T3"],
  types: { T1: sizes, T2: ["float32", "float16", "float64", "bfloat16"], T3: numeric },
  attributes: { output_datatype: int(1) },
  accuracy: "approximate",
  infer: (c) => [tensorType(outputDType(c), [addDims(floorDivDims(sizeOf(c, 1, "dft_length"), 2), 1), sizeOf(c, 0, "num_mel_bins")])],
  eval(inputs, _, context) {
    const [rows, bands] = context.shape(0) as [number, number];
    const number = (x: Storage) => Number(x.toNumbers()[0]);
    const low = toMel(number(inputs.lower_edge_hertz));
    const step = (toMel(number(inputs.upper_edge_hertz)) - low) / (bands + 2);
    const perHertz = (number(inputs.dft_length) + 1) / number(inputs.sample_rate);
    // The edges of a band, from the bin it begins in to the one it ends in.
    const binOf = (i: number) => Math.floor(toHertz(low + i * step) * perHertz);
    const y = allocateZeroed("float64", rows * bands) as Float64Array;
    const set = (bin: number, band: number, weight: number) => {
      if (bin >= 0 && bin < rows) y[bin * bands + band] = weight;
    };
    for (let band = 0; band < bands; band++) {
      const [from, peak, to] = [binOf(band), binOf(band + 1), binOf(band + 2)];
      if (from === peak) set(peak, band, 1);
      // A band may reach far beyond half the sample rate, where a spectrum has no bins.
      for (let bin = Math.max(0, from); bin <= Math.min(peak, rows - 1) && from < peak; bin++) set(bin, band, (bin - from) / (peak - from));
      for (let bin = Math.max(0, peak); bin < Math.min(to, rows); bin++) set(bin, band, (to - bin) / (to - peak));
    }
    return stored(y.length, (i) => y[i] as number, context);
  },
});
