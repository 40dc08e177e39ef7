// JavaScript's own functions. On ordinary values they run as they are; what can meet values that depend on data is written out here; all
// others refuse such values, because native code would compute with an object in place of a number.
import { types } from "node:util";
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { branch } from "./branch.ts";
import { choose } from "./choices.ts";
import type { AnyFunction, Context } from "./context.ts";
import { content, sameCell } from "./heap.ts";
import { ownKeys, ownNames, requireCertain } from "./keys.ts";
import { requireWritable } from "./members.ts";
import { callback, firstSymbolic, isNativeCode, raise, refuseSymbolic, runNative } from "./native-code.ts";
import { binaryScalar, notScalar, roundScalar } from "./operators.ts";
import { isSymbolicList, pushSymbolic, symbolicList } from "./symbolic-list.ts";
import { binary } from "./value-operators.ts";
import { describe, isScalar, type Scalar, Sym } from "./values.ts";

type Native = (c: Context, self: unknown, args: readonly unknown[], node: AnyNode) => unknown;

const table = new WeakMap<AnyFunction, Native>();

export const isNative = (fn: AnyFunction): boolean => table.has(fn);

/** Calls one of JavaScript's own functions. */
export function callNative(c: Context, fn: AnyFunction, self: unknown, args: readonly unknown[], node: AnyNode): unknown {
  const { machine } = c;
  const handler = table.get(fn);
  if (handler) return handler(c, self, args, node);
  const symbolic = firstSymbolic(c, [self, ...args]);
  const name = machine.callee(node);
  if (symbolic !== undefined && isConsole(fn)) machine.fail("SideEffect", { fn: name }, node);
  if (symbolic !== undefined) refuseSymbolic(c, name, symbolic, node);
  if (nondeterministic.has(fn)) machine.fail("NondeterministicNative", { fn: nondeterministic.get(fn) ?? fn.name }, node);
  const other = refused.get(fn);
  if (other !== undefined) machine.fail("UnsupportedSyntax", { what: fn.name, instead: other }, node);
  if (changesReceiver(fn, self)) requireChangeable(c, self, name, node);
  else if (!pure.has(fn) && machine.symbolic && !isConsole(fn)) machine.fail("SideEffect", { fn: name }, node);
  if (isConsole(fn) && machine.onTrial) return undefined;
  if (isConsole(fn) && machine.symbolic) machine.fail("SideEffect", { fn: name }, node);
  const given = callsBack.has(fn) ? args.map((arg) => (typeof arg === "function" ? callback(c, arg as AnyFunction, node) : arg)) : args;
  return own(
    c,
    runNative(c, name, node, () => Reflect.apply(fn, self, given as never[])),
  );
}

/** What a native changes in place is taken back by nobody: it has to be new on this path. */
function requireChangeable(c: Context, self: unknown, name: string, node: AnyNode): void {
  const { machine } = c;
  if (typeof self !== "object" || self === null) return;
  requireWritable(c, self, content, node);
  if (machine.symbolic && !machine.heap.isFresh(self)) machine.fail("SideEffect", { fn: name }, node);
}

/** What a native function made belongs to interpreted code. */
function own(c: Context, value: unknown): unknown {
  if (typeof value === "object" && value !== null && !isTensor(value) && !(value instanceof Sym)) c.machine.heap.fresh(value);
  return value;
}

/** Methods of the console. While an inspector is attached they are bound functions, so that they are known before those are opened. */
export function isConsole(fn: AnyFunction): boolean {
  return Object.values(console).includes(fn);
}

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

// ---- iteration ----------------------------------------------------------------------------------------------------

