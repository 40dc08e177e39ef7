// Calls. Functions of the user (and of the zoo, and the forward methods of layers) are interpreted; library functions run on tensors
// without elements; JavaScript's own go through the tables of natives.ts.
import { types } from "node:util";
import type { AnyNode, Function as FunctionSyntax } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { IngotError } from "../errors/error.ts";
import { isNameHelper } from "../source/artefacts.ts";
import { freeNames } from "../source/free-names.ts";
import { type FunctionSource, readFunction, type SourceText } from "../source/function-source.ts";
import {
  type BoundFacts,
  type Callable,
  inspectorAvailable,
  type PrivateMember,
  type ScopeLookup,
  withInspector,
} from "../source/inspector.ts";
import { isLibraryScript } from "../source/library.ts";
import type { ClassNode, FunctionNode } from "../source/parse.ts";
import { callCompiled, isCompiled } from "./compiled-call.ts";
import type { AnyFunction, Context } from "./context.ts";
import { stampProvenance } from "./context.ts";
import { LazyHome } from "./lazy-home.ts";
import { asOpError, callLibraryFunction, isLayerMethod, isLibraryFunction } from "./library.ts";
import { propertyKey } from "./literals.ts";
import { Binding, recursionLimit } from "./machine.ts";
import { isNativeCode, knownAnswer } from "./native-code.ts";
import { constructNative } from "./native-construction.ts";
import { isConsole } from "./native-effects.ts";
import { isNative } from "./native-table.ts";
import { callNative } from "./natives.ts";
import { definePrivate, PrivateAccessor } from "./privates.ts";
import { type Activation, Scope } from "./scope.ts";
import { describe, Partial, type Scalar, Sym, unassigned } from "./values.ts";

/** A function that interpreted code made: its tree and the variables around it. */
interface Closure {
  readonly node: FunctionNode;
  readonly scope: Scope;
  readonly home: unknown;
  readonly privates: object | undefined;
}

interface ClassFacts {
  readonly node: ClassNode;
  readonly source: SourceText;
  readonly library: boolean;
  readonly scope: Scope | undefined;
  readonly captured: Activation["captured"];
}

