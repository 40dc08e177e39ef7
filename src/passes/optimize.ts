// The optimiser as users call it: a graph in, a better one out, with the report of what was done; and why a rule did not fire.
import type { Graph } from "../ir/graph.ts";
import { cloneGraph } from "../ir/traverse.ts";
import { type PipelineOptions, runPasses } from "./manager.ts";
import { findRule } from "./names.ts";
import type { Pass, Target } from "./pass.ts";
import { onnxruntimePasses, portablePasses } from "./pipelines.ts";
import type { PassReport } from "./report.ts";
import { type Explanation, explainRule, type Rule } from "./rewriter.ts";

export interface OptimizeOptions extends PipelineOptions {
  /** Further passes, such as rules of your own; they run with the built-in ones until nothing changes. */
  readonly rules?: readonly Pass[];
  /** All passes, instead of the built-in ones of the target. */
  readonly passes?: readonly Pass[];
}

export interface Optimized {
  readonly graph: Graph;
  readonly report: PassReport;
}

const lowering: Readonly<Record<Target, readonly Pass[]>> = { portable: [], onnxruntime: onnxruntimePasses };

/**
 * Gives an optimised copy; `graph` stays as it is. Every rewrite is compared with what it replaces before it is applied.
 *
 * Throws `UnknownPass`, `RewriteNotEquivalent` when a rule does not keep what the graph computes, `InvalidPatch` when its replacement does not
 * fit, `PassesDoNotSettle`.
 *
 * @example
 * const mine = defineRule({ name: "tanh-tanh", … });
 * const { graph, report } = optimize(traced.graph, { rules: [mine], target: "onnxruntime" });
 * console.log(String(report));
 */
export function optimize(graph: Graph, options: OptimizeOptions = {}): Optimized {
  const { passes, rules = [], ...rest } = options;
  const copy = cloneGraph(graph).graph;
  const list = passes ?? [...portablePasses, ...lowering[options.target ?? "portable"]];
  return { graph: copy, report: runPasses(copy, [...list, ...rules], rest) };
}

/**
 * For each node that could be the root of a rule's pattern: whether the rule fires there, and if not, why. `rule` is a rule of yours or the
 * name of a built-in one. Throws `UnknownPass`, `PassWithoutPattern`.
 *
 * @example
 * for (const { op, fires, reason, where } of explain(graph, "fold-conv-batchnorm")) if (!fires) console.log(`${op} at ${where}: ${reason}`);
 */
export function explain(graph: Graph, rule: string | Rule): Explanation[] {
  return explainRule(graph, typeof rule === "string" ? findRule(rule) : rule);
}