/** The elements of something that is iterated at compile time. */
export function elements(c: Context, value: unknown, node: AnyNode): readonly unknown[] {
  const { machine } = c;
  if (Array.isArray(value)) {
    if (symbolicList(c, value)) machine.fail("SymbolicList", { op: "spreading or destructuring", list: machine.text(node) }, node);
    return value.map((item) => machine.read(item));
  }
  if (isTensor(value)) {
    const length = machine.stage.shapeOf(value)[0];
    if (typeof length !== "number") return machine.fail("IterateTensor", { what: machine.text(node) }, node);
    return Array.from({ length }, (_, i) => c.call(value.select, value, [0, i], node));
  }
  if (value instanceof Sym) machine.fail("OperatorType", { op: "iterating", a: describe(value), b: "a list" }, node);
  if (typeof value === "string") return [...value];
  if (value === null || value === undefined || typeof value !== "object" || !(Symbol.iterator in value))
    return machine.fail("StaticThrow", { message: `${describe(value)} is not iterable` }, node);
  if (types.isMap(value) || types.isSet(value)) return [...value].map((item) => own(c, item));
  // Iterators of JavaScript and of the library are run; a user's generator is not.
  const iterator = Reflect.get(value, Symbol.iterator) as AnyFunction;
  if (!c.runsAsIs(iterator)) machine.fail("AsyncFunction", { fn: "the iterator of this object" }, node);
  return [...(value as Iterable<unknown>)].map((item) => own(c, item));
}

// ---- the table ----------------------------------------------------------------------------------------------------

function define(fn: unknown, native: Native): void {
  if (typeof fn === "function") table.set(fn as AnyFunction, native);
}

/** A function that runs as it is unless an argument depends on data. */
const onScalars =
  (fn: (...args: number[]) => unknown, staged: (c: Context, args: readonly Scalar[], node: AnyNode) => unknown): Native =>
  (c, _, args, node) => {
    if (args.some((arg) => isTensor(arg)))
      c.machine.fail("NativeSymbolic", { fn: `Math.${fn.name}`, type: "a tensor", instead: `Write x.${fn.name}().` }, node);
    if (!args.some((arg) => arg instanceof Sym)) return fn(...(args as number[]));
    if (!args.every(isScalar)) return c.machine.fail("OperatorType", { op: fn.name, a: describe(args[0]), b: "a number" }, node);
    return staged(c, args as readonly Scalar[], node);
  };

const float =
  (op: string): Parameters<typeof onScalars>[1] =>
  (c, [a]) =>
    c.machine.stage.compute("float", op, [c.machine.stage.scalar(a as Scalar, "float")]);

const staged: Readonly<Record<string, Parameters<typeof onScalars>[1]>> = {
  abs: (c, [a]) => {
    const kind = a instanceof Sym && a.kind === "int" ? "int" : "float";
    return c.machine.stage.compute(kind, "Abs", [c.machine.stage.scalar(a as Scalar, kind)]);
  },
  floor: (c, [a], node) => rounded(c, "Floor", a as Sym, node),
  ceil: (c, [a], node) => rounded(c, "Ceil", a as Sym, node),
  trunc: (c, [a], node) => rounded(c, "Trunc", a as Sym, node),
  // Halves go up, as JavaScript has it.
  round: (c, [a], node) => (a instanceof Sym && a.kind === "int" ? a : rounded(c, "Floor", binary(c, "+", a, 0.5, node) as Sym, node)),
  sign: (c, [a]) => {
    const kind = a instanceof Sym && a.kind === "int" ? "int" : "float";
    return c.machine.stage.compute(kind, "Sign", [c.machine.stage.scalar(a as Scalar, kind)]);
  },
  sqrt: float("Sqrt"),
  exp: float("Exp"),
  log: float("Log"),
  sin: float("Sin"),
  cos: float("Cos"),
  tan: float("Tan"),
  tanh: float("Tanh"),
  pow: (c, [a, b], node) => binary(c, "**", a, b, node),
  min: (c, args) => extreme(c, "Min", args),
  max: (c, args) => extreme(c, "Max", args),
};

