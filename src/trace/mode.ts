// Train and eval mode of the modules that a model reaches, for as long as it runs and no longer.
import type { Model, ModelObject } from "./model.ts";
import type { ModelCode } from "./model-code.ts";

interface Moded extends ModelObject {
  training: boolean;
  train(mode: boolean): unknown;
}

function isModed(x: unknown): x is Moded {
  return typeof x === "object" && x !== null && "training" in x && "train" in x && typeof x.train === "function";
}

/**
 * Runs `body` with every module in the mode, those that a function captures as well; each one's own flag is put back afterwards. `body` is
 * synchronous: while others run, the model is as its owner left it.
 */
export function inMode<T>(model: Model, { captured, modules }: ModelCode, mode: "eval" | "train", body: () => T): T {
  const flags = modules.flatMap(([, m]) => (isModed(m) ? [[m, m.training] as const] : []));
  for (const root of [model, ...captured.values()]) if (isModed(root)) root.train(mode === "train");
  try {
    return body();
  } finally {
    for (const [m, training] of flags) m.training = training;
  }
}
