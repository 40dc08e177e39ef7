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

/** The element type of an ONNX TensorProto.DataType number; undefined for those of less than a byte and for complex ones. */
export function elementType(number: number): ElementType | undefined {
  const dtype = dtypeFromOnnx(number);
  if (dtype === undefined) return undefined;
  const { bytes, bits, view } = dtypeInfo(dtype);
  if (bits !== undefined) return undefined;
  return { bytes, over: (buffer) => (view ? (view(buffer, 0, buffer.byteLength / bytes) as ArrayBufferView) : []) };
}
