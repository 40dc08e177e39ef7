// Whether what a handler gives as the model's inputs can be run: a wrong type would only be found inside of the engine, and rows that do not match
// would shift the answers of a batch.
import { isTensor } from "../../eager/operand.ts";
import type { Tensor } from "../../eager/tensor.ts";
import type { ModelIo, TensorSpec } from "../wire/messages.ts";

/** Throws Error, for the operator's log: the client can do nothing about it. */
export function checkHandlerInputs(tensors: unknown, { inputs, batches }: ModelIo): asserts tensors is readonly Tensor[] {
  const expected = `preprocess must give ${inputs.length === 1 ? "one tensor" : `${inputs.length} tensors`} in an array: ${inputs.map(describe).join(", ")}`;
  if (!Array.isArray(tensors) || tensors.length !== inputs.length || !tensors.every(isTensor)) {
    throw new Error(`${expected}; it gave ${Array.isArray(tensors) ? `an array of ${tensors.length}` : typeof tensors}`);
  }
  for (const [i, spec] of inputs.entries()) {
    const { dtype, shape } = tensors[i] as Tensor;
    const fits =
      spec.shape === undefined ||
      (spec.shape.length === shape.length && spec.shape.every((d, k) => typeof d === "string" || d === shape[k]));
    if (dtype !== spec.dtype || !fits) throw new Error(`${expected}; ${spec.name} is ${dtype}[${shape.join(", ")}]`);
  }
  const rows = new Set(batches ? tensors.map((t) => (t as Tensor).shape[0]) : []);
  if (rows.size > 1) throw new Error(`${expected}; their first axes, which are the batch, have ${[...rows].join(", ")} rows`);
}

const describe = ({ name, dtype, shape }: TensorSpec) => `${name} ${dtype}[${shape?.join(", ") ?? "…"}]`;
