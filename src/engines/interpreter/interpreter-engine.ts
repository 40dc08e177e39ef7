// The reference engine: the operators' own kernels, node by node, with memory reuse. It computes in slices, so that the event loop turns.
import { ingotError } from "../../errors/error.ts";
import type { Graph } from "../../ir/graph.ts";
import { runGraphInSlices } from "../../ops/run-graph.ts";
import type { RuntimeValue } from "../../ops/runtime-value.ts";
import type { Engine, EngineOptions, Executable, RunOptions } from "../engine.ts";
import { abortedOr, throwIfAborted } from "../run-aborted.ts";
import { checkThreads } from "../threads.ts";

/** Runs graphs of any operator that Ingot knows; needs nothing installed. Computes on one thread, whatever `threads` says. */
export const interpreterEngine: Engine = {
  name: "interpreter",
  unavailable: () => undefined,
  load: async () => {},
  async prepare(graph: Graph, { threads }: EngineOptions = {}) {
    if (threads !== undefined) checkThreads("threads", threads);
    return new InterpreterExecutable(graph);
  },
};

class InterpreterExecutable implements Executable {
  readonly engine = "interpreter";
  readonly graph: Graph;
  readonly #running = new Set<Promise<unknown>>();
  #closed = false;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  async run(inputs: readonly RuntimeValue[], { signal, maxSteps }: RunOptions = {}): Promise<RuntimeValue[]> {
    if (this.#closed) throw ingotError("EngineClosed", { action: "run" });
    throwIfAborted(signal);
    const result = runGraphInSlices(this.graph, inputs, { reuseMemory: true, signal, maxSteps });
    this.#running.add(result);
    try {
      return await result;
    } catch (error) {
      throw abortedOr(error, signal);
    } finally {
      this.#running.delete(result);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
