// Passes that put something else in place of an If, Loop or Scan.
import type { Node, Value } from "../ir/graph.ts";
import type { Patch } from "../ir/patch.ts";
import { allGraphs } from "../ir/traverse.ts";
import type { Pass } from "./pass.ts";

/** Tries every node of the graph and its sub-graphs; a patch that is made is applied. */
export function controlPass(name: string, about: string, op: string, patchOf: (node: Node) => Patch | undefined): Pass {
  return {
    name,
    about,
    accuracy: "exact",
    run(graph, context) {
      for (const inner of [...allGraphs(graph)])
        for (const node of inner.nodes()) {
          const patch = node.op === op ? patchOf(node) : undefined;
          if (!patch) continue;
          patch.validate();
          if (!context.step(name, node)) return;
          context.check(patch, { rule: name, accuracy: "exact" }, node);
          patch.apply();
        }
    },
  };
}

/** The single element of a constant condition or count; undefined for a value that is none. */
export function known(value: Value | undefined): number | undefined {
  const storage = value?.constant;
  return storage?.size === 1 ? Number((storage.dense() as ArrayLike<number | bigint>)[0]) : undefined;
}
