// The one interface of everything that runs a graph. An engine lowers the portable graph to what it runs best and gives an executable.
import type { Graph } from "../ir/graph.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import type { PassReport } from "../passes/report.ts";

export interface EngineOptions {
  /** Threads inside one operator. Default: one less than the machine's cores, at least 1, so that the event loop keeps one. */
  readonly threads?: number;
  /** Passes and rules of the engine's own lowering that are switched off; `all` runs the graph as it is. */
  readonly disable?: readonly string[] | "all";
  /** Compare every rewrite of the lowering with the nodes it replaces. Default true. */
  readonly validate?: boolean;
}

export interface RunOptions {
  /** Cancels the run, inside of a loop too: its promise rejects. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The most steps that the graph's loops may take together: nodes that run inside of them, and beginnings of bodies. Beyond it the run
   * rejects with `StepLimit`, or `StepTime` on an engine that cannot count. Default: no limit.
   */
  readonly maxSteps?: number | undefined;
}

/**
 * A graph made ready to run. Runs may overlap; each gets its own activations, all share one copy of the weights.
 * `close()` waits for running calls, frees everything and may be called twice.
 */
export interface Executable extends AsyncDisposable {
  /** Name of the engine. */
  readonly engine: string;
  /** The graph that really runs, after the engine's own passes. */
  readonly graph: Graph;
  /** What the engine's own passes did, where it has some. */
  readonly lowering?: PassReport;
  /** Why the engine cannot be given these inputs, although the graph takes them; left out where it takes all. */
  refusal?(inputs: readonly RuntimeValue[]): string | undefined;
  /** One value per graph input, in order; gives one per graph output. */
  run(inputs: readonly RuntimeValue[], options?: RunOptions): Promise<RuntimeValue[]>;
  close(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  /** Undefined when the engine can run here, else the EngineError that says why not. */
  unavailable(): Error | undefined;
  /** Loads what `prepare` needs of the machine (a library), so that `prepare` begins its native work before its first turn of the event loop ends. */
  load(): Promise<void>;
  /** Throws EngineError when the engine cannot load or does not take the graph. The graph is not changed. */
  prepare(graph: Graph, options?: EngineOptions): Promise<Executable>;
}
