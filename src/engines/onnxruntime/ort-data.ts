// Values as ONNX Runtime is handed them and gives them back.
import { ingotError } from "../../errors/error.ts";
import type { ValueType } from "../../ir/type.ts";
import { MapValue, OptionalValue, type RuntimeValue } from "../../ops/runtime-value.ts";
import { type DType, dtypeFromOnnx, dtypeInfo, type Elements } from "../../tensor/dtype.ts";
import { packBits, unpackBits } from "../../tensor/pack-bits.ts";
import { elementCount } from "../../tensor/shape.ts";
import { Storage } from "../../tensor/storage.ts";
import type { OrtData, OrtResult, OrtTensor } from "./element-types.ts";
import { isMap, isSequence } from "./ort-value.ts";

/**
 * The input `name`, of `type`, as ONNX Runtime takes it; of an optional, what it holds. Throws `EngineUnsupportedValue` for an absent one,
 * which its C API has no form for, and for an empty sequence of something other than tensors.
 */
export function toOrtData(value: RuntimeValue, type: ValueType, name: string): OrtData {
  if (value instanceof Storage) return toOrtTensor(value);
  if (value instanceof MapValue) return { keys: toOrtTensor(value.keys), values: toOrtTensor(value.values) };
  if (value instanceof OptionalValue) {
    if (value.element !== undefined) return toOrtData(value.element, value.elementType, name);
    throw ingotError("EngineUnsupportedValue", { engine: "onnxruntime", name, kind: "an absent optional" });
  }
  if (type.kind === "optional") return toOrtData(value, type.element, name);
  const element = type.kind === "sequence" ? type.element : undefined;
  if (value.length > 0) return value.map((v, i) => toOrtData(v, element ?? type, `${name}.${i}`));
  if (element?.kind === "tensor") return { empty: dtypeInfo(element.dtype).onnx };
  throw ingotError("EngineUnsupportedValue", { engine: "onnxruntime", name, kind: "an empty sequence of something other than tensors" });
}

/** Elements of less than a byte are packed. */
export function toOrtTensor(storage: Storage): OrtTensor {
  const { dtype, shape } = storage;
  const data = storage.dense();
  return { dtype: dtypeInfo(dtype).onnx, shape, data: isPacked(dtype) ? packBits(dtype, data) : data };
}

/**
 * The value of the output `name`, which the graph declares as `type`: ONNX Runtime hands over what an optional holds, not the optional.
 * Throws `EngineOutput` where there is nothing and the type is no optional.
 */
export function fromOrtData(data: OrtResult, type: ValueType, name: string): RuntimeValue {
  if (type.kind === "optional") return new OptionalValue(type.element, data && fromOrtData(data, type.element, name));
  return fromOrtResult(data, name);
}

/** The value of the output `name`, which is no optional. Throws `EngineOutput` where there is nothing. */
export function fromOrtResult(data: OrtResult, name: string): RuntimeValue {
  if (data === undefined) throw ingotError("EngineOutput", { name, problem: "ONNX Runtime gave nothing for it", outputs: name });
  return fromOrtValue(data);
}

function fromOrtValue(data: OrtData): RuntimeValue {
  if (isSequence(data)) return data.map(fromOrtValue);
  if ("empty" in data) return [];
  return isMap(data) ? new MapValue(fromOrtTensor(data.keys), fromOrtTensor(data.values)) : fromOrtTensor(data);
}

function fromOrtTensor({ dtype: number, shape, data }: OrtTensor): Storage {
  const dtype = dtypeFromOnnx(number) as DType;
  const elements = isPacked(dtype) ? unpackBits(dtype, data as Uint8Array, elementCount(shape)) : (data as Elements);
  return Storage.of(dtype, elements, shape);
}

const isPacked = (dtype: DType) => dtypeInfo(dtype).bits !== undefined;
