// The names of passes and rules, as users write them to switch one off, to stop at one, or to ask why one did not fire.
import { ingotError } from "../errors/error.ts";
import { suggestion } from "../errors/nearest.ts";
import type { Pass } from "./pass.ts";
import * as pipelines from "./pipelines.ts";
import type { Rule } from "./rewriter.ts";

/** The passes of all built-in pipelines, each once. */
function builtinPasses(): readonly Pass[] {
  return [...new Set(Object.values(pipelines).flatMap((list) => (Array.isArray(list) ? (list as readonly Pass[]) : [])))];
}

/** The name of a pass and those of the rules in it. */
export function namesOf(pass: Pass): readonly string[] {
  return [pass.name, ...(pass.rules ?? []).map((r) => r.name).filter((name) => name !== pass.name)];
}

/** Those of `names` that a built-in pass or rule has; rules of users mean nothing to an engine's own passes. */
export function builtinNames(names: readonly string[]): readonly string[] {
  const known = new Set(builtinPasses().flatMap(namesOf));
  return names.filter((name) => known.has(name));
}

/** Throws `UnknownPass` for a name that neither `passes` nor any built-in pipeline has. */
export function checkPassNames(names: readonly string[], passes: readonly Pass[]): void {
  if (names.length === 0) return;
  const known = [...new Set([...builtinPasses(), ...passes].flatMap(namesOf))].sort();
  for (const name of names) if (!known.includes(name)) throw unknownPass(name, known);
}

/** The rule of this name among `passes` and the built-in ones. Throws `UnknownPass`, and `PassWithoutPattern` for a pass that is no rule. */
export function findRule(name: string, passes: readonly Pass[] = []): Rule {
  const all = [...passes, ...builtinPasses()];
  const rule = all.flatMap((p) => p.rules ?? []).find((r) => r.name === name);
  if (rule) return rule;
  const rules = [...new Set(all.flatMap((p) => p.rules ?? []).map((r) => r.name))].sort();
  if (all.some((p) => p.name === name)) throw ingotError("PassWithoutPattern", { name, rules: rules.join(", ") });
  throw unknownPass(name, rules);
}

function unknownPass(name: string, known: readonly string[]): Error {
  return ingotError("UnknownPass", { name: JSON.stringify(name), suggestion: suggestion(name, known, ""), known: known.join(", ") });
}
