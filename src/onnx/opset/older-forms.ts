// How newer operators were written before their attributes became inputs: for runtimes that know no newer opset. The counterpart of
// attributes-to-inputs.ts, where the input is constant.
import type { Node, Value } from "../../ir/graph.ts";
import type { Attributes } from "../../ir/schema.ts";

/** A node as an older opset writes it. */
export interface OlderForm {
  /** The lowest opset that reads it so. */
  readonly opset: number;
  readonly inputs: readonly (Value | undefined)[];
  /** Under the names and kinds of the newest schema, apart from `folded`. */
  readonly attributes: Attributes;
  /** Inputs that became attributes of integers. */
  readonly folded: readonly (readonly [name: string, values: readonly number[]])[];
}

/** The second input, `axes`, was an attribute; negative axes count from the end since opset 11. */
function axesAsAttribute(node: Node): OlderForm | undefined {
  const [data, axes] = node.inputs;
  const { noop_with_empty_axes: noop, ...attributes } = node.attributes;
  if (!axes) return noop ? undefined : { opset: 11, inputs: [data], attributes, folded: [] };
  if (!axes.constant) return undefined;
  const values = Array.from(axes.constant.dense() as ArrayLike<number | bigint>, Number);
  // An empty list meant all axes in the attribute, as it does in the input unless that is switched off.
  if (values.length === 0 && noop) return undefined;
  return { opset: 11, inputs: [data], attributes, folded: values.length > 0 ? [["axes", values]] : [] };
}

/** By operator: undefined where the node says something that the older form cannot. */
const olderForms: Readonly<Record<string, (node: Node) => OlderForm | undefined>> = {
  ReduceL1: axesAsAttribute,
  ReduceL2: axesAsAttribute,
  ReduceLogSum: axesAsAttribute,
  ReduceLogSumExp: axesAsAttribute,
  ReduceMax: axesAsAttribute,
  ReduceMean: axesAsAttribute,
  ReduceMin: axesAsAttribute,
  ReduceProd: axesAsAttribute,
  ReduceSum: axesAsAttribute,
  ReduceSumSquare: axesAsAttribute,
  Squeeze: axesAsAttribute,
  Unsqueeze: axesAsAttribute,
};

/** The older way to write a node of the default domain, if there is one that says the same. */
export function olderForm(node: Node): OlderForm | undefined {
  return olderForms[node.op]?.(node);
}
