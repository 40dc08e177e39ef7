// TensorProto and our Storage. A tensor's elements stand in one of seven fields by type, as raw bytes, or in another file; all of them
// are read, raw bytes are written. Elements are used where they lie when their place suits a typed array.
import { ingotError } from "../errors/error.ts";
import { type DType, dtypeFromOnnx, dtypeInfo, type Elements } from "../tensor/dtype.ts";
import { packBits, packedSize, unpackBits } from "../tensor/pack-bits.ts";
import { elementCount, formatShape, largestRank } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import type { TensorProto } from "./schema.ts";

/** TensorProto.DataLocation */
export const externalLocation = 1;

/** What reading a tensor may need besides the message. */
export interface TensorContext {
  /** The file, for errors. */
  readonly file: string;
  /** The bytes of tensors that are in other files, already read. */
  readonly external?: ReadonlyMap<TensorProto, Uint8Array> | undefined;
}

/** Names of the types that ONNX has and we do not, for messages. */
const foreignTypes: Readonly<Record<number, string>> = {
  0: "undefined",
  14: "complex64",
  15: "complex128",
};

/** The dtype of an element type number. Throws `OnnxUnsupported` for those without one. */
export function dtypeOf(number: number | undefined, what: string, file: string): DType {
  const dtype = dtypeFromOnnx(number ?? 0);
  if (dtype) return dtype;
  const name = foreignTypes[number ?? 0] ?? `number ${number}`;
  throw ingotError("OnnxUnsupported", {
    file,
    what: `the element type ${name} of ${what}`,
    hint: "Convert the model to types that Ingot has.",
  });
}

/** The sizes of a tensor as numbers. Throws `OnnxTensor` for negative sizes and products that overflow. */
export function shapeOf(dims: readonly bigint[], tensor: string, file: string): number[] {
  if (dims.length > largestRank)
    throw ingotError("OnnxTensor", { file, tensor, problem: `it has ${dims.length} axes, and a tensor has at most ${largestRank}` });
  const shape = dims.map(Number);
  const bad = shape.find((d) => d < 0 || !Number.isSafeInteger(d));
  if (bad !== undefined) throw ingotError("OnnxTensor", { file, tensor, problem: `${bad} in ${formatShape(shape)} is not a size` });
  if (!Number.isSafeInteger(elementCount(shape) * 8))
    throw ingotError("OnnxTensor", { file, tensor, problem: `the product of its sizes ${formatShape(shape)} overflows` });
  return shape;
}

/**
 * The tensor as a storage: a view on the message's memory where that is aligned, else a copy.
 * Throws `OnnxTensor`, `OnnxExternalData` or `OnnxUnsupported`.
 */
export function tensorToStorage(proto: TensorProto, context: TensorContext): Storage {
  const { file } = context;
  const tensor = proto.name ?? "";
  const dtype = dtypeOf(proto.dataType, tensor ? `tensor \`${tensor}\`` : "a tensor", file);
  const shape = shapeOf(proto.dims ?? [], tensor, file);
  if (proto.segment)
    throw ingotError("OnnxUnsupported", { file, what: `tensor \`${tensor}\`, which is in segments,`, hint: "Export the model again." });
  const count = elementCount(shape);
  const check = (given: number, unit: string, expected: number) => {
    if (given === expected) return;
    const problem = `its shape ${formatShape(shape)} needs ${expected} ${unit}, it has ${given}`;
    throw ingotError("OnnxTensor", { file, tensor, problem });
  };
  const bytes = rawBytes(proto, context);
  if (bytes) {
    if (dtype === "string") throw ingotError("OnnxTensor", { file, tensor, problem: "strings cannot be raw data" });
    check(bytes.byteLength, "bytes", packedSize(dtype, count));
    return Storage.of(dtype, overBytes(dtype, bytes, count), shape);
  }
  const list = typedList(proto, dtype);
  // Elements of less than a byte are packed into bytes here too, each of which stands as one number.
  const packed = dtypeInfo(dtype).bits !== undefined;
  check(list?.length ?? 0, packed ? "packed bytes" : "elements", packed ? packedSize(dtype, count) : count);
  return Storage.of(dtype, fromList(dtype, list, count), shape);
}

function rawBytes(proto: TensorProto, { file, external }: TensorContext): Uint8Array | undefined {
  if (proto.dataLocation !== externalLocation) return proto.rawData;
  const bytes = external?.get(proto);
  if (bytes) return bytes;
  const problem = "the model was given as bytes, without a folder that holds its data files";
  throw ingotError("OnnxExternalData", { file, tensor: proto.name ?? "", problem });
}

/** A typed array over bytes, or over a copy where their place is not a multiple of the element size or elements share bytes. */
export function overBytes(dtype: DType, bytes: Uint8Array, count: number): Elements {
  const info = dtypeInfo(dtype);
  if (info.bits !== undefined) return unpackBits(dtype, bytes, count);
  if (!info.view) return info.make(0);
  const aligned = bytes.byteOffset % info.bytes === 0 && bytes.buffer instanceof ArrayBuffer;
  const own = aligned ? bytes : Uint8Array.from(bytes);
  return info.view(own.buffer as ArrayBuffer, own.byteOffset, own.byteLength / info.bytes);
}

type List = Float32Array | Float64Array | Int32Array | BigInt64Array | BigUint64Array | readonly Uint8Array[];

/** The field that holds the elements of a dtype when they are not raw. Source: the comments of TensorProto in onnx.proto. */
function typedList(proto: TensorProto, dtype: DType): List | undefined {
  switch (dtype) {
    case "float32":
      return proto.floatData;
    case "float64":
      return proto.doubleData;
    case "int64":
      return proto.int64Data;
    case "uint64":
    case "uint32":
      return proto.uint64Data;
    case "string":
      return proto.stringData;
    default:
      return proto.int32Data;
  }
}

function fromList(dtype: DType, list: List | undefined, count: number): Elements {
  const made = dtypeInfo(dtype).make(count);
  if (!list) return made;
  if (dtype === "string") return (list as readonly Uint8Array[]).map((bytes) => Buffer.from(bytes).toString("utf8"));
  if (dtypeInfo(dtype).bits !== undefined) return unpackBits(dtype, list as Int32Array, count);
  if (made.constructor === list.constructor) return list as Elements;
  const target = made as { [i: number]: number };
  // Narrow integers, bool and the bit patterns of small floats stand in wider lists; typed arrays keep the low bits.
  for (let i = 0; i < count; i++) target[i] = Number(list[i] as number | bigint);
  return made;
}

/**
 * The storage as a tensor message. Its raw bytes are the storage's own memory when that is dense and elements are whole bytes.
 *
 * @example
 * const proto = storageToTensor(Storage.of("float32", Float32Array.of(1, 2), [2]), "w");
 */
export function storageToTensor(storage: Storage, name?: string): TensorProto {
  const common = { dims: storage.shape.map(BigInt), dataType: dtypeInfo(storage.dtype).onnx, ...(name !== undefined && { name }) };
  const data = storage.dense();
  if (Array.isArray(data)) return { ...common, stringData: data.map((s) => Buffer.from(s, "utf8")) };
  if (dtypeInfo(storage.dtype).bits !== undefined) return { ...common, rawData: packBits(storage.dtype, data) };
  return { ...common, rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}
