// What goes into ONNX Runtime and comes out of it, in JavaScript: tensors, with ONNX's element types by number.
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

/** A dense, row-major tensor; `dtype` is ONNX's number (1 = float32, 7 = int64, 8 = string, …). */
export interface OrtTensor {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly data: OrtElements;
}

/** What a run takes and gives: a tensor, or a sequence of tensors. */
export type OrtData = OrtTensor | readonly OrtTensor[];

/** The element type of an ONNX TensorProto.DataType number; undefined for those of less than a byte and for complex ones. */
export function elementType(number: number): ElementType | undefined {
  const dtype = dtypeFromOnnx(number);
  if (dtype === undefined) return undefined;
  const { bytes, bits, view } = dtypeInfo(dtype);
  if (bits !== undefined) return undefined;
  return { bytes, over: (buffer) => (view ? (view(buffer, 0, buffer.byteLength / bytes) as ArrayBufferView) : []) };
}
