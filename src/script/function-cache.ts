// What was read of live functions, once per compilation: source, captured variables, what a bound function binds, private members.
import { types } from "node:util";
import type { AnyNode } from "acorn";
import { IngotError } from "../errors/error.ts";
import { isNameHelper } from "../source/artefacts.ts";
import { freeNames } from "../source/free-names.ts";
import { type FunctionSource, readFunction } from "../source/function-source.ts";
import {
  type BoundFacts,
  type Callable,
  inspectorAvailable,
  type PrivateMember,
  type ScopeLookup,
  withInspector,
} from "../source/inspector.ts";
import { isLibraryScript } from "../source/library.ts";
import type { AnyFunction, Context } from "./context.ts";
import { isNativeCode } from "./native-code.ts";
import type { Activation } from "./scope.ts";

/** Live functions that were read, per compilation, with what they captured. */
export class FunctionCache {
  readonly #read = new WeakMap<object, LiveFunction>();
  readonly #scope: Readonly<Record<string, unknown>>;

  /** `scope` holds captured values by name, for where functions cannot be inspected. */
  constructor(scope: Readonly<Record<string, unknown>> = {}) {
    this.#scope = scope;
  }

  read(c: Context, fn: AnyFunction, node: AnyNode): LiveFunction {
    let known = this.#read.get(fn);
    if (!known) {
      known = readLive(c, fn, node, this.#scope);
      this.#read.set(fn, known);
    }
    return known;
  }

  /** The class that a constructor stands for, in its source. */
  classNode(c: Context, constructor: AnyFunction, node: AnyNode): AnyNode | undefined {
    if (isNativeCode(constructor) || types.isProxy(constructor)) return undefined;
    return this.read(c, constructor, node).source.node as AnyNode;
  }

  /** What a bound function binds. */
  bound(fn: AnyFunction): BoundFacts | undefined {
    if (!this.#bound.has(fn))
      this.#bound.set(fn, inspectorAvailable() ? withInspector((inspector) => inspector.boundFacts(fn as Callable)) : undefined);
    return this.#bound.get(fn);
  }

  isNameHelper(fn: AnyFunction): boolean {
    return !this.#read.has(fn) && isNameHelper(fn as Callable);
  }

  /** The private members of a live object; nothing of interpreted code changes them. */
  privates(object: object): ReadonlyMap<string, PrivateMember> {
    let known = this.#privates.get(object);
    if (!known) {
      known = inspectorAvailable() ? withInspector((inspector) => inspector.privateMembers(object)) : new Map();
      this.#privates.set(object, known);
    }
    return known;
  }

  /** Methods of a base class, by the function, see `isModuleMethod`. */
  readonly baseMethods = new WeakMap<object, boolean>();
  readonly arrowThis = new WeakMap<AnyFunction, unknown>();
  readonly #bound = new WeakMap<object, BoundFacts | undefined>();
  readonly #privates = new WeakMap<object, ReadonlyMap<string, PrivateMember>>();
}

interface LiveFunction {
  readonly source: FunctionSource;
  readonly library: boolean;
  readonly captured: Activation["captured"];
  readonly missing: Activation["missing"];
}

function readLive(c: Context, fn: AnyFunction, node: AnyNode, scope: Readonly<Record<string, unknown>>): LiveFunction {
  try {
    const source = readFunction(fn as Callable);
    const url = source.source.url;
    const captured = remembered(source, scope);
    const missing = inspectorAvailable() ? undefined : () => freeNames(source.node as AnyNode).filter((name) => !captured(name));
    return { source, library: url !== undefined && isLibraryScript(url), captured, missing };
  } catch (error) {
    if (error instanceof IngotError && error.code === "NoSource")
      return c.machine.fail("NoSource", error.params as Record<string, string>, node);
    throw error;
  }
}

/** Captured variables, each read once: script() never changes them. */
function remembered(source: FunctionSource, scope: Readonly<Record<string, unknown>>): Activation["captured"] {
  let lookup: ScopeLookup | undefined;
  const known = new Map<string, { readonly value: unknown } | undefined>();
  return (name) => {
    if (!known.has(name)) {
      lookup ??= source.scopes();
      // The name of a function expression is known inside of it, in no scope that V8 tells of.
      const { node, fn } = source;
      const own = node.type === "FunctionExpression" && node.id?.name === name;
      known.set(name, own ? { value: fn } : (lookup(name) ?? given(scope, name)));
    }
    return known.get(name);
  };
}

/** What a caller gave for a name; without an inspector globals are found here too. */
function given(scope: Readonly<Record<string, unknown>>, name: string): { readonly value: unknown } | undefined {
  if (Object.hasOwn(scope, name)) return { value: scope[name] };
  return !inspectorAvailable() && name in globalThis ? { value: Reflect.get(globalThis, name) } : undefined;
}
