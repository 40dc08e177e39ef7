// Calls. Functions of the user (and of the zoo, and the forward methods of layers) are interpreted; library functions run on tensors
// without elements; JavaScript's own go through native-table.ts.
import { types } from "node:util";
import type { AnyNode } from "acorn";
import { type FunctionSource, readFunction } from "../source/function-source.ts";
import { type Callable, inspectorAvailable } from "../source/inspector.ts";
import { callClosure, closures } from "./closures.ts";
import { callCompiled, isCompiled } from "./compiled-call.ts";
import { type AnyFunction, type Context, stampProvenance } from "./context.ts";
import type { FunctionCache } from "./function-cache.ts";
import { asOpError, callLibraryFunction, isLayerMethod, isLibraryFunction } from "./library.ts";
import { LiveThis } from "./live-this.ts";
import { isNativeCode } from "./native-code.ts";
import { isConsole } from "./native-effects.ts";
import { isNative } from "./native-table.ts";
import { callNative } from "./natives.ts";
import { run } from "./run-function.ts";

/** Calls anything callable; see `Context.call`. */
export function call(
  c: Context,
  cache: FunctionCache,
  callee: unknown,
  thisValue: unknown,
  args: readonly unknown[],
  node: AnyNode,
): unknown {
  const { machine } = c;
  if (typeof callee !== "function") machine.fail("NotCallable", { what: machine.callee(node) }, node);
  const fn = callee as AnyFunction;
  const closure = closures.get(fn);
  if (closure) return callClosure(c, fn, closure, thisValue, args, node);
  if (isLibraryFunction(fn)) return callLibraryFunction(c, fn, thisValue, args, node);
  if (isNative(fn) || isConsole(fn)) return callNative(c, fn, thisValue, args, node);
  if (types.isProxy(fn)) machine.fail("NoSource", { fn: "a function", reason: "it is a Proxy" }, node);
  // Without an inspector the layers of the library run as they are: their source names what nobody can give.
  if (!inspectorAvailable() && isLayerMethod(fn)) return callLibraryFunction(c, fn, thisValue, args, node);
  if (isNativeCode(fn)) {
    const bound = cache.bound(fn);
    return bound ? c.call(bound.target, bound.boundThis, [...bound.boundArgs, ...args], node) : callNative(c, fn, thisValue, args, node);
  }
  if (cache.isNameHelper(fn)) return args[0];
  const { source, library, captured, missing } = cache.read(c, fn, node);
  if (library && isCompiled(thisValue) && fn.name === "forward") return callCompiledModule(c, fn, thisValue, args, node);
  // The library's helpers run as they are; only the forward methods of its layers, which call the user's, are interpreted.
  if (library && !isModuleMethod(cache, thisValue, fn)) return callLibraryFunction(c, fn, thisValue, args, node);
  const tree = source.node;
  if (!("params" in tree)) return machine.fail("NotCallable", { what: `the class ${fn.name}` }, node);
  const live = new LiveThis(c, fn, source, thisValue, {
    classNode: (constructor) => cache.classNode(c, constructor, node),
    arrowThis: cache.arrowThis,
  });
  return run(c, {
    name: functionName(fn, thisValue),
    node: tree,
    source: source.source,
    library,
    thisValue: tree.type === "ArrowFunctionExpression" ? live : thisValue,
    home: live,
    newTarget: undefined,
    captured,
    missing,
    privates: undefined,
    self: undefined,
    scope: undefined,
    args,
    at: node,
  });
}

function callCompiledModule(c: Context, fn: AnyFunction, module: object, args: readonly unknown[], node: AnyNode): unknown {
  stampProvenance(c);
  try {
    return callCompiled(c.machine.stage, fn, module, args);
  } catch (error) {
    throw asOpError(c, error, "forward", node);
  }
}

/**
 * Methods of modules, the library's layers included. Those of the base class (named parameters, state) run as they are, and so do those of
 * compiled modules, which hold a graph.
 */
function isModuleMethod(cache: FunctionCache, thisValue: unknown, fn: AnyFunction): boolean {
  if (typeof thisValue !== "object" || thisValue === null || !("isIngotModule" in thisValue) || isCompiled(thisValue)) return false;
  let isBase = cache.baseMethods.get(fn);
  if (isBase === undefined) {
    isBase = isBaseMethod(thisValue, fn);
    cache.baseMethods.set(fn, isBase);
  }
  return !isBase;
}

function isBaseMethod(module: object, fn: AnyFunction): boolean {
  let base: object | null = module;
  for (let next: object | null = base; next && "isIngotModule" in next; next = Object.getPrototypeOf(next) as object | null) base = next;
  return Object.values(Object.getOwnPropertyDescriptors(base)).some((p) => p.value === fn || p.get === fn);
}

function functionName(fn: AnyFunction, thisValue: unknown): string {
  const owner = typeof thisValue === "object" && thisValue !== null ? thisValue.constructor?.name : undefined;
  return owner && owner !== "Object" && fn.name ? `${owner}.${fn.name}` : fn.name || "an anonymous function";
}

/** The entry: calls the model itself. */
export function callModelFunction(
  c: Context,
  cache: FunctionCache,
  fn: AnyFunction,
  thisValue: unknown,
  args: readonly unknown[],
): unknown {
  const bound = cache.bound(fn);
  if (bound) return callModelFunction(c, cache, bound.target as AnyFunction, bound.boundThis, [...bound.boundArgs, ...args]);
  const live = readLiveOrThrow(fn);
  const node = live.source.node as AnyNode;
  const { machine } = c;
  // It stays, for errors about what was returned.
  machine.calls.push({ name: functionName(fn, thisValue), source: live.source.source, library: false, node, scope: "" });
  const result = c.call(fn, thisValue, args, node);
  machine.frame.node = node;
  return result;
}

function readLiveOrThrow(fn: AnyFunction): { source: FunctionSource } {
  return { source: readFunction(fn as Callable) };
}
