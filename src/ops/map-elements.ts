// Kernels that compute each output element from the input elements at the same place, for every dtype: float16 and bfloat16 are
// decoded (and floats of 8 and 4 bits), computed in float64 and rounded once; 64-bit integers are bigints; narrower ones wrap when they are stored.
import { type FunctionName, functionF32 } from "../kernels/functions.ts";
import { type BigArray, type DType, decoder, encoder, isBig, isEncoded, isFloat, type NumberArray } from "../tensor/dtype.ts";
import type { Shape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { eachLane, planLanes } from "./broadcast-lanes.ts";

/** `y = f(x)` on the values that elements stand for. Not for strings and 64-bit integers. */
export function mapNumbers(x: Storage, f: (value: number) => number, dtype: DType = x.dtype): Storage {
  const y = Storage.empty(dtype, x.shape);
  const from = x.numbers();
  const to = y.numbers();
  if (isEncoded(x.dtype) || isEncoded(dtype)) {
    const decode = decoder(x.dtype);
    const encode = encoder(dtype);
    for (let i = 0; i < from.length; i++) to[i] = encode(f(decode(from[i] as number)));
  } else for (let i = 0; i < from.length; i++) to[i] = f(from[i] as number);
  return y;
}

/** `y = f(x)`, by the kernel of that name for float32. */
export function mapFunction(x: Storage, kernel: FunctionName, f: (value: number) => number): Storage {
  if (x.dtype !== "float32") return mapNumbers(x, f);
  const y = Storage.empty("float32", x.shape);
  functionF32(kernel, x.dense() as Float32Array, y.dense() as Float32Array);
  return y;
}

/** `y = f(x)` for int64 and uint64; results wrap around. */
export function mapBigInts(x: Storage, f: (value: bigint) => bigint): Storage {
  const y = Storage.empty(x.dtype, x.shape);
  const from = x.dense() as BigArray;
  const to = y.dense() as BigArray;
  for (let i = 0; i < from.length; i++) to[i] = f(from[i] as bigint);
  return y;
}

/** The larger of two bigints; Math.max takes numbers only. */
export function maxBig(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** The smaller of two bigints. */
export function minBig(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** One rule for numbers and its form for 64-bit integers. */
export interface UnaryRule {
  readonly number: (value: number) => number;
  readonly big: (value: bigint) => bigint;
}

/** `y = f(x)` for all numeric dtypes. */
export const mapNumeric = (x: Storage, rule: UnaryRule): Storage => (isBig(x.dtype) ? mapBigInts(x, rule.big) : mapNumbers(x, rule.number));

/** An inner loop over float32 lanes, written out per operation so that the compiler sees one kind of array and no call. */
export type LaneF32 = (
  n: number,
  a: Float32Array,
  ia: number,
  sa: number,
  b: Float32Array,
  ib: number,
  sb: number,
  y: Float32Array,
  at: number,
) => void;

/** An operation of two numbers: over floats, over integers of up to 32 bits (stored modulo their size), and over bigints. */
export interface BinaryRule {
  readonly float: (a: number, b: number) => number;
  readonly int: (a: number, b: number) => number;
  readonly big: (a: bigint, b: bigint) => bigint;
  readonly lane?: LaneF32;
}

/** `f(a, b)` broadcast to `shape`, in the dtype of `a` and `b`. */
export function mapBinary(a: Storage, b: Storage, shape: Shape, rule: BinaryRule): Storage {
  if (a.dtype === "float32" && rule.lane) {
    const y = Storage.empty("float32", shape);
    runLaneF32(a, b, rule.lane, y);
    return y;
  }
  if (isBig(a.dtype)) return mapPairs(a, b, shape, rule.big, a.dtype);
  return mapPairs(a, b, shape, isFloat(a.dtype) ? rule.float : rule.int, a.dtype);
}

/** Runs `lane` over float32 `a` and `b` broadcast to the shape of `y`. */
export function runLaneF32(a: Storage, b: Storage, lane: LaneF32, y: Storage): void {
  const lanes = planLanes(y.shape, [a, b]);
  const [sa, sb] = lanes.steps as [number, number];
  const da = a.data as Float32Array;
  const db = b.data as Float32Array;
  const dy = y.dense() as Float32Array;
  eachLane(lanes, (at, starts) => lane(lanes.count, da, starts[0] as number, sa, db, starts[1] as number, sb, dy, at));
}

/** `f(a, b)` broadcast to `shape`; `f` takes decoded numbers, bigints or strings as `a` and `b` hold them, and gives what `dtype` holds. */
export function mapPairs<A extends number | bigint | string, R extends number | bigint | string | boolean>(
  a: Storage,
  b: Storage,
  shape: Shape,
  f: (a: A, b: A) => R,
  dtype: DType,
): Storage {
  const y = Storage.empty(dtype, shape);
  const wide = [widened(a), widened(b)] as const;
  const lanes = planLanes(shape, wide);
  const [sa, sb] = lanes.steps as [number, number];
  const da = wide[0].data as unknown as readonly A[];
  const db = wide[1].data as unknown as readonly A[];
  const dy = y.dense() as unknown as R[];
  const encode = isEncoded(dtype) ? (encoder(dtype) as unknown as (v: R) => R) : undefined;
  eachLane(lanes, (at, starts) => {
    let ia = starts[0] as number;
    let ib = starts[1] as number;
    for (let i = at; i < at + lanes.count; i++, ia += sa, ib += sb) {
      const v = f(da[ia] as A, db[ib] as A);
      dy[i] = encode ? encode(v) : v;
    }
  });
  return y;
}

/** Floats narrower than float32 as float32, which holds all their values; other storages as they are. */
export function widened(x: Storage): Storage {
  return isEncoded(x.dtype) ? Storage.of("float32", decodeBits(x.dense() as Uint16Array, x.dtype), x.shape) : x;
}

/** Dense elements as numbers: floats narrower than float32 decoded to float32, the others as they are. Not for strings and 64-bit integers. */
export function decodedNumbers(x: Storage): NumberArray {
  return isEncoded(x.dtype) ? decodeBits(x.dense() as Uint16Array, x.dtype) : x.numbers();
}

/** A dense storage of `dtype` from decoded numbers, each rounded once; float32 and float64 arrays of the right kind are taken as they are. */
export function encodeNumbers(dtype: DType, values: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>, shape: Shape): Storage {
  if (dtype === "float32" && values instanceof Float32Array) return Storage.of(dtype, values, shape);
  if (dtype === "float64" && values instanceof Float64Array) return Storage.of(dtype, values, shape);
  const y = Storage.empty(dtype, shape);
  const to = y.numbers();
  const encode = encoder(dtype);
  for (let i = 0; i < values.length; i++) to[i] = encode(values[i] as number);
  return y;
}

/** True for the 16-bit floats, which kernels compute with in float32. */
export const isHalf = (dtype: DType): boolean => dtype === "float16" || dtype === "bfloat16";

function decodeBits(bits: Uint16Array, dtype: DType): Float32Array<ArrayBuffer> {
  const decode = decoder(dtype);
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = decode(bits[i] as number);
  return out;
}
