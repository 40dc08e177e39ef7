// Removes nodes and constants that no output depends on.
import { allGraphs, hasEffect, isDead } from "../../ir/traverse.ts";
import type { Pass } from "../pass.ts";

/**
 * Removes what nobody reads, from the end to the beginning, so that one walk is enough; in sub-graphs too.
 *
 *     x ─ Relu ─ y        a ─ Exp ─ (no reader)
 *     x ─ Relu ─ y
 *
 * Legal because operators have no effects; those that raise or draw random numbers stay, and so does an If or Loop around one.
 * Accuracy: exact.
 */
export const deadCode: Pass = {
  name: "dead-code",
  about: "removes nodes whose results nobody reads; operators have no effects",
  accuracy: "exact",
  run(graph, context) {
    // Sub-graphs first: what only their dead nodes read is dead too.
    for (const inner of [...allGraphs(graph)].reverse()) {
      for (const node of inner.nodesReversed()) {
        if (!isDead(node) || hasEffect(node)) continue;
        if (!context.step("dead-code", node)) return;
        inner.remove(node);
      }
      for (const value of [...inner.initializers])
        if (value.users.size === 0 && !inner.inputs.includes(value)) inner.removeInitializer(value);
    }
  },
};