/** A rounded number is an int of the graph, which has no NaN and no infinity: where the number may be one, the graph says so when it runs. */
function rounded(c: Context, how: "Floor" | "Ceil" | "Trunc", a: Sym, node: AnyNode): Scalar {
  const { machine } = c;
  if (!a.finite && a.quotient === undefined) {
    const value = machine.stage.compute("float", "Abs", [machine.stage.scalar(a, "float")]);
    const fits = binaryScalar(machine.stage, "<=", value, Number.MAX_SAFE_INTEGER) as Sym;
    branch(
      machine,
      fits,
      () => {},
      () => raise(c, `Math.${how.toLowerCase()} of NaN, or of a number beyond 2 ** 53, is no whole number of the graph`, node),
    );
  }
  return roundScalar(machine.stage, how, a);
}

function extreme(c: Context, op: "Min" | "Max", args: readonly Scalar[]): unknown {
  const { stage } = c.machine;
  const kind = args.every((a) => (a instanceof Sym ? a.kind === "int" : Number.isSafeInteger(a))) ? "int" : "float";
  return stage.compute(
    kind,
    op,
    args.map((a) => stage.scalar(a, kind)),
  );
}

for (const [name, rule] of Object.entries(staged)) {
  const fn = Reflect.get(Math, name) as (...args: number[]) => unknown;
  define(fn, onScalars(fn, rule));
}

define(Number, (c, _, args, node) => {
  const value = args.length === 0 ? 0 : args[0];
  if (!(value instanceof Sym)) return converted(c, value, "Number", node, Number);
  return value.kind === "bool" ? new Sym("int", c.machine.stage.cast(c.machine.stage.scalar(value, "bool"), "int64")) : value;
});
define(Boolean, (c, _, [value], node) => c.condition(value, node));
define(String, (c, _, args, node) => {
  const value = args.length === 0 ? "" : args[0];
  if (value instanceof Sym) c.machine.fail("SymbolicString", { what: describe(value) }, node);
  return converted(c, value, "String", node, String);
});

function converted(c: Context, value: unknown, fn: string, node: AnyNode, convert: (value: unknown) => unknown): unknown {
  const symbolic = firstSymbolic(c, [value]);
  if (symbolic !== undefined)
    c.machine.fail("NativeSymbolic", { fn, type: describe(symbolic), instead: "Read a number with x.item()." }, node);
  return runNative(c, fn, node, () => convert(value));
}

define(Array.isArray, (_, __, [value]) => Array.isArray(value));
define(Array.of, (c, _, args) => c.machine.heap.fresh([...args]));
define(Array, (c, _, args, node) => constructNative(c, Array as unknown as AnyFunction, args, Array as unknown as AnyFunction, node));
define(Array.from, (c, _, [source, map], node) => {
  const { heap } = c.machine;
  let items: readonly unknown[];
  if (typeof source === "object" && source !== null && !(Symbol.iterator in source) && "length" in source) {
    const length = c.get(source, "length", node);
    if (length instanceof Sym)
      c.machine.fail(
        "NativeSymbolic",
        { fn: "Array.from()", type: describe(length), instead: "Push to a list in a loop, or make a tensor: arange(n)." },
        node,
      );
    items = Array.from({ length: Number(length) }, (_item, i) => Reflect.get(source, i) as unknown);
  } else items = c.elements(source, node);
  return heap.fresh(map === undefined ? [...items] : items.map((item, i) => c.call(map, undefined, [item, i], node)));
});

