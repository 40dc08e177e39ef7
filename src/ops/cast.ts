// Cast and CastLike: between all dtypes, strings included. What C leaves undefined is defined here:
//   float → integer   truncates toward zero; values beyond the range become the nearest end of it; NaN becomes 0
//   integer → integer keeps the low bits (wraps around)
//   any → bool        false for 0, true for all else, NaN included
//   float → 4 and 2-bit integer  rounds to nearest, ties to even, and keeps the low bits; NaN and infinities become 0
//   any → small float  rounds to nearest, ties to even; `saturate` and `round_mode` say what becomes of values that it does not have
//   string → number   the number it spells ("3.5", "-inf", "NaN"); text that spells none is an error
import { ingotError } from "../errors/error.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { allDTypes, type DType, decoder, dtypeFromOnnx, dtypeInfo, encoder, isBig, isFloat } from "../tensor/dtype.ts";
import type { Rounding } from "../tensor/small-float.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int, type OpUse, string } from "./define.ts";
import type { DimContents } from "./dim-arithmetic.ts";
import { inputShape, inputType } from "./infer.ts";
import { roundHalfToEven } from "./unary-math.ts";

const cast_ = {
  outputs: ["output: T2"],
  types: { T1: allDTypes, T2: allDTypes },
  accuracy: "exact",
  inferDims: dimsOfCast,
} as const;

/** `round_mode` and `saturate` speak of small floats only; a node that sets them needs the opset that has them. */
const smallFloatForms = (first: number) => ({
  minVersion: ({ attributes }: OpUse) => (attributes.round_mode !== undefined ? 24 : attributes.saturate !== undefined ? 19 : first),
});

/** Converts to the dtype whose ONNX number is `to`. */
export const cast = defineOp("Cast", {
  ...cast_,
  since: [6, 9, 13, 19, 21, 23, 24, 25],
  breaking: [6],
  ...smallFloatForms(6),
  inputs: ["input: T1"],
  attributes: { to: int.required, saturate: int(1), round_mode: string("up") },
  infer: inferCast,
  eval: ({ input }, attributes, c) => convert(input, c.dtype(0), roundingOf("Cast", attributes)),
});

/** Converts to the dtype of `target_type`. */
export const castLike = defineOp("CastLike", {
  ...cast_,
  since: [15, 19, 21, 23, 24, 25],
  breaking: [15],
  ...smallFloatForms(15),
  inputs: ["input: T1", "target_type: T2"],
  attributes: { saturate: int(1), round_mode: string("up") },
  infer(c) {
    roundingOf(c.op, c.attributes);
    return [tensorType(inputType(c, 1).dtype, inputShape(c, 0))];
  },
  eval: ({ input }, attributes, c) => convert(input, c.dtype(0), roundingOf("CastLike", attributes)),
  decompose: (g, [input, target], { saturate, round_mode }) => [
    g.add("Cast", [input], { to: dtypeInfo(target?.tensorType.dtype ?? "float32").onnx, saturate, round_mode }).output,
  ],
});

const modes = ["up", "down", "nearest"] as const;

function roundingOf(op: string, { saturate, round_mode }: { readonly [name: string]: unknown }): Rounding {
  const mode = modes.find((m) => m === round_mode);
  if (mode) return { saturate: saturate !== 0, mode };
  throw ingotError("InvalidArgument", {
    op,
    name: "round_mode",
    expected: modes.join(", "),
    actual: JSON.stringify(round_mode),
    hint: "It says how a number becomes a power of two (float8e8m0).",
  });
}

function inferCast(c: InferContext): ValueType[] {
  const to = c.attributes.to as number;
  roundingOf(c.op, c.attributes);
  const dtype = dtypeFromOnnx(to);
  if (dtype) return [tensorType(dtype, inputShape(c, 0))];
  throw ingotError("InvalidArgument", {
    op: c.op,
    name: "to",
    expected: `the ONNX number of a dtype (${allDTypes.map((d) => `${dtypeInfo(d).onnx} ${d}`).join(", ")})`,
    actual: to,
    hint: "Complex numbers are not supported.",
  });
}

function dimsOfCast(c: InferContext): DimContents {
  const target = c.op === "Cast" ? dtypeFromOnnx(c.attributes.to as number) : inputType(c, 1).dtype;
  return target === "int64" || target === "int32" ? [c.dims(0)] : undefined;
}

/** The storage in another dtype; the storage itself when it has it already. */
export function convert(x: Storage, dtype: DType, rounding?: Rounding): Storage {
  if (x.dtype === dtype) return x;
  const y = Storage.empty(dtype, x.shape);
  const from = x.dense() as unknown as readonly Element[];
  const to = y.dense() as unknown as Element[];
  const read = reader(x.dtype);
  const write = writer(x.dtype, dtype, rounding);
  for (let i = 0; i < from.length; i++) to[i] = write(read(from[i] as Element));
  return y;
}

type Element = number | bigint | string;

/** From what a tensor holds to the value it stands for. */
function reader(from: DType): (element: Element) => Element {
  return isFloat(from) ? (decoder(from) as (element: Element) => Element) : (element) => element;
}

