// What rules ask about a value: its shape, its rank, its constant contents, and whether two values have the same type for sure.
import type { Dim } from "../ir/dim.ts";
import type { Node, Value } from "../ir/graph.ts";
import { typeEquals } from "../ir/type.ts";
import type { DType } from "../tensor/dtype.ts";

/** The shape; undefined for what is no tensor or has an unknown rank. */
export function shapeOf(value: Value | undefined): readonly Dim[] | undefined {
  return value?.type.kind === "tensor" ? value.type.shape : undefined;
}

/** The shape, when all sizes are known numbers. */
export function knownShape(value: Value | undefined): readonly number[] | undefined {
  const shape = shapeOf(value);
  return shape?.every((d): d is number => typeof d === "number") ? (shape as readonly number[]) : undefined;
}

export function dtypeOf(value: Value | undefined): DType | undefined {
  return value?.type.kind === "tensor" ? value.type.dtype : undefined;
}

/** True when both are tensors of known rank with the same dtype and, symbol by symbol, the same shape. */
export function sameTypes(a: Value, b: Value): boolean {
  return shapeOf(a) !== undefined && typeEquals(a.type, b.type);
}

/** The elements of a constant integer (or boolean) tensor as numbers; undefined when it is no constant. */
export function constantInts(value: Value | undefined): readonly number[] | undefined {
  const storage = value?.constant;
  return storage && Array.from(storage.dense() as ArrayLike<number | bigint>, Number);
}

/** `axis` counted from the front; undefined when it is outside the rank. */
export function axisFromFront(axis: number, rank: number): number | undefined {
  const at = axis < 0 ? axis + rank : axis;
  return at >= 0 && at < rank ? at : undefined;
}

/** True when a node reads a graph input with a default beside its first input: a shape that a file gives may then hold for the default only. */
export function dependsOnDefault(node: Node): boolean {
  return node.inputs.some((v, i) => i > 0 && v?.isInput && v.storage !== undefined);
}
