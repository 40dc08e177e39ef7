// Loading and replacing the state of a module tree. Tensors are immutable and may be shared by several properties, so state is replaced by
// identity: every property that held the old tensor gets the new one. Everything is checked before anything is replaced.
import { to } from "../eager/functions/math.ts";
import { eagerInterpreter, withInterpreter } from "../eager/interpreter.ts";
import { isTensor } from "../eager/operand.ts";
import { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import type { DType } from "../tensor/dtype.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { isModule, type Module } from "./module.ts";
import { isParameter, Parameter } from "./parameter.ts";

/** Tensors by state-dict key. */
export type StateDict = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

/** What `loadStateDict` could not use; both empty when it is strict. */
export interface LoadReport {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
}

const shown = 20;

/** See `Module.loadStateDict`. */
export function loadState(root: Module, state: StateDict, strict: boolean): LoadReport {
  const given = new Map<string, Tensor>(state instanceof Map ? state : Object.entries(state));
  const own = root.stateDict();
  const namesOf = new Map<Tensor, string[]>();
  for (const [key, tensor] of own) namesOf.set(tensor, [...(namesOf.get(tensor) ?? []), key]);

  const missing = [...own].filter(([, tensor]) => namesOf.get(tensor)?.every((name) => !given.has(name))).map(([key]) => key);
  const unexpected = [...given.keys()].filter((key) => !own.has(key));
  const unfit: string[] = [];
  const replacements = new Map<Tensor, Tensor>();
  for (const [tensor, names] of namesOf) {
    const found = names.filter((name) => given.has(name));
    for (const name of found) {
      const value: unknown = given.get(name);
      if (!isTensor(value)) unfit.push(`${name}: expected ${formatShape(tensor.shape)}, got ${value === null ? "null" : typeof value}`);
      else if (!sameShape(value.shape, tensor.shape))
        unfit.push(`${name}: expected ${formatShape(tensor.shape)}, got ${formatShape(value.shape)}`);
      else if (replacements.has(tensor) && !sameElements(replacements.get(tensor) as Tensor, value))
        unfit.push(`${name}: the model shares this tensor with ${found[0]}, but the values given for the two differ`);
      else replacements.set(tensor, value);
    }
  }
  if (unfit.length > 0 || (strict && missing.length + unexpected.length > 0)) throw mismatch(root, missing, unexpected, unfit, strict);
  replaceAll(root, new Map([...replacements].map(([old, value]) => [old, likeOld(old, value, old.dtype)])));
  return { missing, unexpected };
}

function mismatch(root: Module, missing: string[], unexpected: string[], unfit: string[], strict: boolean): Error {
  const list = (title: string, keys: readonly string[]) =>
    keys.length === 0
      ? []
      : [
          `${title} (${keys.length}):`,
          ...keys.slice(0, shown).map((k) => `  ${k}`),
          ...(keys.length > shown ? [`  … ${keys.length - shown} more`] : []),
        ];
  const notes = [
    ...list(strict ? "missing" : "missing (allowed)", missing),
    ...list(strict ? "unexpected" : "unexpected (allowed)", unexpected),
    ...list("does not fit", unfit),
  ];
  return ingotError(
    "StateDictMismatch",
    { model: root.constructor.name, missing: missing.length, unexpected: unexpected.length, unfit: unfit.length },
    { notes },
  );
}

/** See `Module.setParameter`. */
export function replaceState(root: Module, path: string, value: Tensor): void {
  const parts = path.split(".");
  const name = parts.pop() as string;
  const owner = findOwner(root, parts, path);
  const old = [...owner.ownParameters(), ...owner.ownBuffers()].find(([key]) => key === name)?.[1];
  if (!old)
    throw unknownPath(
      root,
      path,
      name,
      [...owner.ownParameters(), ...owner.ownBuffers()].map(([key]) => key),
    );
  if (!sameShape(old.shape, value.shape))
    throw ingotError("ShapeMismatch", {
      op: "setParameter",
      what: `the tensor for "${path}"`,
      actual: formatShape(value.shape),
      expected: formatShape(old.shape),
      hint: "To change a layer's size, build another layer and assign it to the property.",
    });
  replaceAll(root, new Map([[old, likeOld(old, value, value.dtype)]]));
}

/** Converts every parameter and buffer to the dtype that `target` names for it. */
export function convertState(root: Module, target: (tensor: Tensor) => DType): void {
  const replacements = new Map<Tensor, Tensor>();
  const consider = (tensor: Tensor) => {
    const dtype = target(tensor);
    if (dtype !== tensor.dtype) replacements.set(tensor, likeOld(tensor, tensor, dtype));
  };
  for (const module of root.modules()) {
    for (const [, tensor] of module.ownParameters()) consider(tensor);
    for (const [, tensor] of module.ownBuffers()) consider(tensor);
  }
  replaceAll(root, replacements);
}

/** The module that `parts` lead to; throws `UnknownStatePath` that says where the path ends. */
export function findOwner(root: Module, parts: readonly string[], path: string): Module {
  let module = root;
  for (const part of parts) {
    const next: unknown = Object.hasOwn(module, part) ? Reflect.get(module, part) : undefined;
    if (!isModule(next))
      throw unknownPath(
        root,
        path,
        part,
        [...module.namedChildren()].map(([name]) => name),
      );
    module = next;
  }
  return module;
}

function unknownPath(root: Module, path: string, part: string, known: readonly string[]): Error {
  return ingotError("UnknownStatePath", {
    model: root.constructor.name,
    path,
    part,
    known: known.length > 0 ? known.join(", ") : "nothing",
  });
}

function replaceAll(root: Module, replacements: ReadonlyMap<Tensor, Tensor>): void {
  if (replacements.size === 0) return;
  for (const module of [...root.modules()])
    for (const [key, value] of Object.entries(module)) {
      const next = isTensor(value) ? replacements.get(value) : undefined;
      if (next) Reflect.set(module, key, next);
    }
}

/** A parameter for a parameter, a plain tensor for a buffer. Computed eagerly whatever is being recorded: weights are not part of a graph. */
function likeOld(old: Tensor, value: Tensor, dtype: DType): Tensor {
  return withInterpreter(eagerInterpreter(), () => {
    const converted = to(value, dtype);
    return isParameter(old) ? new Parameter(converted) : isParameter(converted) ? Tensor.fromStorage(converted.storage) : converted;
  });
}

function sameElements(a: Tensor, b: Tensor): boolean {
  if (a === b) return true;
  const [x, y] = [eagerInterpreter().read(a, "loadStateDict").dense(), eagerInterpreter().read(b, "loadStateDict").dense()];
  if (x.length !== y.length) return false;
  for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) return false;
  return true;
}