/** From a value of dtype `from` to what a tensor of dtype `to` holds. */
function writer(from: DType, to: DType, rounding?: Rounding): (value: Element) => Element {
  if (from === "string") {
    const write = writer("float64", to, rounding);
    if (to !== "string")
      return isBig(to)
        ? (v) => wholeNumber(v as string, to) ?? write(parseNumber(v as string, to))
        : (v) => write(parseNumber(v as string, to));
  }
  if (to === "string") return (v) => formatNumber(v, from);
  if (to === "bool") return (v) => (v ? 1 : Number.isNaN(v) ? 1 : 0);
  if (isBig(to)) return isFloat(from) ? saturatedBig(to) : (v) => BigInt(v);
  if (isFloat(to)) {
    const encode = encoder(to, dtypeInfo(to).lowBit ? rounding : undefined);
    return isBig(from) ? (v) => encode(roundableNumber(v as bigint)) : (v) => encode(v as number);
  }
  if (dtypeInfo(to).lowBit) return lowBits(from, encoder(to));
  if (isBig(from)) return (v) => Number(BigInt.asIntN(32, v as bigint));
  return isFloat(from) ? saturated(to) : (v) => v;
}

/**
 * A number that rounds to every dtype as the bigint itself would. Beyond 2⁵³ the lowest bits are gathered into one, so that the step by
 * way of float64 does not make a tie that was none.
 */
function roundableNumber(v: bigint): number {
  const n = Number(v);
  if (Number.isSafeInteger(n)) return n;
  const kept = (v >> 12n) << 12n;
  return Number(kept === v ? v : kept | (1n << 12n));
}

/** To an integer of less than a byte, whose encoder keeps the low bits. */
function lowBits(from: DType, encode: (v: number) => number): (v: Element) => number {
  if (isBig(from)) return (v) => encode(Number(BigInt.asIntN(32, v as bigint)));
  return isFloat(from) ? (v) => encode(roundHalfToEven(v as number)) : (v) => encode(v as number);
}

/** Float to an integer of 8 to 32 bits. */
function saturated(to: DType): (v: Element) => number {
  const { kind, bytes } = dtypeInfo(to);
  const low = kind === "uint" ? 0 : -(2 ** (8 * bytes - 1));
  const high = 2 ** (8 * bytes - (kind === "uint" ? 0 : 1)) - 1;
  return (v) => {
    const n = v as number;
    return Number.isNaN(n) ? 0 : Math.trunc(Math.min(high, Math.max(low, n)));
  };
}

function saturatedBig(to: DType): (v: Element) => bigint {
  const [low, high] = to === "int64" ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  return (v) => {
    const n = v as number;
    if (Number.isNaN(n)) return 0n;
    if (n >= Number(high)) return high;
    return n <= Number(low) ? low : BigInt(Math.trunc(n));
  };
}

/** As NumPy prints it: the shortest text that reads back as the same number in its dtype; integers without a point. */
function formatNumber(v: Element, from: DType): string {
  if (from === "bool") return v ? "True" : "False";
  if (!isFloat(from)) return String(v);
  const n = v as number;
  if (Number.isNaN(n)) return "nan";
  if (!Number.isFinite(n)) return n > 0 ? "inf" : "-inf";
  if (Object.is(n, -0)) return "-0.0";
  const text = from === "float64" || dtypeInfo(from).lowBit ? String(n) : shortest(n, from);
  const [mantissa = "", exponent] = text.split("e");
  if (exponent === undefined) return mantissa.includes(".") ? mantissa : `${mantissa}.0`;
  const digits = exponent.replace(/^[+-]/, "");
  return `${mantissa}e${exponent.startsWith("-") ? "-" : "+"}${digits.padStart(2, "0")}`;
}

function shortest(n: number, dtype: DType): string {
  const encode = encoder(dtype);
  const same = dtype === "float32" ? (t: number) => Math.fround(t) === n : (t: number) => encode(t) === encode(n);
  for (let precision = 1; precision < 9; precision++) {
    const candidate = Number(n.toPrecision(precision));
    if (same(candidate)) return String(candidate);
  }
  return String(Number(n.toPrecision(9)));
}

function wholeNumber(text: string, to: DType): bigint | undefined {
  if (!/^\s*[+-]?\d+\s*$/.test(text)) return undefined;
  const value = BigInt(text.trim().replace(/^\+/, ""));
  return to === "int64" ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
}

function parseNumber(text: string, to: DType): number {
  const trimmed = text.trim().toLowerCase();
  const infinite = /^([+-]?)inf(inity)?$/.exec(trimmed);
  if (infinite) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^[+-]?nan$/.test(trimmed)) return Number.NaN;
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(trimmed)) return Number(trimmed);
  throw ingotError("InvalidArgument", {
    op: "Cast",
    name: "input",
    expected: `text that spells a number, to convert it to ${to}`,
    actual: JSON.stringify(text),
    hint: "Numbers are written as 12, -0.5, 1e-3, inf or nan.",
  });
}
