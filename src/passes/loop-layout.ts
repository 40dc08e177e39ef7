// Where the states, scan outputs and other values of a Loop or Scan stand among the inputs and outputs of node and body.
import type { Graph, Node, Value } from "../ir/graph.ts";
import { known } from "./control-pass.ts";
import { knownShape } from "./value-facts.ts";

export interface LoopLayout {
  readonly body: Graph;
  /** How many states are carried. */
  readonly states: number;
  /** Inputs of the node, inputs of the body and outputs of the body that stand before the states. */
  readonly before: { readonly inputs: number; readonly bodyInputs: number; readonly bodyOutputs: number };
}

/** Undefined for nodes that are neither a Loop nor a Scan. */
export function loopLayout(node: Node): LoopLayout | undefined {
  const body = node.attributes.body as Graph;
  if (node.op === "Loop")
    return { body, states: Math.max(0, node.inputs.length - 2), before: { inputs: 2, bodyInputs: 2, bodyOutputs: 1 } };
  if (node.op !== "Scan") return undefined;
  const states = node.inputs.length - (node.attributes.num_scan_inputs as number);
  return { body, states, before: { inputs: 0, bodyInputs: 0, bodyOutputs: 0 } };
}

/** True for a loop whose body runs at least once, whatever the inputs are. */
export function surelyRuns(node: Node): boolean {
  if (node.op === "Loop") {
    const [count, start] = node.inputs;
    return (count === undefined || (known(count) ?? 0) >= 1) && (start === undefined || known(start) === 1);
  }
  const scanned: Value | undefined = node.inputs[node.inputs.length - 1];
  const axes = node.attributes.scan_input_axes as readonly number[] | undefined;
  const shape = knownShape(scanned);
  return shape !== undefined && (shape.at(axes?.at(-1) ?? 0) ?? 0) >= 1;
}