// Objects: what reads must interpret getters, what copies must not copy the unreadable.
define(Object.keys, (c, _, [object], node) => c.machine.heap.fresh([...ownNames(c, object, node)]));
define(Object.values, (c, _, [object], node) => c.machine.heap.fresh(ownNames(c, object, node).map((key) => c.get(object, key, node))));
define(Object.entries, (c, _, [object], node) =>
  c.machine.heap.fresh(ownNames(c, object, node).map((key) => c.machine.heap.fresh([key, c.get(object, key, node)]))),
);
define(Object.fromEntries, (c, _, [pairs], node) => {
  const made = c.machine.heap.fresh({}) as Record<PropertyKey, unknown>;
  for (const pair of c.elements(pairs, node)) {
    const [key, value] = c.elements(pair, node);
    if (key instanceof Sym) c.machine.fail("SymbolicIndex", { list: "a record", type: "properties" }, node);
    made[key as PropertyKey] = value;
  }
  return made;
});
define(Object.assign, (c, _, [target, ...sources], node) => {
  for (const source of sources)
    if (typeof source === "object" && source !== null)
      for (const key of ownKeys(c, source, node)) c.set(target, key, c.get(source, key, node), node);
  return target;
});
define(Object.freeze, (c, _, [object], node) => {
  const { heap } = c.machine;
  if (typeof object !== "object" || object === null || !heap.isOwned(object)) return object;
  if (c.machine.symbolic && !heap.isFresh(object)) c.machine.fail("SideEffect", { fn: "Object.freeze" }, node);
  heap.freeze(object);
  return object;
});
define(Object.isFrozen, (c, _, [object]) => typeof object !== "object" || object === null || c.machine.heap.isFrozen(object));
define(Object.hasOwn, (c, _, [object, key], node) => hasOwn(c, object, key, node));
define(Object.prototype.hasOwnProperty, (c, self, [key], node) => hasOwn(c, self, key, node));

function hasOwn(c: Context, object: unknown, key: unknown, node: AnyNode): boolean {
  const symbolic = key instanceof Sym || object instanceof Sym || isSymbolicList(c, object);
  if (symbolic) c.machine.fail("NativeSymbolic", { fn: "hasOwn()", type: describe(key), instead: "Keep a flag beside it." }, node);
  requireCertain(c, object, key);
  return runNative(c, "hasOwn()", node, () => Object.hasOwn(object as object, key as PropertyKey));
}
define(Object.is, (c, _, [a, b], node) =>
  a instanceof Sym || b instanceof Sym
    ? c.machine.fail("NativeSymbolic", { fn: "Object.is", type: describe(a instanceof Sym ? a : b), instead: "Write ===." }, node)
    : Object.is(a, b),
);
define(Function.prototype.call, (c, self, [thisValue, ...args], node) => c.call(self, thisValue, args, node));
define(Function.prototype.apply, (c, self, [thisValue, args], node) =>
  c.call(self, thisValue, args === undefined || args === null ? [] : c.elements(args, node), node),
);
define(Function.prototype.bind, (c, self, [thisValue, ...given], node) => {
  const made = (...rest: unknown[]) => c.call(self, thisValue, [...given, ...rest], node);
  Object.defineProperty(made, "name", { value: `bound ${(self as AnyFunction).name}` });
  define(made, (context, _, rest, at) => context.call(self, thisValue, [...given, ...rest], at));
  return c.machine.heap.fresh(made);
});
define(Reflect.get, (c, _, [object, key], node) => c.get(object, key, node));
define(Reflect.construct, (c, _, [fn, args, newTarget = fn], node) => c.construct(fn, c.elements(args, node), node, newTarget));
define(Reflect.apply, (c, _, [fn, thisValue, args], node) => c.call(fn, thisValue, c.elements(args, node), node));

// ---- arrays -------------------------------------------------------------------------------------------------------

type ArrayNative = (c: Context, array: unknown[], args: readonly unknown[], node: AnyNode) => unknown;

