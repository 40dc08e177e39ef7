// The element types of tensors: one table with everything that varies by dtype.
import { ingotError } from "../errors/error.ts";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./float16.ts";
import { allocating } from "./memory.ts";

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
/** What holds the elements of a tensor. float16 and bfloat16 are bit patterns in a Uint16Array; bool is 0 or 1 in a Uint8Array. */
export type Elements = NumberArray | BigArray | string[];

interface DTypeRow {
  /** Number of the type in ONNX's TensorProto.DataType. */
  readonly onnx: number;
  /** Name in ONNX's text syntax. */
  readonly text: string;
  /** Bytes per element; 0 for strings. */
  readonly bytes: number;
  readonly kind: "float" | "int" | "uint" | "bool" | "string";
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
  float16: { onnx: 10, text: "float16", bytes: 2, kind: "float", ...array(Uint16Array) },
  float64: { onnx: 11, text: "double", bytes: 8, kind: "float", ...array(Float64Array) },
  uint32: { onnx: 12, text: "uint32", bytes: 4, kind: "uint", ...array(Uint32Array) },
  uint64: { onnx: 13, text: "uint64", bytes: 8, kind: "uint", ...array(BigUint64Array) },
  bfloat16: { onnx: 16, text: "bfloat16", bytes: 2, kind: "float", ...array(Uint16Array) },
} as const satisfies Record<string, DTypeRow>;

export type DType = keyof typeof dtypes;

export const allDTypes = Object.keys(dtypes) as readonly DType[];
const ofKind = (...kinds: DTypeRow["kind"][]) => allDTypes.filter((d) => kinds.includes(dtypes[d].kind));
/** Named sets for type constraints in operator schemas. */
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
  const { kind, bytes } = dtypes[dtype];
  if (kind === "bool") return [0n, 1n];
  const bits = BigInt(bytes * 8);
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
  return dtype === "float16" ? fromFloat16 : dtype === "bfloat16" ? fromBfloat16 : identity;
}

/** Turns a number into what is stored (number → float16 bits; others unchanged: typed arrays round by themselves). */
export function encoder(dtype: DType): (value: number) => number {
  return dtype === "float16" ? toFloat16 : dtype === "bfloat16" ? toBfloat16 : identity;
}

const identity = (x: number) => x;
