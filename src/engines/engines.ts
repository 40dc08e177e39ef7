// The engines there are, and the choice among them.
import { ingotError } from "../errors/error.ts";
import type { Engine } from "./engine.ts";
import { interpreterEngine } from "./interpreter/interpreter-engine.ts";
import { onnxruntimeEngine } from "./onnxruntime/onnxruntime-engine.ts";

/** In order of preference. */
const engines = { onnxruntime: onnxruntimeEngine, interpreter: interpreterEngine } as const satisfies Record<string, Engine>;

export type EngineName = keyof typeof engines;

/** The names of all engines, in order of preference. */
export const engineNames = Object.keys(engines) as readonly EngineName[];

/** The named engine; without a name, the first that can run here. Throws `InvalidArgument` for a name that no engine has, EngineError when it cannot run here. */
export function findEngine(name: EngineName | undefined): Engine {
  if (name === undefined) return Object.values(engines).find((e) => e.unavailable() === undefined) ?? interpreterEngine;
  const engine: Engine | undefined = engines[name];
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
