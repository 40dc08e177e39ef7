// Removes nodes that give back what they get.
import { dimEquals } from "../../ir/dim.ts";
import type { Node, Value } from "../../ir/graph.ts";
import { attributeOf } from "../match.ts";
import type { Pass } from "../pass.ts";
import { constantOf } from "./constant-fold.ts";

/**
 * Lets readers of a node that changes nothing read its input.
 *
 *     x ─ Identity ─ y
 *     x ─ y
 *
 * Cases: 1. Identity  2. Dropout outside training, without a reader of its mask  3. Reshape, Expand and Flatten to the shape that the input
 * has  4. Transpose in order  5. Cast to the same dtype  6. Concat of one  7. Mul and Div by 1 (not Add of 0, which turns −0 into 0)
 * 8. Relu of Relu. Legal because the result equals the input bit for bit.
 * Accuracy: exact.
 */
export const dropNoOp: Pass = {
  name: "drop-no-op",
  about: "removes nodes that give back what they get, bit for bit",
  accuracy: "exact",
  run(graph, context) {
    for (const node of graph.nodes()) {
      const input = node.inputs[0];
      if (!input || !keeps[node.op]?.(node, input)) continue;
      // An output of the graph that is an input or a constant would need a node again when it is written.
      if (node.output.isGraphOutput && (!input.producer || input.isGraphOutput)) continue;
      if (!context.step("drop-no-op", node)) return;
      input.name ??= node.output.name;
      node.output.replaceAllUsesWith(input);
      graph.remove(node);
    }
  },
};

const keeps: Readonly<Record<string, (node: Node, input: Value) => boolean>> = {
  Identity: () => true,
  Dropout: (node) => node.outputs.slice(1).every((v) => v.users.size === 0) && !isTrue(node.inputs[2]),
  Reshape: sameShape,
  Expand: sameShape,
  Flatten: sameShape,
  Transpose: (node) => (attributeOf(node, "perm") as readonly number[] | undefined)?.every((p, i) => p === i) ?? false,
  Cast: (node, input) => node.output.type.kind === "tensor" && input.type.kind === "tensor" && node.output.type.dtype === input.type.dtype,
  Concat: (node) => node.inputs.length === 1,
  Mul: byOne,
  Div: byOne,
  Relu: (_, input) => input.producer?.op === "Relu",
};

function sameShape(node: Node, input: Value): boolean {
  const { type } = node.output;
  if (type.kind !== "tensor" || input.type.kind !== "tensor" || !type.shape || !input.type.shape) return false;
  const before = input.type.shape;
  return type.shape.length === before.length && type.shape.every((d, i) => dimEquals(d, before[i] as typeof d));
}

function byOne(node: Node, input: Value): boolean {
  const other = node.inputs[1];
  const constant = other && constantOf(other, node.graph);
  return (
    constant !== undefined && constant.size === 1 && constant.dtype !== "string" && constant.toNumbers()[0] === 1 && sameShape(node, input)
  );
}

/** Whether a training flag may be set: absent or constant false means inference. */
function isTrue(flag: Value | undefined): boolean {
  return flag !== undefined && flag.storage?.toNumbers()[0] !== 0;
}
