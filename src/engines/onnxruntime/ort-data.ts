// Values as ONNX Runtime is handed them and gives them back.
import { ingotError } from "../../errors/error.ts";
import type { ValueType } from "../../ir/type.ts";
import { describeKind, MapValue, OptionalValue, type RuntimeValue } from "../../ops/runtime-value.ts";
import { type DType, dtypeFromOnnx, dtypeInfo, type Elements } from "../../tensor/dtype.ts";
import { packBits, unpackBits } from "../../tensor/pack-bits.ts";
import { elementCount } from "../../tensor/shape.ts";
import { Storage } from "../../tensor/storage.ts";
import type { OrtData, OrtTensor } from "./element-types.ts";
import { isSequence } from "./ort-value.ts";

/** Tensors, sequences of tensors, and what a present optional holds. Throws `EngineUnsupportedValue` for other values. */
export function toOrtData(value: RuntimeValue): OrtData {
  if (value instanceof Storage) return toOrtTensor(value);
  if (value instanceof OptionalValue && value.element !== undefined) return toOrtData(value.element);
  if (value instanceof MapValue || value instanceof OptionalValue)
    throw ingotError("EngineUnsupportedValue", { engine: "onnxruntime", kind: describeKind(value) });
  return value.map((v) => toOrtData(v) as OrtTensor);
}

/** Elements of less than a byte are packed. */
export function toOrtTensor(storage: Storage): OrtTensor {
  const { dtype, shape } = storage;
  const data = storage.dense();
  return { dtype: dtypeInfo(dtype).onnx, shape, data: isPacked(dtype) ? packBits(dtype, data) : data };
}

/** The value of an output that the graph declares as `type`: ONNX Runtime hands over what an optional holds, not the optional. */
export function fromOrtData(data: OrtData, type: ValueType): RuntimeValue {
  if (type.kind === "optional") return new OptionalValue(type.element, fromOrtData(data, type.element));
  if (isSequence(data)) return data.map(fromOrtTensor);
  return fromOrtTensor(data);
}

function fromOrtTensor({ dtype: number, shape, data }: OrtTensor): Storage {
  const dtype = dtypeFromOnnx(number) as DType;
  const elements = isPacked(dtype) ? unpackBits(dtype, data as Uint8Array, elementCount(shape)) : (data as Elements);
  return Storage.of(dtype, elements, shape);
}

const isPacked = (dtype: DType) => dtypeInfo(dtype).bits !== undefined;