const closures = new WeakMap<object, Closure>();
const classes = new WeakMap<object, ClassFacts>();

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
  return run(c, {
    name: functionName(fn, thisValue),
    node: tree,
    source: source.source,
    library,
    thisValue,
    home: new LazyHome(fn, thisValue),
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

// ---- running ------------------------------------------------------------------------------------------------------

interface Run {
  readonly name: string;
  readonly node: FunctionNode;
  readonly source: SourceText;
  readonly library: boolean;
  readonly thisValue: unknown;
  readonly home: unknown;
  readonly newTarget: unknown;
  readonly captured: Activation["captured"];
  readonly missing?: Activation["missing"];
  readonly privates: object | undefined;
  readonly self: Binding | undefined;
  /** The variables around a closure. */
  readonly scope: Scope | undefined;
  readonly args: readonly unknown[];
  readonly at: AnyNode;
  readonly initialize?: ((object: unknown) => void) | undefined;
}

function run(c: Context, r: Run): unknown {
  const { machine } = c;
  if (r.node.async || r.node.generator) machine.fail("AsyncFunction", { fn: r.name }, r.at);
  if (machine.calls.length >= recursionLimit) machine.fail("RecursionLimit", { fn: r.name, limit: recursionLimit }, r.at);
  const { heap } = machine;
  const activation: Activation & { initialize?: ((object: unknown) => void) | undefined } = {
    name: r.name,
    source: r.source,
    thisValue: r.thisValue,
    home: r.home,
    newTarget: r.newTarget,
    returned: heap.fresh(new Binding("returned", false)),
    ended: false,
    result: heap.fresh(new Binding("result", unassigned)),
    captured: r.captured,
    missing: r.missing,
    privates: r.privates,
    self: r.self,
    initialize: r.initialize,
  };
  const scope = new Scope(activation, r.scope, undefined);
  const depth = machine.calls.length;
  machine.calls.push({ name: r.name, source: r.source, library: r.library, node: r.node as AnyNode, scope: moduleScope(c, r) });
  try {
    bindParameters(c, r.node, r.args, scope);
    if (r.node.body.type !== "BlockStatement") return c.evaluate(r.node.body, scope);
    c.executeAll(r.node.body.body, scope.block());
    return resultOf(c, activation, r);
  } finally {
    activation.ended = true;
    machine.calls.length = depth;
  }
}

function bindParameters(c: Context, node: FunctionNode, args: readonly unknown[], scope: Scope): void {
  node.params.forEach((param, i) => {
    if (param.type === "RestElement") c.bind(param.argument, c.machine.heap.fresh(args.slice(i)), scope, "let");
    else c.bind(param, args[i], scope, "let");
  });
}

function resultOf(c: Context, { returned, result, name }: Activation, r: Run): unknown {
  const { machine } = c;
  const done = machine.resolve(returned.value) as Scalar;
  if (done === false) return undefined;
  const value = result.value instanceof Partial ? result.value.inner : result.value;
  if (done === true) return value instanceof Sym ? machine.resolve(value) : machine.read(value === unassigned ? undefined : value);
  // Some paths end without a return: only where nothing is returned anyway do they agree.
  if (value === undefined) return undefined;
  return machine.fail("MissingReturn", { fn: name }, r.node as AnyNode);
}

/** The path of the module whose forward runs, for the scopes of nodes; other methods belong to whoever calls them, as when recording. */
function moduleScope(c: Context, { name, thisValue }: Run): string {
  const { calls } = c.machine;
  const outer = calls[calls.length - 1]?.scope ?? "";
  const isForward = /(^|\.)forward$/.test(name) && typeof thisValue === "object" && thisValue !== null;
  return (isForward && c.modulePaths.get(thisValue)) || outer;
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

// ---- closures -----------------------------------------------------------------------------------------------------

/** A function that interpreted code makes: callable from JavaScript's own functions too, which then come back here. */
export function closure(
  c: Context,
  node: FunctionSyntax | AnyNode,
  scope: Scope,
  options: { readonly name?: string; readonly home?: unknown; readonly privates?: object } = {},
): AnyFunction {
  const syntax = node as FunctionNode;
  const facts: Closure = {
    node: syntax,
    scope,
    home: options.home ?? scope.activation.home,
    privates: options.privates ?? scope.activation.privates,
  };
  const made = function (this: unknown, ...args: never[]): unknown {
    // Only native code calls it here.
    const at = c.machine.frame.node;
    return knownAnswer(c, c.call(made, this, args, at), made.name || "an anonymous function", at);
  };
  const name = options.name ?? syntax.id?.name ?? "";
  Object.defineProperty(made, "name", { value: name, configurable: true });
  Object.defineProperty(made, "length", {
    value: syntax.params.filter((p) => p.type !== "RestElement" && p.type !== "AssignmentPattern").length,
    configurable: true,
  });
  if (syntax.type === "FunctionExpression" && syntax.id) {
    // Its own name is known inside of it.
    const inner = scope.block();
    inner.declare(c.machine.heap.fresh(new Binding(syntax.id.name, made, true)));
    closures.set(made, { ...facts, scope: inner });
  } else closures.set(made, facts);
  return c.machine.heap.fresh(made);
}

function callClosure(
  c: Context,
  fn: AnyFunction,
  { node, scope, home, privates }: Closure,
  thisValue: unknown,
  args: readonly unknown[],
  at: AnyNode,
): unknown {
  const outer = scope.activation;
  const arrow = node.type === "ArrowFunctionExpression";
  return run(c, {
    name: fn.name || "an anonymous function",
    node,
    source: outer.source,
    library: c.machine.frame.library && outer.source === c.machine.frame.source,
    thisValue: arrow ? outer.thisValue : thisValue,
    home: arrow ? outer.home : home,
    newTarget: arrow ? outer.newTarget : undefined,
    captured: outer.captured,
    missing: outer.missing,
    privates,
    self: arrow ? outer.self : undefined,
    scope,
    args,
    at,
  });
}

// ---- classes ------------------------------------------------------------------------------------------------------

/** `new callee(...args)` */
export function construct(
  c: Context,
  cache: FunctionCache,
  callee: unknown,
  args: readonly unknown[],
  node: AnyNode,
  newTarget: unknown = callee,
): unknown {
  const { machine } = c;
  if (typeof callee !== "function") machine.fail("NotCallable", { what: machine.callee(node) }, node);
  const fn = callee as AnyFunction;
  const own = classes.get(fn);
  if (!own && (isNative(fn) || isNativeCode(fn))) return constructNative(c, fn, args, newTarget as AnyFunction, node);
  const facts = own ?? liveClass(c, cache, fn, node);
  if (!facts) return constructNative(c, fn, args, newTarget as AnyFunction, node);
  return constructClass(c, fn, facts, args, newTarget as AnyFunction, node);
}

/** A class of live code; undefined for those of the library, which are constructed as they are. */
function liveClass(c: Context, cache: FunctionCache, fn: AnyFunction, node: AnyNode): ClassFacts | undefined {
  if (isLibraryFunction(fn)) return undefined;
  const live = cache.read(c, fn, node);
  if (live.library) return undefined;
  const tree = live.source.node;
  if ("params" in tree) return c.machine.fail("UnsupportedSyntax", { what: "new on a function", instead: "Write a class." }, node);
  return { node: tree, source: live.source.source, library: false, scope: undefined, captured: live.captured };
}

function constructClass(
  c: Context,
  fn: AnyFunction,
  facts: ClassFacts,
  args: readonly unknown[],
  newTarget: AnyFunction,
  node: AnyNode,
): unknown {
  const { machine } = c;
  const members = facts.node.body.body;
  const prototype: unknown = fn.prototype;
  const derived = Boolean(facts.node.superClass);
  const initialize = (object: unknown) => initializeFields(c, fn, facts, object as object, node);
  const constructor_ = members.find((m) => m.type === "MethodDefinition" && m.kind === "constructor");
  const self = machine.heap.fresh(new Binding("this", unassigned));
  if (!derived) {
    self.value = machine.heap.fresh(Object.create(newTarget.prototype as object) as object);
    initialize(self.value);
  }
  if (constructor_?.type === "MethodDefinition") {
    const result = run(c, {
      name: `new ${fn.name}`,
      node: constructor_.value as FunctionNode,
      source: facts.source,
      library: facts.library,
      thisValue: self.value,
      home: prototype,
      newTarget,
      captured: facts.captured,
      privates: fn,
      self,
      scope: facts.scope,
      args,
      at: node,
      initialize: derived ? initialize : undefined,
    });
    if (typeof result === "object" && result !== null && !isTensor(result)) return result;
    return self.value;
  }
  if (derived) {
    self.value = c.construct(Object.getPrototypeOf(fn), args, node, newTarget);
    initialize(self.value);
  }
  return self.value;
}

function initializeFields(c: Context, fn: AnyFunction, facts: ClassFacts, object: object, node: AnyNode): void {
  const { machine } = c;
  const activation: Activation = {
    name: `new ${fn.name}`,
    source: facts.source,
    thisValue: object,
    home: fn.prototype as unknown,
    newTarget: undefined,
    returned: new Binding("returned", false),
    ended: false,
    result: new Binding("result", unassigned),
    captured: facts.captured,
    privates: fn,
    self: undefined,
  };
  const scope = new Scope(activation, facts.scope, undefined);
  const depth = machine.calls.length;
  machine.calls.push({ name: activation.name, source: facts.source, library: facts.library, node, scope: machine.frame.scope });
  try {
    for (const member of facts.node.body.body) {
      if (member.type === "MethodDefinition" && !member.static && member.key.type === "PrivateIdentifier")
        privateMethod(c, object, member, scope, fn);
      if (member.type !== "PropertyDefinition" || member.static) continue;
      if (member.key.type === "PrivateIdentifier") {
        definePrivate(c, object, member.key.name, member.value ? c.evaluate(member.value, scope) : undefined, fn);
        continue;
      }
      const key = propertyKey(c, member.key, member.computed, scope);
      const value = member.value ? c.evaluate(member.value, scope) : undefined;
      machine.heap.write(object, key, value);
    }
  } finally {
    machine.calls.length = depth;
  }
}

function privateMethod(
  c: Context,
  object: object,
  member: Extract<AnyNode, { type: "MethodDefinition" }>,
  scope: Scope,
  owner: object,
): void {
  const name = (member.key as { name: string }).name;
  const fn = closure(c, member.value, scope, { name: `#${name}`, home: scope.activation.home });
  if (member.kind === "method") return definePrivate(c, object, name, fn, owner);
  const accessor = new PrivateAccessor();
  if (member.kind === "get") accessor.get = fn;
  else accessor.set = fn;
  definePrivate(c, object, name, accessor, owner);
}

/** A class that interpreted code makes. */
export function classValue(c: Context, node: ClassNode, scope: Scope): AnyFunction {
  const { machine } = c;
  const parent = node.superClass ? c.evaluate(node.superClass, scope) : undefined;
  if (node.superClass && typeof parent !== "function") machine.fail("NotCallable", { what: describe(parent) }, node as AnyNode);
  const inner = scope.block();
  const made = function (this: unknown): never {
    throw new TypeError(`Class constructor ${made.name} cannot be invoked without 'new'`);
  } as unknown as AnyFunction & { prototype: object };
  Object.defineProperty(made, "name", { value: node.id?.name ?? "", configurable: true });
  const base = typeof parent === "function" ? (parent as { prototype: object }).prototype : Object.prototype;
  made.prototype = machine.heap.fresh(Object.create(base) as object);
  Object.defineProperty(made.prototype, "constructor", { value: made, configurable: true, writable: true });
  if (typeof parent === "function") Object.setPrototypeOf(made, parent);
  if (node.id) inner.declare(machine.heap.fresh(new Binding(node.id.name, made, true)));
  machine.heap.fresh(made);
  classes.set(made, {
    node,
    source: scope.activation.source,
    library: machine.frame.library,
    scope: inner,
    captured: scope.activation.captured,
  });
  // In the initial value of a static field `this` is the class.
  const statics = new Scope({ ...scope.activation, thisValue: made, self: undefined, home: made }, inner);
  const initial = (value: AnyNode | null | undefined) => (value ? c.evaluate(value, statics) : undefined);
  for (const member of node.body.body) {
    if (member.type === "StaticBlock")
      return machine.fail("UnsupportedSyntax", { what: "a static block", instead: "Write static fields." }, member);
    if (member.key.type === "PrivateIdentifier") {
      if (!member.static) continue;
      const value =
        member.type === "MethodDefinition" ? closure(c, member.value, inner, { home: made, privates: made }) : initial(member.value);
      definePrivate(c, made, member.key.name, value, made);
      continue;
    }
    const owner: object = member.static ? made : made.prototype;
    const key = propertyKey(c, member.key, member.computed, inner);
    if (member.type === "PropertyDefinition") {
      if (member.static)
        Object.defineProperty(owner, key, {
          value: initial(member.value),
          writable: true,
          enumerable: true,
          configurable: true,
        });
      continue;
    }
    if (member.kind === "constructor") continue;
    const fn = closure(c, member.value, inner, { name: String(key), home: owner, privates: made });
    const before = Object.getOwnPropertyDescriptor(owner, key);
    if (member.kind === "method") Object.defineProperty(owner, key, { value: fn, writable: true, configurable: true });
    else
      Object.defineProperty(owner, key, {
        ...(before?.get && { get: before.get }),
        ...(before?.set && { set: before.set }),
        [member.kind]: fn,
        configurable: true,
      });
  }
  return made;
}
