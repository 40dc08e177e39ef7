// What goes into ONNX Runtime and comes out of it, in JavaScript: tensors, with ONNX's element types by number.
import { type DType, dtypeFromOnnx, dtypeInfo } from "../../tensor/dtype.ts";
import { packedSize } from "../../tensor/pack-bits.ts";

export const stringType = 8;

/**
 * What ONNX Runtime 1.30 calls the types that it got last when it tells the type of a value; where it is told one, it takes ONNX's numbers
 * for these too.
 */
const toldNumbers: ReadonlyMap<number, DType> = new Map([
  [24, "uint2"],
  [25, "int2"],
  [26, "float8e8m0"],
]);

/** ONNX's number of the element type that ONNX Runtime tells. */
export function onnxNumber(told: number): number {
  const dtype = toldNumbers.get(told);
  return dtype === undefined ? told : dtypeInfo(dtype).onnx;
}

interface ElementType {
  /** Bytes per element: 0 for strings; undefined for elements of less than a byte, which are packed as in files. */
  readonly bytes: number | undefined;
  /** Bytes that so many elements take; 0 for strings. */
  readonly size: (count: number) => number;
  /** The elements as a typed array over a buffer of exactly their size; the packed bytes of those of less than a byte. */
  readonly over: (buffer: ArrayBuffer) => OrtElements;
}

/** Elements of a tensor: bit patterns for the floats that JavaScript lacks, 0 or 1 for bool. */
export type OrtElements = ArrayBufferView | readonly string[];

/** A dense, row-major tensor; `dtype` is ONNX's number (1 = float32, 7 = int64, 8 = string, …). */
export interface OrtTensor {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly data: OrtElements;
}

/** A map from integers or strings to numbers or strings, as two columns of one length. */
export interface OrtMap {
  readonly keys: OrtTensor;
  readonly values: OrtTensor;
}

/** A sequence of no tensors, with ONNX's number of their element type, which no value says. Only ever given. */
export interface OrtEmptySequence {
  readonly empty: number;
}

/** What a run takes and gives: a tensor, a sequence of tensors or maps, a map. */
export type OrtData = OrtTensor | OrtMap | OrtEmptySequence | readonly OrtData[];

/** What a run gives: undefined for an optional that holds nothing. */
export type OrtResult = OrtData | undefined;

/** The element type of an ONNX TensorProto.DataType number; undefined for complex ones. */
export function elementType(number: number): ElementType | undefined {
  const dtype = dtypeFromOnnx(number);
  if (dtype === undefined) return undefined;
  const { bytes, bits, view } = dtypeInfo(dtype);
  const size = (count: number) => packedSize(dtype, count);
  if (bits !== undefined) return { bytes: undefined, size, over: (buffer) => new Uint8Array(buffer) };
  return { bytes, size, over: (buffer) => (view ? (view(buffer, 0, buffer.byteLength / bytes) as ArrayBufferView) : []) };
}
