// Joins a convolution and the residual sum behind it into ONNX Runtime's FusedConv.
import { dimEquals } from "../../ir/dim.ts";
import type { Node, Value } from "../../ir/graph.ts";
import { readsOf } from "../../ir/traverse.ts";
import type { Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { fusable } from "./fuse-conv-activation.ts";

/**
 * Adds a residual inside the convolution that it is added to.
 *
 *     x ─ Conv(W, b) ─ Add(z) ─ y
 *     x ─ FusedConv(W, b, z) ─ y
 *
 * Legal when nothing else reads the convolution, and z has exactly its shape (no broadcasting).
 * Accuracy: ulp. Source: com.microsoft.FusedConv-1, fourth input.
 */
export const fuseConvAdd = defineRule({
  name: "fuse-conv-add",
  about: "adds a residual of the same shape inside the convolution; nothing else reads the convolution",
  accuracy: "ulp",
  targets: ["onnxruntime"],
  pattern: (op, v) => op.Add(op.Conv(v("x"), v("w"), v("b").constant()).single().as("conv"), v("z")),
  check: (m) => fusable(m) ?? residualFits(m),
  replacement: (op, m) => {
    const conv = m.node("conv");
    return op.call("com.microsoft.FusedConv", [...conv.inputs, m.value("z")], conv.attributes);
  },
});

function residualFits(m: Match): true | string {
  const z = m.value("z");
  const sum = m.value("conv");
  if (z.type.kind !== "tensor" || sum.type.kind !== "tensor" || !z.type.shape || !sum.type.shape)
    return "the residual's shape is not known";
  const shape = sum.type.shape;
  if (z.type.shape.length !== shape.length || !z.type.shape.every((d, i) => dimEquals(d, shape[i] as typeof d)))
    return "the residual has another shape, so it is broadcast";
  return dependsOn(z, m.node("conv")) ? "the residual depends on the convolution" : true;
}

/** Whether a value is computed from a node; walks back only as far as the node's own place. */
function dependsOn(value: Value, node: Node): boolean {
  const pending = [value];
  const seen = new Set<Value>();
  for (let v = pending.pop(); v; v = pending.pop()) {
    const producer = v.producer;
    if (seen.has(v) || !producer || producer.graph !== node.graph) continue;
    seen.add(v);
    if (producer === node) return true;
    if (producer.isBefore(node)) continue;
    pending.push(...readsOf(producer));
  }
  return false;
}