function defineArray(name: string, native: ArrayNative, onLists = false): void {
  const fn = Reflect.get(Array.prototype, name) as AnyFunction | undefined;
  define(fn, (c, self, args, node) => {
    if (!Array.isArray(self)) {
      const symbolic = firstSymbolic(c, [self, ...args]);
      if (symbolic !== undefined) refuseSymbolic(c, c.machine.callee(node), symbolic, node);
      if (typeof self === "object" && self !== null)
        c.machine.fail(
          "UnsupportedSyntax",
          { what: `Array.prototype.${name} of what is no array`, instead: "Make an array of it first." },
          node,
        );
      return runNative(c, name, node, () => Reflect.apply(fn as AnyFunction, self, args as never[]));
    }
    const list = symbolicList(c, self);
    if (list && !onLists) c.machine.fail("SymbolicList", { op: `${name}()`, list: c.machine.subject(node) }, node);
    return native(c, self as unknown[], args, node);
  });
}

const position = (c: Context, value: unknown, name: string, node: AnyNode): number | undefined => {
  if (value instanceof Sym)
    c.machine.fail("NativeSymbolic", { fn: name, type: describe(value), instead: "Use a tensor, and its slice() or select()." }, node);
  return value as number | undefined;
};

/** Calls back from a method of a list, which has to stay as it is meanwhile. */
function callBack(c: Context, array: readonly unknown[], fn: unknown, args: readonly unknown[], node: AnyNode): unknown {
  const { heap } = c.machine;
  const before = heap.read(array, content);
  const answer = c.call(fn, undefined, args, node);
  if (!sameCell(before, heap.read(array, content)))
    c.machine.fail("UnsupportedSyntax", { what: "changing a list while a method of it runs", instead: "Write a loop." }, node);
  return answer;
}

/** Runs a callback per element; a result that depends on data is for the caller to take. */
const each = (c: Context, array: readonly unknown[], fn: unknown, node: AnyNode) =>
  array.map((item, i) => callBack(c, array, fn, [c.machine.read(item), i, array], node));

/** A callback's answer that has to be known at compile time. */
function decided(c: Context, value: unknown, name: string, node: AnyNode): boolean {
  const condition = c.condition(value, node);
  if (condition instanceof Sym)
    c.machine.fail(
      "NativeSymbolic",
      { fn: `${name}()`, type: "a condition that depends on data", instead: "Write a loop with an if." },
      node,
    );
  return condition;
}

defineArray(
  "push",
  (c, array, items, node) => {
    requireWritable(c, array, content, node);
    const list = symbolicList(c, array);
    if (list) return pushSymbolic(c, array, list, items, node);
    const longer = array.slice();
    longer.push(...items);
    c.machine.heap.writeContent(array, longer);
    return array.length;
  },
  true,
);
for (const name of ["pop", "shift", "unshift", "splice", "reverse", "fill", "copyWithin"])
  defineArray(name, (c, array, args, node) => {
    requireWritable(c, array, content, node);
    if (name !== "unshift" && name !== "fill") for (const arg of args.slice(0, 2)) position(c, arg, `${name}()`, node);
    const items = array.slice();
    const result: unknown = Reflect.apply(Reflect.get(Array.prototype, name) as AnyFunction, items, args as never[]);
    c.machine.heap.writeContent(array, items);
    return result === items ? array : own(c, result);
  });
defineArray("sort", (c, array, [compare], node) => {
  requireWritable(c, array, content, node);
  const sorted = sort(c, array, compare, node);
  c.machine.heap.writeContent(array, sorted);
  return array;
});
defineArray("toSorted", (c, array, [compare], node) => c.machine.heap.fresh(sort(c, array, compare, node)));

function sort(c: Context, array: readonly unknown[], compare: unknown, node: AnyNode): unknown[] {
  const symbolic = compare === undefined ? firstSymbolic(c, array) : undefined;
  if (symbolic !== undefined)
    c.machine.fail(
      "NativeSymbolic",
      { fn: "sort()", type: describe(symbolic), instead: "Put the numbers into a tensor, and sort that." },
      node,
    );
  if (compare === undefined) return [...array].sort();
  return [...array].sort((a, b) => {
    const order = c.call(compare, undefined, [a, b], node);
    if (order instanceof Sym)
      c.machine.fail(
        "NativeSymbolic",
        { fn: "sort()", type: describe(order), instead: "Put the numbers into a tensor, and sort that." },
        node,
      );
    return Number(order);
  });
}

