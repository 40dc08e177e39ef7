// Why a rule does or does not fire in a given graph: asked at the moment when its turn comes.
import type { Graph } from "../ir/graph.ts";
import { findRule, namesOf } from "../passes/names.ts";
import { optimize } from "../passes/optimize.ts";
import type { Pass } from "../passes/pass.ts";
import { onnxruntimePasses, portablePasses } from "../passes/pipelines.ts";
import { type Explanation, explainRule } from "../passes/rewriter.ts";

/**
 * What a rule says about every node that could be its root when its first turn comes: what it waits for has been done then, and what a
 * later rule takes away from it has not. Throws `UnknownPass`, and `PassWithoutPattern` for a pass that has no reasons to give.
 */
export function explainInTurn(graph: Graph, name: string): readonly Explanation[] {
  const rule = findRule(name);
  let said: readonly Explanation[] | undefined;
  const asked = (pass: Pass): Pass => {
    if (!namesOf(pass).includes(name)) return pass;
    const run: Pass["run"] = (g, context) => {
      said ??= explainRule(g, rule);
      pass.run(g, context);
    };
    return { ...pass, run };
  };
  const { graph: portable } = optimize(graph, { passes: portablePasses.map(asked) });
  if (said === undefined) optimize(portable, { passes: onnxruntimePasses.map(asked), target: "onnxruntime" });
  return said ?? [];
}
