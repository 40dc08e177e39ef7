// ONNX's element types as ONNX Runtime hands them over: by number, with what holds them in JavaScript.
import { dtypeFromOnnx, dtypeInfo } from "../../tensor/dtype.ts";

export const stringType = 8;

interface ElementType {
  /** Bytes per element; 0 for strings. */
  readonly bytes: number;
  /** The elements as a typed array over a buffer of exactly their size. */
  readonly over: (buffer: ArrayBuffer) => OrtElements;
}

/** Elements of a tensor: bit patterns for the floats that JavaScript lacks, 0 or 1 for bool. */
export type OrtElements = ArrayBufferView | readonly string[];

/** float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, float8e8m0: one byte each, no dtype of ours. */
const bytePatterns = new Set([17, 18, 19, 20, 24]);

/** The element type of an ONNX TensorProto.DataType number; undefined for those of less than a byte and for complex ones. */
export function elementType(number: number): ElementType | undefined {
  if (bytePatterns.has(number)) return { bytes: 1, over: (buffer) => new Uint8Array(buffer) };
  const dtype = dtypeFromOnnx(number);
  if (dtype === undefined) return undefined;
  const { bytes, view } = dtypeInfo(dtype);
  return { bytes, over: (buffer) => (view ? (view(buffer, 0, buffer.byteLength / bytes) as ArrayBufferView) : []) };
}
