// What an exception leaves unreached.

import { allGraphs, hasEffect, isDead } from "../../ir/traverse.ts";
import { raiseOp } from "../../onnx/raise-nodes.ts";
import type { Pass } from "../pass.ts";

/**
 * Removes effects behind a Raise of the same graph.
 *
 *     If (c) { then: Raise <message: "m">; Raise <message: "n">; … }
 *     If (c) { then: Raise <message: "m">; … }
 *
 * Legal because the first Raise ends the run: nothing behind it in its branch is ever done. Nodes that are read stay, for the types of the
 * outputs. Accuracy: exact.
 */
export const unreachedEffect: Pass = {
  name: "unreached-effect",
  about: "removes effects behind a Raise of the same branch, which ends the run; nothing behind it is ever done",
  accuracy: "exact",
  run(graph, context) {
    for (const inner of [...allGraphs(graph)].reverse()) {
      let raised = false;
      for (const node of inner.nodes()) {
        if (raised && isDead(node) && hasEffect(node)) {
          if (!context.step("unreached-effect", node)) return;
          inner.remove(node);
        }
        raised ||= node.op === raiseOp;
      }
    }
  },
};