defineArray("map", (c, array, [fn], node) => c.machine.heap.fresh(each(c, array, fn, node)));
defineArray("forEach", (c, array, [fn], node) => void each(c, array, fn, node));
defineArray("flatMap", (c, array, [fn], node) => c.machine.heap.fresh(flattened(c, each(c, array, fn, node), node)));
function flattened(c: Context, lists: readonly unknown[], node: AnyNode): unknown[] {
  for (const list of lists)
    if (isSymbolicList(c, list)) c.machine.fail("SymbolicList", { op: "flatMap()", list: c.machine.text(node) }, node);
  return lists.flat();
}
defineArray("filter", (c, array, [fn], node) =>
  c.machine.heap.fresh(
    array.filter((item, i) => decided(c, callBack(c, array, fn, [c.machine.read(item), i, array], node), "filter", node)),
  ),
);
defineArray("find", (c, array, [fn], node) =>
  array.find((item, i) => decided(c, callBack(c, array, fn, [item, i, array], node), "find", node)),
);
defineArray("findIndex", (c, array, [fn], node) =>
  array.findIndex((item, i) => decided(c, callBack(c, array, fn, [item, i, array], node), "findIndex", node)),
);
defineArray("findLast", (c, array, [fn], node) =>
  [...array].reverse().find((item, i) => decided(c, callBack(c, array, fn, [item, array.length - 1 - i, array], node), "findLast", node)),
);
defineArray("some", (c, array, [fn], node) => quantified(c, array, fn, true, node));
defineArray("every", (c, array, [fn], node) => quantified(c, array, fn, false, node));

/** some() stops at the first yes, every() at the first no. */
function quantified(c: Context, array: readonly unknown[], fn: unknown, stop: boolean, node: AnyNode, from = 0): unknown {
  for (let i = from; i < array.length; i++) {
    const condition = c.condition(callBack(c, array, fn, [c.machine.read(array[i]), i, array], node), node);
    if (condition instanceof Sym) {
      const stopping = stop ? condition : (notScalar(c.machine.stage, condition) as Sym);
      return choose(
        c,
        stopping,
        () => stop,
        () => quantified(c, array, fn, stop, node, i + 1),
      );
    }
    if (condition === stop) return stop;
  }
  return !stop;
}

const reduce =
  (fromRight: boolean): ArrayNative =>
  (c, array, args, node) => {
    const items = array.map((item, i) => [item, i] as const);
    if (fromRight) items.reverse();
    let accumulator = args.length > 1 ? args[1] : undefined;
    if (args.length < 2) {
      const first = items.shift();
      if (!first) return c.machine.fail("StaticThrow", { message: "Reduce of empty array with no initial value" }, node);
      accumulator = c.machine.read(first[0]);
    }
    for (const [item, i] of items) accumulator = callBack(c, array, args[0], [accumulator, c.machine.read(item), i, array], node);
    return accumulator;
  };
defineArray("reduce", reduce(false));
defineArray("reduceRight", reduce(true));

defineArray("findLastIndex", (c, array, [fn], node) => {
  for (let i = array.length - 1; i >= 0; i--)
    if (decided(c, callBack(c, array, fn, [array[i], i, array], node), "findLastIndex", node)) return i;
  return -1;
});

for (const name of ["slice", "concat", "flat", "with", "toReversed", "toSpliced"])
  defineArray(name, (c, array, args, node) => {
    if (name !== "concat") for (const arg of args.slice(0, name === "with" ? 1 : 2)) position(c, arg, `${name}()`, node);
    for (const arg of name === "flat" ? array : args)
      if (Array.isArray(arg) && symbolicList(c, arg)) c.machine.fail("SymbolicList", { op: `${name}()`, list: c.machine.text(node) }, node);
    return own(c, Reflect.apply(Reflect.get(Array.prototype, name) as AnyFunction, array, args as never[]));
  });
