// Removes nodes and constants that no output depends on.
import type { Pass } from "../pass.ts";

/**
 * Removes what nobody reads, from the end to the beginning, so that one walk is enough.
 *
 *     x ─ Relu ─ y        a ─ Exp ─ (no reader)
 *     x ─ Relu ─ y
 *
 * Legal because operators have no effects; those that are not pure stay.
 * Accuracy: exact.
 */
export const deadCode: Pass = {
  name: "dead-code",
  about: "removes nodes whose results nobody reads; operators have no effects",
  accuracy: "exact",
  run(graph, context) {
    for (const node of graph.nodesReversed()) {
      if (node.outputs.some((v) => v.users.size > 0) || graph.schemas.get(node.op)?.pure === false) continue;
      if (!context.step("dead-code", node)) return;
      graph.remove(node);
    }
    for (const value of [...graph.initializers])
      if (value.users.size === 0 && !graph.inputs.includes(value)) graph.removeInitializer(value);
  },
};
