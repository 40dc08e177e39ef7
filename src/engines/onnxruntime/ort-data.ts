// Values as ONNX Runtime is handed them and gives them back.
import { ingotError } from "../../errors/error.ts";
import { describeValue, MapValue, OptionalValue, type RuntimeValue } from "../../ops/runtime-value.ts";
import { type DType, dtypeFromOnnx, dtypeInfo, type Elements } from "../../tensor/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import type { OrtData, OrtTensor } from "./ort-value.ts";

/** Tensors, sequences of tensors, and what a present optional holds. Throws `EngineUnsupportedValue` for other values. */
export function toOrtData(value: RuntimeValue): OrtData {
  if (value instanceof Storage) return toOrtTensor(value);
  if (value instanceof OptionalValue && value.element !== undefined) return toOrtData(value.element);
  if (value instanceof MapValue || value instanceof OptionalValue)
    throw ingotError("EngineUnsupportedValue", { engine: "onnxruntime", kind: describeValue(value) });
  return value.map((v) => toOrtData(v) as OrtTensor);
}

export function toOrtTensor(storage: Storage): OrtTensor {
  return { dtype: dtypeInfo(storage.dtype).onnx, shape: storage.shape, data: storage.dense() };
}

export function fromOrtData(data: OrtData): RuntimeValue {
  if (Array.isArray(data)) return data.map(fromOrtData);
  const { dtype, shape, data: elements } = data as OrtTensor;
  return Storage.of(dtypeFromOnnx(dtype) as DType, elements as Elements, shape);
}
