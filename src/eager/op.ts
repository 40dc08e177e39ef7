// An operator by its ONNX name: what `.code` is written in, and the way to operators that have no function of their own.
import type { Attributes } from "../ir/schema.ts";
import { dispatchNamed, type Operand } from "./interpreter.ts";
import type { Tensor } from "./tensor.ts";

/**
 * Performs an operator of ONNX (or one of your own) on tensors; gives its outputs. `undefined` leaves an optional input out.
 * Throws `UnknownOperator`, and GraphError for inputs or attributes that its schema does not have.
 *
 * @example
 * const [y] = op("Softmax", [x], { axis: -1 });
 * const [values, indices] = op("TopK", [x, k], {}, 2);
 */
export function op(name: string, inputs: readonly Operand[], attributes: Attributes = {}, outputCount = 1): Tensor[] {
  return dispatchNamed(name, inputs, attributes, outputCount);
}
