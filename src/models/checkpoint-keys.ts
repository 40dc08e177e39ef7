// Language models are published under keys of several generations: with or without the prefix of the model inside, with buffers that are
// computed today, with the heads of other tasks. This brings such a state dict to the keys of the model that it is loaded into.
import type { Tensor } from "../eager/tensor.ts";
import type { Module } from "../nn/module.ts";

/** What is special about the checkpoints of one family. */
export interface KeyRules {
  /** The path of the headless model inside of the models with a head: `bert`, `transformer`, `model`. */
  readonly base: string;
  /** Keys that hold no weight of this model: masks and tables that are computed here, heads of other tasks. */
  readonly ignored: RegExp;
  /** Older names: endings of keys and what they are called today. */
  readonly renamed?: Readonly<Record<string, string>>;
}

/** The state dict under the keys of `model`. Keys that nothing explains stay, so that loading them is an error. */
export function adaptKeys(model: Module, state: ReadonlyMap<string, Tensor>, rules: KeyRules): Map<string, Tensor> {
  const own = model.stateDict();
  const { base } = rules;
  const adapted = new Map<string, Tensor>();
  for (const [given, tensor] of state) {
    const key = renamed(given, rules.renamed ?? {});
    const candidates = [key, `${base}.${key}`, key.startsWith(`${base}.`) ? key.slice(base.length + 1) : key];
    // Where a key stands there in its own right, another form of it is not a name for it.
    const found = candidates.find((candidate) => own.has(candidate) && (candidate === given || !state.has(candidate)));
    if (found !== undefined) adapted.set(found, tensor);
    else if (!rules.ignored.test(key)) adapted.set(given, tensor);
  }
  return adapted;
}

function renamed(key: string, names: Readonly<Record<string, string>>): string {
  const old = Object.keys(names).find((ending) => key.endsWith(ending));
  return old === undefined ? key : key.slice(0, -old.length) + names[old];
}
