// The limit on steps, for an engine that cannot count them: time instead.
import { ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import { allNodes } from "../ir/traverse.ts";
import type { RunOptions } from "./engine.ts";

/** What the interpreter needs for a small node, in ms, with some to spare. */
const msPerStep = 0.02;
/** In ms: a machine that is busy otherwise is not a loop without an end. */
const least = 2_000;
/** The operators whose bodies run as often as their inputs say. */
const loops: ReadonlySet<string> = new Set(["Loop", "Scan", "SequenceMap"]);

export function hasLoops(graph: Graph): boolean {
  for (const node of allNodes(graph)) if (loops.has(node.op)) return true;
  return false;
}

/**
 * Gives `run` a signal that fires with the caller's, and after the time that `maxSteps` steps take. `engine` and `graph` stand in the error.
 * Throws `StepTime`.
 */
export async function withinStepTime<T>(
  engine: string,
  graph: string,
  { signal, maxSteps }: RunOptions,
  run: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (maxSteps === undefined) return run(signal);
  const ms = Math.max(least, maxSteps * msPerStep);
  const late = new AbortController();
  // A timer of more than 2^31 ms would fire at once.
  const timer = ms < 2 ** 31 ? setTimeout(() => late.abort(), ms) : undefined;
  try {
    return await run(signal ? AbortSignal.any([signal, late.signal]) : late.signal);
  } catch (error) {
    if (!late.signal.aborted || signal?.aborted) throw error;
    throw ingotError("StepTime", { engine, graph, seconds: Math.round(ms / 1000), limit: maxSteps, more: 10 * maxSteps }, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
