// `new` on classes that are not interpreted: JavaScript's own and the library's.
import type { AnyNode } from "acorn";
import type { AnyFunction, Context } from "./context.ts";
import { firstSymbolic, isNativeCode, runNative } from "./native-code.ts";
import { describe, Sym } from "./values.ts";

/** `new fn(...args)` for a class that runs as it is. */
export function constructNative(c: Context, fn: AnyFunction, args: readonly unknown[], newTarget: AnyFunction, node: AnyNode): unknown {
  const { machine } = c;
  const constructor_ = fn as unknown as new (...args: unknown[]) => object;
  if ((fn as unknown) === Date && args.length === 0) machine.fail("NondeterministicNative", { fn: "new Date()" }, node);
  if ((fn as unknown) === Function) machine.fail("UnsupportedSyntax", { what: "new Function", instead: "Write the function out." }, node);
  const collection = (fn as unknown) === Map || (fn as unknown) === Set;
  const items = collection && args[0] !== undefined && args[0] !== null ? c.elements(args[0], node) : undefined;
  const keys = collection ? items?.map((item) => ((fn as unknown) === Map ? (item as readonly unknown[])[0] : item)) : args;
  if (isErrorClass(fn)) {
    const symbolic = firstSymbolic(c, args.slice(0, 1));
    if (symbolic !== undefined) machine.fail("SymbolicString", { what: describe(symbolic) }, node);
  } else if ((fn as unknown) === Array && args.length === 1 && args[0] instanceof Sym) {
    machine.fail("NativeSymbolic", { fn: "new Array", type: describe(args[0]), instead: "Make a tensor of that size: zeros([n])." }, node);
  } else if ((fn as unknown) !== Array && (fn as unknown) !== Object) {
    // The library's own classes take tensors.
    const symbolic = collection || !isNativeCode(fn) ? (keys ?? []).find((key) => key instanceof Sym) : firstSymbolic(c, keys ?? []);
    const instead = "Use values that are known when the model is compiled.";
    if (symbolic !== undefined) machine.fail("NativeSymbolic", { fn: `new ${fn.name}`, type: describe(symbolic), instead }, node);
  }
  const made = runNative(c, `new ${fn.name}`, node, () => Reflect.construct(constructor_, items ? [items] : [...args], newTarget as never));
  machine.heap.fresh(made);
  return made;
}

function isErrorClass(fn: AnyFunction): boolean {
  return (fn as unknown) === Error || (fn.prototype as unknown) instanceof Error;
}
