// A Parameter is a tensor that a Module owns as a weight. It is a Tensor in every respect; only its class tells it apart, so that a
// property that holds one is found by parameters() and stateDict().
import { currentInterpreter } from "../eager/interpreter.ts";
import { isTensor } from "../eager/operand.ts";
import { Tensor } from "../eager/tensor.ts";

/**
 * A weight of a module. Shares the memory of the tensor it is made from. Tensors are immutable: to change a weight, assign
 * another Parameter to the property, or use `module.setParameter(path, tensor)`.
 *
 * @example
 * class Scale extends nn.Module {
 *   gain = new nn.Parameter(ones([3, 1, 1]));
 *   forward(x) { return x.mul(this.gain); }
 * }
 */
export class Parameter extends Tensor {
  /** Marks parameters across copies of the package. */
  declare readonly isIngotParameter: true;

  constructor(data: Tensor) {
    // While a model is recorded, turning a computed tensor into a parameter takes its values out of the graph: a read.
    super(data.dtype, data.shape, currentInterpreter().read(data, "Parameter"));
  }
}
Object.defineProperty(Parameter.prototype, "isIngotParameter", { value: true });

export function isParameter(x: unknown): x is Parameter {
  return isTensor(x) && "isIngotParameter" in x;
}
