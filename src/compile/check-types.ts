// The tensors of a call against the types of the graph's inputs: dtypes, ranks, fixed sizes, and ranges of named ones.
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { type Dim, evaluateDim } from "../ir/dim.ts";
import type { Graph } from "../ir/graph.ts";
import type { TensorType, ValueType } from "../ir/type.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Bound } from "./container-values.ts";
import type { Signature } from "./signature.ts";

/** Throws `InputDType` and `InputShape`: tensors have the dtypes and shapes of the graph's inputs, and a named size is one everywhere. */
export function checkTypes(module: string, graph: Graph, signature: Signature, bound: readonly Bound[]): void {
  const sizes: Sizes = new Map();
  graph.inputs.forEach((input, i) => {
    checkType(module, input.name ?? `input ${i}`, bound[i] ?? null, input.type, signature, sizes);
  });
}

/** The tensors of a container may differ in their named dimensions; of those only the ranks are checked. */
const unnamed = { symbols: [] };

function checkType(module: string, name: string, value: Bound, type: ValueType, signature: Pick<Signature, "symbols">, sizes: Sizes): void {
  if (type.kind === "optional" && value !== null) checkType(module, name, value, type.element, unnamed, new Map());
  if (type.kind === "sequence" && Array.isArray(value))
    value.forEach((item: Bound, i) => {
      checkType(module, `${name}.${i}`, item, type.element, unnamed, new Map());
    });
  if (type.kind === "tensor" && isTensor(value)) checkTensor(module, name, value, type, signature, sizes);
}

function checkTensor(
  module: string,
  name: string,
  tensor: Tensor,
  type: TensorType,
  signature: Pick<Signature, "symbols">,
  sizes: Sizes,
): void {
  if (tensor.dtype !== type.dtype) throw ingotError("InputDType", { name, module, actual: tensor.dtype, expected: type.dtype });
  const { shape } = type;
  if (!shape) return;
  const fail = (problem: string, hint: string) =>
    ingotError("InputShape", {
      name,
      module,
      actual: formatShape(tensor.shape),
      expected: formatShape(shape.map(String)),
      problem,
      hint,
    });
  if (tensor.rank !== shape.length)
    throw fail(
      `it has ${tensor.rank} dimensions instead of ${shape.length}`,
      tensor.rank === shape.length - 1 ? `Add the missing dimension: ${name}.unsqueeze(0).` : "Reshape it.",
    );
  shape.forEach((dim, axis) => checkDim(dim, tensor.shape[axis] as number, axis, name, signature, sizes, fail));
}

/** A name as a key in an object literal. */
const quoted = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

type Sizes = Map<string, { size: number; where: string }>;

function checkDim(
  dim: Dim,
  size: number,
  axis: number,
  name: string,
  signature: Pick<Signature, "symbols">,
  sizes: Sizes,
  fail: (problem: string, hint: string) => Error,
): void {
  if (typeof dim === "number") {
    if (dim === size) return;
    throw fail(
      `axis ${axis} is ${size} instead of ${dim}`,
      `To accept other sizes there, trace with dynamic: { ${quoted(name)}: { ${axis}: "size" } }.`,
    );
  }
  const range = signature.symbols.find((s) => s.name === dim.key);
  if (!range) {
    const known = evaluateDim(dim, new Map([...sizes].map(([k, v]) => [k, v.size])));
    if (known !== undefined && known !== size)
      throw fail(`axis ${axis} is ${size} instead of ${dim} = ${known}`, "Give the inputs sizes that fit each other.");
    return;
  }
  if (size < range.min || size > range.max)
    throw fail(`${range.name} is ${size}, outside ${range.min} to ${range.max}`, "Trace with a wider range to accept it.");
  if (size % range.multiple !== 0) throw fail(`${range.name} is ${size}, not a multiple of ${range.multiple}`, "Pad or resize the input.");
  const before = sizes.get(range.name);
  if (before && before.size !== size)
    throw fail(`${range.name} is ${size} here but ${before.size} in ${before.where}`, "Dimensions with one name must have one size.");
  if (!before) sizes.set(range.name, { size, where: `${name} (axis ${axis})` });
}
