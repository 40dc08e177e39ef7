// Classes that interpreted code makes.
import type { AnyNode } from "acorn";
import type { ClassNode } from "../source/parse.ts";
import { classes } from "./classes.ts";
import { closure } from "./closures.ts";
import type { AnyFunction, Context } from "./context.ts";
import { propertyKey } from "./literals.ts";
import { Binding } from "./machine.ts";
import { definePrivate } from "./privates.ts";
import { Scope } from "./scope.ts";
import { describe } from "./values.ts";

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
