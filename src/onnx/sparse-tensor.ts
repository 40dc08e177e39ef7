// SparseTensorProto as a dense storage: the operators take dense tensors only, and so do most runtimes.
import { ingotError } from "../errors/error.ts";
import { formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import type { Message } from "./schema.ts";
import { shapeOf, type TensorContext, tensorToStorage } from "./tensor-proto.ts";

/** A sparse tensor's name is that of its values. */
export const sparseName = (proto: Message<"SparseTensorProto">): string => proto.values?.name ?? "";

/**
 * The tensor with its zeros. `values` is `[n]`; `indices` is `[n]` with positions in row-major order, or `[n, rank]` with one index per axis;
 * each place is named once, in ascending order. Throws `OnnxTensor`, and what `tensorToStorage` throws.
 *
 * @example
 * // dims [2, 2], values [5], indices [[1, 0]]
 * sparseToStorage(proto, { file: "m.onnx" });   // [[0, 0], [5, 0]]
 */
export function sparseToStorage(proto: Message<"SparseTensorProto">, context: TensorContext): Storage {
  const { file } = context;
  const tensor = sparseName(proto);
  const fail = (problem: string) => ingotError("OnnxTensor", { file, tensor, problem });
  if (!proto.values || !proto.indices) throw fail("a sparse tensor needs values and indices");
  const shape = shapeOf(proto.dims ?? [], tensor, file);
  const values = tensorToStorage(proto.values, context);
  const indices = tensorToStorage(proto.indices, context);
  const [count = 0] = values.shape;
  const perAxis = indices.rank === 2;
  const fits =
    values.rank === 1 && indices.dtype === "int64" && indices.shape[0] === count && (!perAxis || indices.shape[1] === shape.length);
  if (!fits || indices.rank === 0 || indices.rank > 2)
    throw fail(
      `its indices are ${indices.dtype}${formatShape(indices.shape)} for values of shape ${formatShape(values.shape)}, expected int64 [${count}] or [${count}, ${shape.length}]`,
    );
  const dense = Storage.empty(values.dtype, shape);
  const [from, to] = [values.dense(), dense.data] as { [i: number]: unknown }[];
  const places = indices.dense() as BigInt64Array;
  let last = -1;
  for (let i = 0; i < count; i++) {
    const own = perAxis ? places.subarray(i * shape.length, (i + 1) * shape.length) : places.subarray(i, i + 1);
    const place = perAxis ? positionOf(own, shape) : inside(own[0] as bigint, dense.size);
    if (place === undefined) throw fail(`the index [${own.join(", ")}] is outside of its shape ${formatShape(shape)}`);
    if (place <= last) throw fail(`its indices are not in ascending order (at number ${i})`);
    last = place;
    (to as { [i: number]: unknown })[place] = from?.[i];
  }
  return dense;
}

const inside = (index: bigint, size: number): number | undefined => (index >= 0n && index < BigInt(size) ? Number(index) : undefined);

function positionOf(indices: BigInt64Array, shape: readonly number[]): number | undefined {
  let position = 0;
  for (const [axis, size] of shape.entries()) {
    const index = inside(indices[axis] as bigint, size);
    if (index === undefined) return undefined;
    position = position * size + index;
  }
  return position;
}
