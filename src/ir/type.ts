// Types of values: tensors with a dtype and symbolic dims, and the containers ONNX has.
import { type DType, dtypeInfo } from "../tensor/dtype.ts";
import { checkRank } from "../tensor/shape.ts";
import { type Dim, dimEquals, isUnknownDim } from "./dim.ts";

/** A tensor; `shape` is absent when not even the rank is known. */
export interface TensorType {
  readonly kind: "tensor";
  readonly dtype: DType;
  readonly shape?: readonly Dim[] | undefined;
}
export interface SequenceType {
  readonly kind: "sequence";
  readonly element: ValueType;
}
export interface OptionalType {
  readonly kind: "optional";
  readonly element: ValueType;
}
/** A map from integers or strings to `value`s. */
export interface MapType {
  readonly kind: "map";
  readonly key: DType;
  readonly value: ValueType;
}
export type ValueType = TensorType | SequenceType | OptionalType | MapType;

/**
 * Throws `InvalidShape` for more axes than a tensor may have.
 *
 * @example tensorType("float32", [symbol("batch"), 3, 224, 224])
 */
export function tensorType(dtype: DType, shape?: readonly Dim[]): TensorType {
  if (shape) checkRank("a tensor's type", shape.length);
  return { kind: "tensor", dtype, shape };
}

/** `float[batch,3,224,224]`, as ONNX's text syntax writes it. */
export function formatType(type: ValueType): string {
  if (type.kind === "sequence") return `seq(${formatType(type.element)})`;
  if (type.kind === "optional") return `optional(${formatType(type.element)})`;
  if (type.kind === "map") return `map(${dtypeInfo(type.key).text},${formatType(type.value)})`;
  const name = dtypeInfo(type.dtype).text;
  if (type.shape === undefined) return `${name}[]`;
  return type.shape.length === 0 ? name : `${name}[${type.shape.map((d) => (isUnknownDim(d) ? "?" : String(d))).join(",")}]`;
}

/** True when a value of `actual` may stand where `expected` is declared; unknown ranks and dims fit anything. */
export function typeFits(actual: ValueType, expected: ValueType): boolean {
  if (actual.kind !== "tensor" || expected.kind !== "tensor") return containersAgree(actual, expected, typeFits);
  if (actual.dtype !== expected.dtype) return false;
  const { shape } = actual;
  if (shape === undefined || expected.shape === undefined) return true;
  // A symbol may turn out equal to a number: only two different numbers contradict each other.
  return (
    shape.length === expected.shape.length &&
    expected.shape.every((d, i) => typeof d !== "number" || typeof shape[i] !== "number" || d === shape[i])
  );
}

/** Containers of one kind (maps: with one type of key) whose contents agree as `agree` says; false when one is a tensor. */
function containersAgree(a: ValueType, b: ValueType, agree: (a: ValueType, b: ValueType) => boolean): boolean {
  if (a.kind === "map" && b.kind === "map") return a.key === b.key && agree(a.value, b.value);
  if (a.kind === "sequence" && b.kind === "sequence") return agree(a.element, b.element);
  return a.kind === "optional" && b.kind === "optional" && agree(a.element, b.element);
}

/** `f` on the types of what a container holds. */
export function mapContents(type: SequenceType | OptionalType | MapType, f: (type: ValueType) => ValueType): ValueType {
  return type.kind === "map" ? { ...type, value: f(type.value) } : { kind: type.kind, element: f(type.element) };
}

/** The more precise of two types that are known to describe the same value. */
export function meetTypes(a: ValueType, b: ValueType): ValueType {
  if (a.kind === "map" && b.kind === "map") return { ...a, value: meetTypes(a.value, b.value) };
  if ((a.kind === "sequence" || a.kind === "optional") && a.kind === b.kind)
    return { kind: a.kind, element: meetTypes(a.element, b.element) };
  if (a.kind !== "tensor" || b.kind !== "tensor" || a.shape === undefined) return b;
  if (b.shape === undefined || b.shape.length !== a.shape.length) return a;
  const other = b.shape;
  return tensorType(
    a.dtype,
    a.shape.map((d, i) => (typeof d === "number" || !(typeof other[i] === "number" || isUnknownDim(d)) ? d : (other[i] as Dim))),
  );
}

export function typeEquals(a: ValueType, b: ValueType): boolean {
  if (a.kind !== "tensor" || b.kind !== "tensor") return containersAgree(a, b, typeEquals);
  if (a.dtype !== b.dtype || a.shape === undefined || b.shape === undefined) return a.dtype === b.dtype && a.shape === b.shape;
  const other = b.shape;
  return a.shape.length === other.length && a.shape.every((d, i) => dimEquals(d, other[i] as Dim));
}
