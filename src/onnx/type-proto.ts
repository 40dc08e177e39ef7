// Types of values: TypeProto and the IR's ValueType.
import { ingotError } from "../errors/error.ts";
import { type Dim, isUnknownDim, unknownDim } from "../ir/dim.ts";
import { parseDim } from "../ir/parse-dim.ts";
import { mapContents, tensorType, type ValueType } from "../ir/type.ts";
import { dtypeInfo } from "../tensor/dtype.ts";
import type { Message, TypeProto } from "./schema.ts";
import { dtypeOf } from "./tensor-proto.ts";

/** The message for a type. Symbolic sizes become `dim_param` texts, unknown ones empty dimensions. */
export function typeToProto(type: ValueType): TypeProto {
  if (type.kind === "sequence") return { sequenceType: { elemType: typeToProto(type.element) } };
  if (type.kind === "optional") return { optionalType: { elemType: typeToProto(type.element) } };
  if (type.kind === "map") return { mapType: { keyType: dtypeInfo(type.key).onnx, valueType: typeToProto(type.value) } };
  const elemType = dtypeInfo(type.dtype).onnx;
  return { tensorType: type.shape ? { elemType, shape: { dim: type.shape.map(dimToProto) } } : { elemType } };
}

function dimToProto(dim: Dim): Message<"Dimension"> {
  if (typeof dim === "number") return { dimValue: BigInt(dim) };
  // A size computed from unknown ones is unknown too, and their names mean nothing outside of this process.
  return isUnknownDim(dim) ? {} : { dimParam: String(dim) };
}

/** The type of a message. `what` names the value in errors. Throws `OnnxUnsupported` or `OnnxInvalid`. */
export function typeFromProto(proto: TypeProto | undefined, what: string, file: string): ValueType {
  if (proto?.tensorType) {
    const { elemType, shape } = proto.tensorType;
    const dtype = dtypeOf(elemType, what, file);
    return tensorType(dtype, shape && (shape.dim ?? []).map((dim) => dimFromProto(dim, what, file)));
  }
  if (proto?.sequenceType) return { kind: "sequence", element: forgetNames(typeFromProto(proto.sequenceType.elemType, what, file)) };
  if (proto?.optionalType) return { kind: "optional", element: typeFromProto(proto.optionalType.elemType, what, file) };
  if (proto?.mapType) {
    const { keyType, valueType } = proto.mapType;
    return { kind: "map", key: dtypeOf(keyType, `the keys of ${what}`, file), value: typeFromProto(valueType, what, file) };
  }
  const kind = proto?.sparseTensorType ? "a sparse tensor" : proto?.opaqueType ? "an opaque type" : undefined;
  if (!kind) throw ingotError("OnnxInvalid", { file, problem: `${what} has no type` });
  throw ingotError("OnnxUnsupported", {
    file,
    what: `${kind} as the type of ${what}`,
    hint: "Use a model whose values are dense tensors, or sequences, optionals and maps of them.",
  });
}

/** A name inside the type of a sequence stands for another size in each element: it is no relation between sizes. */
function forgetNames(type: ValueType): ValueType {
  if (type.kind !== "tensor") return mapContents(type, forgetNames);
  return tensorType(
    type.dtype,
    type.shape?.map((d) => (typeof d === "number" ? d : unknownDim())),
  );
}

function dimFromProto({ dimValue, dimParam }: Message<"Dimension">, what: string, file: string): Dim {
  // Exporters write such names for sizes they do not know; they are no relation between sizes.
  if (dimParam?.startsWith("unk__")) return unknownDim();
  if (dimParam) return parseDim(dimParam);
  if (dimValue === undefined) return unknownDim();
  const size = Number(dimValue);
  // Some exporters write -1 (and old ones 0) for "any size"; a negative size means nothing else.
  if (size === -1) return unknownDim();
  if (size < 0 || !Number.isSafeInteger(size))
    throw ingotError("OnnxInvalid", { file, problem: `${what} has a dimension of size ${dimValue}` });
  return size;
}