defineArray("at", (c, array, [index = 0], node) => {
  if (index instanceof Sym) return c.get(array, index, node);
  return c.machine.read(array.at(Number(index)));
});
for (const name of ["entries", "keys", "values"])
  defineArray(name, (c, array) =>
    own(
      c,
      [...(Reflect.apply(Reflect.get(Array.prototype, name) as AnyFunction, array, []) as Iterable<unknown>)].map((item) => own(c, item)),
    ),
  );
for (const name of ["indexOf", "lastIndexOf", "includes"])
  defineArray(name, (c, array, [wanted, ...rest], node) => {
    const symbolic = [wanted, ...array].find((item) => item instanceof Sym);
    if (symbolic !== undefined)
      c.machine.fail(
        "NativeSymbolic",
        { fn: `${name}()`, type: describe(symbolic), instead: "Write the comparisons out: n === 1 || n === 2." },
        node,
      );
    return Reflect.apply(Reflect.get(Array.prototype, name) as AnyFunction, array, [wanted, ...rest] as never[]);
  });
defineArray("join", (c, array, [separator], node) => {
  const symbolic = firstSymbolic(c, array);
  if (symbolic !== undefined) c.machine.fail("SymbolicString", { what: describe(symbolic) }, node);
  return runNative(c, "join()", node, () => array.join(separator as string | undefined));
});

// ---- Map and Set --------------------------------------------------------------------------------------------------

function key(c: Context, value: unknown, fn: string, node: AnyNode): unknown {
  if (value instanceof Sym)
    c.machine.fail("NativeSymbolic", { fn, type: describe(value), instead: "Use keys that are known when the model is compiled." }, node);
  return value;
}

for (const kind of [Map, Set]) {
  const prototype = kind.prototype as unknown as Record<string, AnyFunction>;
  for (const name of ["get", "has"]) {
    const fn = prototype[name];
    if (fn)
      define(fn, (c, self, [k], node) => c.machine.read(Reflect.apply(fn, self, [key(c, k, `${kind.name}.${name}`, node)] as never[])));
  }
  for (const name of ["set", "add", "delete", "clear"]) {
    const fn = prototype[name];
    if (!fn) continue;
    define(fn, (c, self, args, node) => {
      const { heap } = c.machine;
      const owner = self as object;
      requireWritable(c, owner, content, node);
      if (c.machine.symbolic && !heap.isFresh(owner)) c.machine.fail("MapMutation", { op: `${kind.name}.${name}` }, node);
      if (args.length > 0) key(c, args[0], `${kind.name}.${name}`, node);
      const copy = kind === Map ? new Map(self as Map<unknown, unknown>) : new Set(self as Set<unknown>);
      const result: unknown = Reflect.apply(fn, copy, args as never[]);
      heap.writeContent(owner, [...copy]);
      return result === copy ? self : result;
    });
  }
  for (const name of ["entries", "keys", "values"]) {
    const fn = prototype[name];
    define(fn, (c, self) =>
      own(
        c,
        [...(Reflect.apply(fn as AnyFunction, self, []) as Iterable<unknown>)].map((item) => own(c, item)),
      ),
    );
  }
  define(prototype.forEach, (c, self, [fn], node) => {
    for (const item of [...(self as Iterable<unknown>)]) {
      const [k, value] = kind === Map ? (item as [unknown, unknown]) : [item, item];
      c.call(fn, undefined, [value, k, self], node);
    }
  });
}

// ---- others -------------------------------------------------------------------------------------------------------

