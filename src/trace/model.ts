// What trace() needs to know of a model, whether it is a Module or a plain function: its forward, its parameters by name, the objects
// whose state it can reach. Known by shape, not by class, so that a model needs no base class.
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";

type Forward = (...args: never[]) => unknown;

/** Anything with a forward method. */
export interface ModelObject {
  forward(...args: never[]): unknown;
}

/** A model: an object with `forward`, or the function itself. */
export type Model = ModelObject | Forward;

interface ModuleLike extends ModelObject {
  namedModules(): Iterable<readonly [string, ModelObject]>;
  namedParameters(): Iterable<readonly [string, Tensor]>;
  namedBuffers(): Iterable<readonly [string, Tensor]>;
}

export function isModuleLike(x: unknown): x is ModuleLike {
  return typeof x === "object" && x !== null && "namedModules" in x && "namedParameters" in x && "namedBuffers" in x && "forward" in x;
}

/** Throws `NotAModel` unless `model` can be called. */
export function checkModel(model: unknown, what = "this value"): asserts model is Model {
  if (typeof model === "function" && !isClass(model)) return;
  if (typeof model === "object" && model !== null && typeof (model as { forward?: unknown }).forward === "function") return;
  throw ingotError("NotAModel", { what, actual: isClass(model) ? `the class ${model.name}` : model === null ? "null" : typeof model });
}

/** True for a class, which cannot be called. */
export function isClass(value: unknown): value is abstract new (...args: never[]) => unknown {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/** The function that runs; for a Module its `forward`, for reading source and parameter names. */
export function forwardFunction(model: Model): Forward {
  return typeof model === "function" ? model : model.forward;
}

/** Calls the model eagerly on an argument list. */
export function callModel(model: Model, args: readonly unknown[]): unknown {
  return typeof model === "function" ? model(...(args as never[])) : model.forward(...(args as never[]));
}

/** `ResNet`, `forward`, or `model`. */
export function modelName(model: Model): string {
  return (typeof model === "function" ? model.name : model.constructor?.name) || "model";
}

/** Modules that a model reaches, with their paths: its own, and those that its functions capture (`captured`, by variable name). */
export function reachableModules(model: Model, captured: ReadonlyMap<string, unknown>): [string, ModelObject][] {
  const paths = new Map<ModelObject, string>();
  const add = (root: ModuleLike, prefix: string) => {
    for (const [path, module] of root.namedModules())
      if (!paths.has(module)) paths.set(module, path && prefix ? `${prefix}.${path}` : prefix || path);
  };
  if (isModuleLike(model)) add(model, "");
  for (const [name, value] of captured) if (isModuleLike(value)) add(value, name);
  return [...paths].map(([module, path]) => [path, module]);
}

/** Names of parameters and buffers by identity; the first name wins for one that is shared. */
export function tensorNames(model: Model, captured: ReadonlyMap<string, unknown>): { names: Map<Tensor, string>; buffers: Set<string> } {
  const names = new Map<Tensor, string>();
  const buffers = new Set<string>();
  const add = (tensor: Tensor, name: string) => {
    if (!names.has(tensor)) names.set(tensor, name);
  };
  const addModule = (module: ModuleLike, prefix: string) => {
    for (const [name, tensor] of module.namedParameters()) add(tensor, prefix + name);
    for (const [name, tensor] of module.namedBuffers()) {
      add(tensor, prefix + name);
      buffers.add(prefix + name);
    }
  };
  if (isModuleLike(model)) addModule(model, "");
  for (const [name, value] of captured) {
    if (isTensor(value)) add(value, name);
    else if (isModuleLike(value)) addModule(value, `${name}.`);
  }
  return { names, buffers };
}
