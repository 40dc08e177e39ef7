// The element types of tensors: one table with everything that varies by dtype.
import { ingotError } from "../errors/error.ts";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./float16.ts";
import { allocating } from "./memory.ts";
import { type Rounding, type SmallFloat, smallFloats } from "./small-float.ts";

export type NumberArray =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>;
export type BigArray = BigInt64Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>;
/**
 * What holds the elements of a tensor. float16 and bfloat16 are bit patterns in a Uint16Array, floats of 8 and 4 bits are bit patterns in
 * a Uint8Array, integers of 4 and 2 bits are values, one per byte; bool is 0 or 1 in a Uint8Array.
 */
export type Elements = NumberArray | BigArray | string[];

interface DTypeRow {
  /** Number of the type in ONNX's TensorProto.DataType. */
  readonly onnx: number;
  /** Name in ONNX's text syntax. */
  readonly text: string;
  /** Bytes per element in memory; 0 for strings. */
  readonly bytes: number;
  /** Bits per element in files, where that is less than a byte: elements then share bytes there. */
  readonly bits?: number;
  readonly kind: "float" | "int" | "uint" | "bool" | "string";
  /** True for types that operators store and convert but do not compute with: those of less than 16 bits but for int8 and uint8. */
  readonly lowBit?: boolean;
  /** Between stored elements and the values they stand for, where the two differ. `encode` rounds, and integers keep their low bits. */
  readonly codec?: Codec;
  readonly make: (length: number) => Elements;
  /** Wraps raw little-endian memory, without a copy. */
  readonly view?: (buffer: ArrayBuffer, byteOffset: number, length: number) => Elements;
}

interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
  new (length: number): T;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
}

/** The two ways to a typed array: new zeros, or a view of raw memory. */
const array = <T>(C: ArrayType<T>) => ({
  make: (n: number) => allocating(C.name.replace(/^Big|Array$/g, "").toLowerCase(), n, C.BYTES_PER_ELEMENT, () => new C(n)),
  view: (b: ArrayBuffer, o: number, n: number) => new C(b, o, n),
});

interface Codec {
  readonly decode: (element: number) => number;
  readonly encode: (value: number, rounding?: Rounding) => number;
}

const bytePerElement = { bytes: 1, ...array(Uint8Array), lowBit: true } as const;
const smallFloat = (onnx: number, text: SmallFloat) =>
  ({ onnx, text, ...bytePerElement, kind: "float", codec: smallFloats[text] }) as const;
const same = (element: number) => element;
const smallUint = (onnx: number, text: string, bits: number) =>
  ({ onnx, text, ...bytePerElement, bits, kind: "uint", codec: { decode: same, encode: (v: number) => v & (2 ** bits - 1) } }) as const;
const smallInt = (onnx: number, text: string, bits: number) =>
  ({
    ...smallUint(onnx, text, bits),
    kind: "int",
    ...array(Int8Array),
    codec: { decode: same, encode: (v: number) => (v << (32 - bits)) >> (32 - bits) },
  }) as const;
const half = { bytes: 2, kind: "float", ...array(Uint16Array) } as const;

