// The engines there are, and the choice among them.
import { IngotError, ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import type { Engine, EngineOptions, Executable } from "./engine.ts";
import { interpreterEngine } from "./interpreter/interpreter-engine.ts";
import { onnxruntimeEngine } from "./onnxruntime/onnxruntime-engine.ts";

const engines = { onnxruntime: onnxruntimeEngine, interpreter: interpreterEngine } as const satisfies Record<string, Engine>;

export type EngineName = keyof typeof engines;

/** The names of all engines, in order of preference. */
export const engineNames = Object.keys(engines) as readonly EngineName[];

/** Why an engine that nobody asked for by name gives way to the next: it does not load, or lacks a kernel for a node of the graph. */
const givesWay: ReadonlySet<string> = new Set(["EngineLibraryMissing", "EngineRejectedModel"]);

/**
 * The first of these that can run here. One that is installed but does not load, or does not take the graph, is passed over with a warning: a
 * program should not fail where another engine computes it, nor be slow without a word. ONNX Runtime's message names the node.
 */
export function firstThatLoads(candidates: readonly [Engine, ...Engine[]]): Engine {
  const [first, second, ...others] = candidates;
  if (!second) return first;
  const next = firstThatLoads([second, ...others]);
  if (first.unavailable()) return next;
  return {
    name: first.name,
    unavailable: () => undefined,
    load: () => first.load(),
    async prepare(graph: Graph, options?: EngineOptions): Promise<Executable> {
      try {
        return await first.prepare(graph, options);
      } catch (error) {
        if (!(error instanceof IngotError) || !givesWay.has(error.code)) throw error;
        process.emitWarning(`${error.summary}; the engine "${next.name}" is used instead`, { code: error.code, type: "IngotWarning" });
        return next.prepare(graph, options);
      }
    },
  };
}

/** The named engine; without a name, the first that can run here. Throws `InvalidArgument` for a name that no engine has, EngineError when it cannot run here. */
export function findEngine(name: EngineName | undefined): Engine {
  if (name === undefined) return firstThatLoads([onnxruntimeEngine, interpreterEngine]);
  const engine: Engine | undefined = Object.hasOwn(engines, name) ? engines[name] : undefined;
  if (!engine)
    throw ingotError("InvalidArgument", {
      op: "compile",
      name: "engine",
      expected: Object.keys(engines).join(" or "),
      actual: JSON.stringify(name),
      hint: "Leave it out to take ONNX Runtime where it is installed.",
    });
  const problem = engine.unavailable();
  if (problem) throw problem;
  return engine;
}
