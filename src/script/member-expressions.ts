// Members and calls: `a.b`, `a?.b`, `super.b`, `f(…)` and `super(…)`. A call passes the object that its function was read from as `this`.
import type { AnyNode, CallExpression, Expression, MemberExpression } from "acorn";
import type { Context } from "./context.ts";
import { list } from "./literals.ts";
import { getPrivate } from "./privates.ts";
import type { Scope } from "./scope.ts";
import { homeOf, thisOf } from "./this-value.ts";

/** What an optional chain gives whose object is null or undefined. */
export const shortCircuit: unique symbol = Symbol("short circuit");

/** The key that is written behind a dot or in brackets. */
export function memberKey(c: Context, node: MemberExpression, scope: Scope): unknown {
  if (!node.computed && node.property.type === "Identifier") return node.property.name;
  return c.evaluate(node.property as Expression, scope);
}

/** A member with the object that a call passes as `this`. */
export function member(c: Context, node: MemberExpression, scope: Scope): { readonly object: unknown; readonly value: unknown } {
  if (node.object.type === "Super") {
    const self = thisOf(c, scope, node);
    const owner = homeOf(scope, node);
    if (typeof owner !== "object" && typeof owner !== "function") c.machine.fail("SuperHome", {}, node);
    const parent: unknown = Object.getPrototypeOf(owner as object);
    const key = memberKey(c, node, scope);
    return { object: self, value: superMember(c, parent, key, self, node) };
  }
  const object = c.evaluate(node.object, scope);
  if (object === shortCircuit) return { object, value: shortCircuit };
  if (node.optional && (object === null || object === undefined)) return { object, value: shortCircuit };
  if (node.property.type === "PrivateIdentifier") return { object, value: getPrivate(c, object, node.property.name, node, scope) };
  const key = memberKey(c, node, scope);
  return { object, value: c.get(object, key, node) };
}

function superMember(c: Context, parent: unknown, key: unknown, self: unknown, node: AnyNode): unknown {
  if (typeof parent !== "object" && typeof parent !== "function") c.machine.fail("SuperHome", {}, node);
  for (let owner = parent as object | null; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    const property = Object.getOwnPropertyDescriptor(owner, key as PropertyKey);
    if (!property) continue;
    return property.get ? c.call(property.get, self, [], node) : property.value;
  }
  return undefined;
}

/** `f(…)`, `a.f(…)`, `a?.f(…)`, `super(…)` */
export function callExpression(c: Context, node: CallExpression, scope: Scope): unknown {
  const { callee } = node;
  if (callee.type === "Super") return superCall(c, node, scope);
  let thisValue: unknown;
  let fn: unknown;
  if (callee.type === "MemberExpression") ({ object: thisValue, value: fn } = member(c, callee, scope));
  else fn = c.evaluate(callee, scope);
  if (fn === shortCircuit) return shortCircuit;
  if (node.optional && (fn === null || fn === undefined)) return shortCircuit;
  return c.call(fn, thisValue, list(c, node.arguments, scope), node);
}

function superCall(c: Context, node: CallExpression, scope: Scope): unknown {
  const { activation } = scope;
  const { self, home, newTarget } = activation;
  if (!self)
    c.machine.fail("UnsupportedSyntax", { what: "super(…) outside of a constructor", instead: "Call it in the constructor." }, node);
  const parent: unknown = Object.getPrototypeOf((home as { constructor: object }).constructor);
  const made = c.construct(parent, list(c, node.arguments, scope), node, newTarget);
  self.value = made;
  (activation as { readonly initialize?: (object: unknown) => void }).initialize?.(made);
  return made;
}
