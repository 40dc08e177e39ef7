// Finds what broke a graph: the first rewrite after which it no longer agrees with eager, by halving the number of steps.
import { ingotError, type Reproduction } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import { formatProvenance } from "../ir/provenance.ts";
import { cloneGraph } from "../ir/traverse.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import { runPasses } from "../passes/manager.ts";
import type { Pass, Step, Target } from "../passes/pass.ts";
import type { Comparison } from "./compare.ts";
import { withReproduction, writeReproduction } from "./reproduction.ts";

export interface BisectResult {
  /** The first step after which the check fails. */
  readonly step: Step;
  /** Error of the worst output just before and just after it. */
  readonly errorBefore: number;
  readonly errorAfter: number;
  /** The files that show the step alone, where they were asked for. */
  readonly reproduction?: Reproduction;
}

export interface BisectOptions {
  readonly target?: Target;
  readonly disable?: readonly string[];
  /** Where to write the nodes of the wrong step: see `writeReproduction`. Needs `inputs`. */
  readonly reproduction?: string;
  /** The inputs of the failed check. */
  readonly inputs?: readonly RuntimeValue[];
}

/**
 * `check` runs a graph and compares it. Undefined when the graph fails without any rewrite, or passes with all of them.
 * Runs the pipeline and the check about log₂(steps) times.
 */
export async function bisectPasses(
  source: Graph,
  passes: readonly Pass[],
  check: (graph: Graph) => Promise<Comparison>,
  options: BisectOptions = {},
): Promise<BisectResult | undefined> {
  const { reproduction, inputs, ...pipeline } = options;
  const after = async (steps: number) => {
    const { graph } = cloneGraph(source);
    const report = runPasses(graph, passes, { ...pipeline, stopAt: steps, validate: false });
    return { report, comparison: await check(graph) };
  };
  const whole = await after(Number.POSITIVE_INFINITY);
  if (whole.comparison.ok) return undefined;
  let good = 0;
  let bad = whole.report.journal.length;
  const start = await after(0);
  if (!start.comparison.ok) return undefined;
  let before = start.comparison;
  let failing = whole;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    const tried = await after(middle);
    if (tried.comparison.ok) {
      good = middle;
      before = tried.comparison;
    } else {
      bad = middle;
      failing = tried;
    }
  }
  const step = failing.report.journal[bad - 1] ?? whole.report.journal[bad - 1];
  if (!step) return undefined;
  const request = reproduction && inputs && { path: reproduction, passes, options: pipeline, inputs, step: step.number };
  const files = request ? await writeReproduction(source, request) : undefined;
  return { step, errorBefore: worst(before), errorAfter: worst(failing.comparison), ...(files && { reproduction: files }) };
}

/** The bisection in words, for an error's notes. */
export function describeBisect({ step, errorBefore, errorAfter, reproduction }: BisectResult): string[] {
  const place = formatProvenance(step.provenance);
  return [
    `first wrong step: ${step.number}, pass ${step.pass}, rule ${step.rule}, at ${step.op}${place ? ` from ${place}` : ""}`,
    `error before it ${errorBefore.toExponential(2)}, after it ${errorAfter.toExponential(2)}`,
    ...(reproduction
      ? [
          `the replaced nodes are in ${reproduction.model}, their replacement in ${reproduction.replacement}, tensors in ${reproduction.tensors}`,
        ]
      : []),
  ];
}

function worst(comparison: Comparison): number {
  return Math.max(0, ...comparison.outputs.map((o) => (o.ok || o.maxRelative > 0 ? o.maxRelative : Number.POSITIVE_INFINITY)));
}

/** The error of a failed check, with what bisection found. */
export function notEquivalent(what: string, problem: string, found: BisectResult | undefined): Error {
  const hint = found
    ? `Switch the rule off to go on: { disable: ["${found.step.rule}"] }, and please report it.`
    : "No single rewrite explains it: the engine or a kernel disagrees. Try another engine, and please report it.";
  const error = ingotError("NotEquivalent", { what, problem, hint }, { notes: found ? describeBisect(found) : [] });
  return withReproduction(error, found?.reproduction);
}
