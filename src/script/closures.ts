// Functions that interpreted code makes: their tree, and the variables around it.
import type { AnyNode, Function as FunctionSyntax } from "acorn";
import type { FunctionNode } from "../source/parse.ts";
import type { AnyFunction, Context } from "./context.ts";
import { Binding } from "./machine.ts";
import { knownAnswer } from "./native-code.ts";
import { run } from "./run-function.ts";
import type { Scope } from "./scope.ts";

/** A function that interpreted code made: its tree and the variables around it. */
interface Closure {
  readonly node: FunctionNode;
  readonly scope: Scope;
  readonly home: unknown;
  readonly privates: object | undefined;
}

/** What is known of the functions that interpreted code made. */
export const closures = new WeakMap<object, Closure>();

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

/** Calls a function that interpreted code made. */
export function callClosure(
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
