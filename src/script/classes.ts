// `new`: classes of live code and of interpreted code are interpreted, fields and constructor; all others are constructed as they are.
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import type { SourceText } from "../source/function-source.ts";
import type { ClassNode, FunctionNode } from "../source/parse.ts";
import { closure } from "./closures.ts";
import type { AnyFunction, Context } from "./context.ts";
import type { FunctionCache } from "./function-cache.ts";
import { isLibraryFunction } from "./library.ts";
import { propertyKey } from "./literals.ts";
import { Binding } from "./machine.ts";
import { isNativeCode } from "./native-code.ts";
import { constructNative } from "./native-construction.ts";
import { isNative } from "./native-table.ts";
import { definePrivate, PrivateAccessor } from "./privates.ts";
import { run } from "./run-function.ts";
import { type Activation, Scope } from "./scope.ts";
import { unassigned } from "./values.ts";

interface ClassFacts {
  readonly node: ClassNode;
  readonly source: SourceText;
  readonly library: boolean;
  readonly scope: Scope | undefined;
  readonly captured: Activation["captured"];
}

/** What is known of the classes that interpreted code made. */
export const classes = new WeakMap<object, ClassFacts>();

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