/** Natives that are refused, with what to write instead. */
const refused = new Map<unknown, string>([
  ...[
    Object.defineProperty,
    Object.defineProperties,
    Object.setPrototypeOf,
    Object.seal,
    Object.preventExtensions,
    Reflect.set,
    Reflect.defineProperty,
    Reflect.deleteProperty,
    Reflect.setPrototypeOf,
    Reflect.preventExtensions,
    Reflect.get(Object.prototype, "__defineGetter__") as unknown,
    Reflect.get(Object.prototype, "__defineSetter__") as unknown,
  ].map((fn) => [fn, "Write a plain assignment."] as const),
  // biome-ignore lint/security/noGlobalEval: it is named here in order to refuse it.
  ...[globalThis.eval, Function].map((fn) => [fn, "Write the code out."] as const),
  ...[setTimeout, setInterval, setImmediate, queueMicrotask].map(
    (fn) => [fn, "Call the function at once, or outside of the model."] as const,
  ),
]);

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as Record<string, unknown>;

/** Natives that change what they are called on, besides those of arrays, Maps and Sets. */
const changing = new Set<unknown>([
  ...["set", "fill", "sort", "reverse", "copyWithin"].map((name) => typedArrayPrototype[name]),
  ...[WeakMap.prototype.set, WeakMap.prototype.delete, WeakSet.prototype.add, WeakSet.prototype.delete],
  ...[Date.prototype, DataView.prototype].flatMap((home) =>
    Object.getOwnPropertyNames(home)
      .filter((name) => name.startsWith("set"))
      .map((name): unknown => Reflect.get(home, name)),
  ),
]);

/** A regular expression that goes on where it stopped remembers that. */
const changesReceiver = (fn: AnyFunction, self: unknown) =>
  changing.has(fn) || (self instanceof RegExp && (self.global || self.sticky) && regExpSteps.has(fn));
const regExpSteps = new Set<unknown>([RegExp.prototype.exec, RegExp.prototype.test]);

/** Natives that call the functions they are given. */
const callsBack = new Set<unknown>([
  ...["map", "filter", "forEach", "some", "every", "find", "findIndex", "findLast", "findLastIndex", "reduce", "reduceRight", "sort"].map(
    (name) => typedArrayPrototype[name],
  ),
  typedArrayPrototype.toSorted,
  Object.getPrototypeOf(Uint8Array).from,
  String.prototype.replace,
  String.prototype.replaceAll,
  JSON.parse,
  JSON.stringify,
  Reflect.get(Object, "groupBy") as unknown,
  Reflect.get(Map, "groupBy") as unknown,
]);

/** Would be frozen at what they gave when the model was compiled. */
const nondeterministic = new Map<unknown, string>([
  [Date, "Date()"],
  [Math.random, "Math.random"],
  [Date.now, "Date.now"],
  [performance.now, "performance.now"],
  [globalThis.crypto?.randomUUID, "crypto.randomUUID"],
  [globalThis.crypto?.getRandomValues, "crypto.getRandomValues"],
  [process.hrtime, "process.hrtime"],
  [process.hrtime.bigint, "process.hrtime.bigint"],
]);

/** Functions without effects. */
const pure = new Set<unknown>();
for (const home of [
  Math,
  JSON,
  Number,
  String,
  Object,
  Reflect,
  BigInt,
  Symbol,
  Array,
  String.prototype,
  Number.prototype,
  Boolean.prototype,
  BigInt.prototype,
  RegExp.prototype,
  Object.prototype,
  Symbol.prototype,
  Error.prototype,
])
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(home))) if (typeof value === "function") pure.add(value);
for (const fn of [parseInt, parseFloat, BigInt, Symbol, Error, TypeError, RangeError, structuredClone]) pure.add(fn);
for (const name of ["isNaN", "isFinite"]) pure.add(Reflect.get(globalThis, name));
for (const made of [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
])
  for (const { value } of [
    ...Object.values(Object.getOwnPropertyDescriptors(made)),
    ...Object.values(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(made.prototype) as object)),
  ])
    if (typeof value === "function") pure.add(value);
