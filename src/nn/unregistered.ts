// Finds modules and parameters that a module holds inside a plain array or record: no traversal would see them, and their weights would be
// missing from the state dict without a word.
import { ingotError } from "../errors/error.ts";
import { isModule, type Module } from "./module.ts";
import { isParameter } from "./parameter.ts";

/** Throws `ModulesNotRegistered` unless everything in arrays and plain records of `module` is also `known`. */
export function unregistered(module: Module, known: ReadonlySet<Module>): void {
  for (const [property, held] of Object.entries(module)) {
    const [kind, wrapper, items] = Array.isArray(held)
      ? (["an array", "ModuleList", held] as const)
      : isRecord(held)
        ? (["a record", "ModuleDict", Object.values(held)] as const)
        : ["", "", []];
    for (const item of items) {
      const hidden = (isModule(item) && !known.has(item)) || (isParameter(item) && !isShared(item, known));
      if (!hidden) continue;
      throw ingotError("ModulesNotRegistered", {
        model: module.constructor.name,
        property,
        kind,
        what: isModule(item) ? `a module (${item.constructor.name})` : "a parameter",
        instead: isModule(item) ? `Write this.${property} = new nn.${wrapper}(...)` : "Assign each parameter to a property of its own",
      });
    }
  }
}

function isShared(parameter: unknown, known: ReadonlySet<Module>): boolean {
  for (const module of known) for (const [, own] of module.ownParameters()) if (own === parameter) return true;
  return false;
}

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === "object" && x !== null && Object.getPrototypeOf(x) === Object.prototype;
}
