// Types of values: tensors with a dtype and symbolic dims, and the containers ONNX has.
import { type DType, dtypeInfo } from "../tensor/dtype.ts";
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
export type ValueType = TensorType | SequenceType | OptionalType;

/** @example tensorType("float32", [symbol("batch"), 3, 224, 224]) */
export function tensorType(dtype: DType, shape?: readonly Dim[]): TensorType {
  return { kind: "tensor", dtype, shape };
}

/** `float[batch,3,224,224]`, as ONNX's text syntax writes it. */
export function formatType(type: ValueType): string {
  if (type.kind === "sequence") return `seq(${formatType(type.element)})`;
  if (type.kind === "optional") return `optional(${formatType(type.element)})`;
  const name = dtypeInfo(type.dtype).text;
  if (type.shape === undefined) return `${name}[]`;
  return type.shape.length === 0 ? name : `${name}[${type.shape.map((d) => (isUnknownDim(d) ? "?" : String(d))).join(",")}]`;
}

/** True when a value of `actual` may stand where `expected` is declared; unknown ranks and dims fit anything. */
export function typeFits(actual: ValueType, expected: ValueType): boolean {
  if (actual.kind !== "tensor" || expected.kind !== "tensor") {
    return actual.kind !== "tensor" && expected.kind === actual.kind && typeFits(actual.element, expected.element);
  }
  if (actual.dtype !== expected.dtype) return false;
  const { shape } = actual;
  if (shape === undefined || expected.shape === undefined) return true;
  // A symbol may turn out equal to a number: only two different numbers contradict each other.
  return (
    shape.length === expected.shape.length &&
    expected.shape.every((d, i) => typeof d !== "number" || typeof shape[i] !== "number" || d === shape[i])
  );
}

/** The more precise of two types that are known to describe the same value. */
export function meetTypes(a: ValueType, b: ValueType): ValueType {
  if (a.kind !== "tensor" || b.kind !== "tensor" || a.shape === undefined) return b;
  if (b.shape === undefined || b.shape.length !== a.shape.length) return a;
  const other = b.shape;
  return tensorType(
    a.dtype,
    a.shape.map((d, i) => (typeof d === "number" || !(typeof other[i] === "number" || isUnknownDim(d)) ? d : (other[i] as Dim))),
  );
}

export function typeEquals(a: ValueType, b: ValueType): boolean {
  if (a.kind !== "tensor" || b.kind !== "tensor") return a.kind !== "tensor" && a.kind === b.kind && typeEquals(a.element, b.element);
  if (a.dtype !== b.dtype || a.shape === undefined || b.shape === undefined) return a.dtype === b.dtype && a.shape === b.shape;
  const other = b.shape;
  return a.shape.length === other.length && a.shape.every((d, i) => dimEquals(d, other[i] as Dim));
}
