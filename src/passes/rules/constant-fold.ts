// Computes at compile time what depends on constants only, and shape arithmetic whose sizes are known.
import type { Node } from "../../ir/graph.ts";
import { Patch } from "../../ir/patch.ts";
import { allNodes, isDead } from "../../ir/traverse.ts";
import type { OpDefinition } from "../../ops/define.ts";
import { evaluateOp } from "../../ops/evaluate.ts";
import { Storage } from "../../tensor/storage.ts";
import type { Pass } from "../pass.ts";

/** A result may be larger than what it is made of by at most so many bytes: a small seed must not become a large file. */
const growthBudget = 4 * 2 ** 20;

/**
 * Replaces a node by its value when all its inputs are constant, or when its integer result is known from the shapes.
 *
 *     2, 3 ─ Add ─ y          x[4, 5] ─ Shape ─ y
 *     5 ─ y                   [4, 5] ─ y
 *
 * In branches and bodies of loops as well, where constants of the graphs around them count.
 * Legal because the same kernel computes the value now that would compute it later. Operators that draw random numbers are left alone, as
 * are results that would grow the file by more than 4 MiB.
 * Accuracy: exact.
 */
export const constantFold: Pass = {
  name: "constant-fold",
  about: "computes what depends on constants only; the kernel that would run later runs now",
  accuracy: "exact",
  run(graph, context) {
    for (const node of allNodes(graph)) {
      if (isDead(node)) continue;
      const known = knownFromShapes(node);
      const folded = known ?? computed(node);
      if (!folded) continue;
      if (!context.step("constant-fold", node)) return;
      const patch = new Patch(node.graph, "constant-fold");
      node.outputs.forEach((output, i) => {
        if (output.users.size > 0) patch.shunt(output, patch.constant(folded[i] as Storage, output.name));
      });
      // What the kernel itself computed is right by the way it was made; what inference says is compared with the kernel.
      context.check(patch, known && { rule: "constant-fold", accuracy: "exact" }, node);
      patch.apply();
    }
  },
};

/** Shape arithmetic: an int64 or int32 result whose elements are all known numbers. */
function knownFromShapes(node: Node): Storage[] | undefined {
  const only = node.outputs[0];
  if (node.outputs.length !== 1 || only?.type.kind !== "tensor" || !only.dims || node.graph.schemas.get(node.op)?.pure === false)
    return undefined;
  const { dtype, shape } = only.type;
  if ((dtype !== "int64" && dtype !== "int32") || !only.dims.every((d) => typeof d === "number") || !shape || shape.length > 1)
    return undefined;
  return [Storage.from(dtype, only.dims as number[], shape.length === 0 ? [] : [only.dims.length])];
}

function computed(node: Node): readonly Storage[] | undefined {
  const definition = node.graph.schemas.get(node.op) as OpDefinition | undefined;
  if (!definition?.evaluate || definition.pure === false || node.subgraphs.length > 0) return undefined;
  const inputs = node.inputs.map((v) => v?.constant);
  if (inputs.some((s, i) => node.inputs[i] && !s)) return undefined;
  const budget = growthBudget + inputs.reduce((n, s) => n + (s?.byteSize ?? 0), 0);
  if (outputBytes(node) > budget) return undefined;
  const values = evaluateOp(definition, inputs, node.attributes, { outputCount: node.outputs.length });
  if (!values.every((v) => v instanceof Storage)) return undefined;
  if ((values as Storage[]).reduce((n, s) => n + s.byteSize, 0) > budget) return undefined;
  // A view of a large constant must not keep it alive, nor a broadcast one be written as it looks.
  return (values as Storage[]).map((s) => s.contiguous());
}

/** The bytes of the outputs as far as their types tell. */
function outputBytes(node: Node): number {
  return node.outputs.reduce((n, v) => {
    if (v.type.kind !== "tensor" || !v.type.shape?.every((d) => typeof d === "number")) return n;
    return n + 4 * (v.type.shape as number[]).reduce((a, b) => a * b, 1);
  }, 0);
}
