// The element types of the Open Inference Protocol, and ours.
import { type DType, dtypeInfo } from "../../tensor/dtype.ts";

export const datatypes = {
  BOOL: "bool",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  BF16: "bfloat16",
  FP32: "float32",
  FP64: "float64",
  BYTES: "string",
} as const satisfies Record<string, DType>;

export type Datatype = keyof typeof datatypes;

export const isDatatype = (name: string): name is Datatype => Object.hasOwn(datatypes, name);

const names = new Map<string, Datatype>(Object.entries(datatypes).map(([name, dtype]) => [dtype, name as Datatype]));

/** The protocol's name of a dtype; undefined for those that it does not have, such as int4. */
export const datatypeOf = (dtype: string): Datatype | undefined => names.get(dtype);

/** The same for people and metadata: where the protocol has no name, our own in capitals. */
export const datatypeName = (dtype: string): string => datatypeOf(dtype) ?? dtype.toUpperCase();

/** Bytes of an element in binary data; undefined for BYTES, whose elements have a length each. */
export const elementBytes = (datatype: Datatype): number | undefined => dtypeInfo(datatypes[datatype]).bytes || undefined;

/** A shape with −1 where a dimension may vary. */
export const protocolShape = (shape: readonly (number | string)[] | undefined): number[] =>
  shape?.map((d) => (typeof d === "number" ? d : -1)) ?? [-1];
