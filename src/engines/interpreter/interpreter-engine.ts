// The reference engine: the operators' own kernels, node by node, with memory reuse. It computes in slices, so that the event loop turns.
import type { Graph } from "../../ir/graph.ts";
import { runGraphInSlices } from "../../ops/run-graph.ts";
import type { RuntimeValue } from "../../ops/runtime-value.ts";
import type { Engine, Executable, RunOptions } from "../engine.ts";

/** Runs graphs of any operator that Ingot knows; needs nothing installed. */
export const interpreterEngine: Engine = {
  name: "interpreter",
  unavailable: () => undefined,
  prepare: async (graph) => new InterpreterExecutable(graph),
};

class InterpreterExecutable implements Executable {
  readonly engine = "interpreter";
  readonly graph: Graph;
  readonly #running = new Set<Promise<unknown>>();

  constructor(graph: Graph) {
    this.graph = graph;
  }

  run(inputs: readonly RuntimeValue[], options: RunOptions = {}): Promise<RuntimeValue[]> {
    const result = runGraphInSlices(this.graph, inputs, { reuseMemory: true, signal: options.signal });
    this.#running.add(result);
    const done = () => this.#running.delete(result);
    result.then(done, done);
    return result;
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
