// Values in files of their own, as ONNX's test data has them: TensorProto, SequenceProto, OptionalProto and MapProto, by the type of the
// graph input or output that they belong to.
import { ingotError } from "../errors/error.ts";
import type { MapType, ValueType } from "../ir/type.ts";
import { MapValue, OptionalValue, type RuntimeValue } from "../ops/runtime-value.ts";
import { dtypeInfo, type Elements } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { decodeMessage } from "./decode.ts";
import { encodeToBytes } from "./encode.ts";
import type { Message } from "./schema.ts";
import { storageToTensor, tensorToStorage } from "./tensor-proto.ts";

/** SequenceProto.DataType and OptionalProto.DataType. */
const elementKinds = { tensor: 1, sequence: 3, map: 4, optional: 5 } as const satisfies Record<ValueType["kind"], number>;

/** The fields of SequenceProto and OptionalProto that hold each kind of element. */
const listFields = { tensor: "tensorValues", sequence: "sequenceValues", map: "mapValues", optional: "optionalValues" } as const;
const fields = { tensor: "tensorValue", sequence: "sequenceValue", map: "mapValue", optional: "optionalValue" } as const;

const messages = { tensor: "TensorProto", sequence: "SequenceProto", map: "MapProto", optional: "OptionalProto" } as const;
type AnyProto = { [K in ValueType["kind"]]: Message<(typeof messages)[K]> }[ValueType["kind"]];

/**
 * The value in the bytes of a file (`input_0.pb`), which is of `type`. `file` names it in errors.
 * Throws `NotOnnx`, `OnnxInvalid`, `OnnxTensor`, `OnnxUnsupported`.
 *
 * @example
 * const list = valueFromBytes(bytes, { kind: "sequence", element: tensorType("float32") }, "input_0.pb");
 */
export function valueFromBytes(bytes: Uint8Array, type: ValueType, file: string): RuntimeValue {
  return fromProto(decodeMessage(messages[type.kind], bytes, file), type, file);
}

/** The bytes of a value's message: the inverse of `valueFromBytes`. */
export function valueToBytes(value: RuntimeValue): Uint8Array {
  return encodeToBytes(messages[kindOf(value)], toProto(value));
}

// ---- reading ---------------------------------------------------------------------------------------------------------

function fromProto(proto: AnyProto, type: ValueType, file: string): RuntimeValue {
  switch (type.kind) {
    case "tensor":
      return tensorToStorage(proto as Message<"TensorProto">, { file });
    case "sequence": {
      const list = (proto as Message<"SequenceProto">)[listFields[type.element.kind]] ?? [];
      const kind = (proto as Message<"SequenceProto">).elemType ?? 0;
      // Files of empty sequences often do not say what they are sequences of.
      if (kind !== elementKinds[type.element.kind] && (kind !== 0 || list.length > 0)) throw otherKind(type, file);
      return list.map((p) => fromProto(p, type.element, file));
    }
    case "optional": {
      const element = (proto as Message<"OptionalProto">)[fields[type.element.kind]];
      const kind = (proto as Message<"OptionalProto">).elemType ?? 0;
      if (kind !== elementKinds[type.element.kind] && kind !== 0) throw otherKind(type, file);
      return new OptionalValue(type.element, element && fromProto(element, type.element, file));
    }
    case "map":
      return mapFromProto(proto as Message<"MapProto">, type, file);
  }
}

function otherKind(type: ValueType, file: string): Error {
  return ingotError("OnnxInvalid", { file, problem: `it holds elements of another kind than the ${type.kind} that the model declares` });
}

function mapFromProto(proto: Message<"MapProto">, { key, value }: MapType, file: string): MapValue {
  const keys = key === "string" ? (proto.stringKeys ?? []).map((bytes) => Buffer.from(bytes).toString("utf8")) : [...(proto.keys ?? [])];
  if (value.kind !== "tensor")
    throw ingotError("OnnxUnsupported", { file, what: `a map of ${value.kind}s`, hint: "Maps hold numbers or strings." });
  const values = (proto.values?.tensorValues ?? []).flatMap((p) => [...(tensorToStorage(p, { file }).dense() as Iterable<number>)]);
  if (values.length !== keys.length)
    throw ingotError("OnnxInvalid", { file, problem: `its map has ${keys.length} keys and ${values.length} values` });
  const made = dtypeInfo(value.dtype).make(values.length) as { [i: number]: unknown };
  values.forEach((v, i) => {
    made[i] = v;
  });
  return new MapValue(Storage.from(key, keys, [keys.length]), Storage.of(value.dtype, made as Elements, [values.length]));
}

// ---- writing ---------------------------------------------------------------------------------------------------------

function kindOf(value: RuntimeValue): ValueType["kind"] {
  if (value instanceof Storage) return "tensor";
  if (value instanceof OptionalValue) return "optional";
  return value instanceof MapValue ? "map" : "sequence";
}

function toProto(value: RuntimeValue): AnyProto {
  if (value instanceof Storage) return storageToTensor(value);
  if (value instanceof MapValue) return mapToProto(value);
  if (value instanceof OptionalValue) {
    const { kind } = value.elementType;
    return { elemType: elementKinds[kind], ...(value.element !== undefined && { [fields[kind]]: toProto(value.element) }) };
  }
  const kind = value[0] === undefined ? "tensor" : kindOf(value[0]);
  return { elemType: elementKinds[kind], [listFields[kind]]: value.map(toProto) };
}

function mapToProto({ keys, values }: MapValue): Message<"MapProto"> {
  const cells = keys.dense();
  const scalars = Array.from({ length: values.size }, (_, i) => storageToTensor(scalarAt(values, i)));
  return {
    keyType: dtypeInfo(keys.dtype).onnx,
    ...(Array.isArray(cells) ? { stringKeys: cells.map((s) => Buffer.from(s, "utf8")) } : { keys: Array.from(cells, BigInt) }),
    values: { elemType: elementKinds.tensor, tensorValues: scalars },
  };
}

const scalarAt = (list: Storage, i: number): Storage =>
  Storage.strided(list.dtype, list.data, [], [], list.offset + i * (list.strides[0] ?? 1));