export const dtypes = {
  float32: { onnx: 1, text: "float", bytes: 4, kind: "float", ...array(Float32Array) },
  uint8: { onnx: 2, text: "uint8", bytes: 1, kind: "uint", ...array(Uint8Array) },
  int8: { onnx: 3, text: "int8", bytes: 1, kind: "int", ...array(Int8Array) },
  uint16: { onnx: 4, text: "uint16", bytes: 2, kind: "uint", ...array(Uint16Array) },
  int16: { onnx: 5, text: "int16", bytes: 2, kind: "int", ...array(Int16Array) },
  int32: { onnx: 6, text: "int32", bytes: 4, kind: "int", ...array(Int32Array) },
  int64: { onnx: 7, text: "int64", bytes: 8, kind: "int", ...array(BigInt64Array) },
  string: {
    onnx: 8,
    text: "string",
    bytes: 0,
    kind: "string",
    make: (n) => allocating("string", n, 8, () => new Array<string>(n).fill("")),
  },
  bool: { onnx: 9, text: "bool", bytes: 1, kind: "bool", ...array(Uint8Array) },
  float16: { onnx: 10, text: "float16", ...half, codec: { decode: fromFloat16, encode: toFloat16 } },
  float64: { onnx: 11, text: "double", bytes: 8, kind: "float", ...array(Float64Array) },
  uint32: { onnx: 12, text: "uint32", bytes: 4, kind: "uint", ...array(Uint32Array) },
  uint64: { onnx: 13, text: "uint64", bytes: 8, kind: "uint", ...array(BigUint64Array) },
  bfloat16: { onnx: 16, text: "bfloat16", ...half, codec: { decode: fromBfloat16, encode: toBfloat16 } },
  float8e4m3fn: smallFloat(17, "float8e4m3fn"),
  float8e4m3fnuz: smallFloat(18, "float8e4m3fnuz"),
  float8e5m2: smallFloat(19, "float8e5m2"),
  float8e5m2fnuz: smallFloat(20, "float8e5m2fnuz"),
  uint4: smallUint(21, "uint4", 4),
  int4: smallInt(22, "int4", 4),
  float4e2m1: { ...smallFloat(23, "float4e2m1"), bits: 4 },
  float8e8m0: smallFloat(24, "float8e8m0"),
  uint2: smallUint(25, "uint2", 2),
  int2: smallInt(26, "int2", 2),
} as const satisfies Record<string, DTypeRow>;

export type DType = keyof typeof dtypes;

export const allDTypes = Object.keys(dtypes) as readonly DType[];
/** The dtypes of at least 8 bits but for the 8-bit floats: those that every operator on any type takes. */
export const wideDTypes: readonly DType[] = allDTypes.filter((d) => !dtypeInfo(d).lowBit);
/** The 8-bit floats with a sign. */
export const float8s: readonly DType[] = ["float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"];
const ofKind = (...kinds: DTypeRow["kind"][]) => wideDTypes.filter((d) => kinds.includes(dtypes[d].kind));
/** Named sets for type constraints in operator schemas: the dtypes that operators compute with. */
export const floats = ofKind("float");
export const integers = ofKind("int", "uint");
export const numeric = ofKind("float", "int", "uint");
export const signed: readonly DType[] = ofKind("float", "int");

export function dtypeInfo(dtype: DType): DTypeRow {
  return dtypes[dtype];
}

export function isFloat(dtype: DType): boolean {
  return dtypes[dtype].kind === "float";
}

/** The least and the largest element of an integer dtype or bool. */
export function integerRange(dtype: DType): readonly [least: bigint, most: bigint] {
  const { kind, bytes, bits: narrow }: DTypeRow = dtypes[dtype];
  if (kind === "bool") return [0n, 1n];
  const bits = BigInt(narrow ?? bytes * 8);
  return kind === "int" ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
}

/** True for the dtypes whose elements are bigints (int64, uint64). */
export function isBig(dtype: DType): boolean {
  return dtype === "int64" || dtype === "uint64";
}

/** Throws `UnknownDType` unless `name` is a dtype. */
export function checkDType(name: string): DType {
  if (Object.hasOwn(dtypes, name)) return name as DType;
  throw ingotError("UnknownDType", { dtype: name, known: allDTypes.join(", ") });
}

const byNumber = new Map<number, DType>(allDTypes.map((d) => [dtypes[d].onnx, d]));
/** The dtype of an ONNX TensorProto.DataType number, if it is one we have. */
export function dtypeFromOnnx(number: number): DType | undefined {
  return byNumber.get(number);
}

/** Turns a stored element into the value it stands for (float16 bits → number; others unchanged). */
export function decoder(dtype: DType): (element: number) => number {
  return dtypeInfo(dtype).codec?.decode ?? identity;
}

/**
 * Turns a number into what is stored (number → float16 bits; others unchanged: typed arrays round by themselves). Small floats saturate
 * unless `rounding` says otherwise; integers of less than a byte keep their low bits.
 */
export function encoder(dtype: DType, rounding?: Rounding): (value: number) => number {
  const { codec } = dtypeInfo(dtype);
  if (!codec) return identity;
  return rounding ? (value) => codec.encode(value, rounding) : (value) => codec.encode(value);
}

/** True for the dtypes that are held as bit patterns: floats narrower than float32. */
export function isEncoded(dtype: DType): boolean {
  const { codec, kind } = dtypeInfo(dtype);
  return codec !== undefined && kind === "float";
}

const identity = (x: number) => x;
