// Reading variables: of the scopes of interpreted code first, then what the live function captured.
import type { AnyNode, Node } from "acorn";
import type { Context } from "./context.ts";
import { Binding } from "./machine.ts";
import type { Scope } from "./scope.ts";
import { unassigned } from "./values.ts";

/** The value of a variable; throws UndefinedName where there is none, and MaybeUndefined where only some paths have given it one. */
export function readVariable(c: Context, name: string, scope: Scope, node: Node): unknown {
  const binding = scope.find(name);
  if (binding) {
    if (binding.value === unassigned) {
      if (binding instanceof Declared) return undefined;
      return c.machine.fail("UndefinedName", { name }, node as AnyNode);
    }
    if (binding.onlyWhileCalled && binding.call?.ended)
      c.machine.fail("MaybeUndefined", { name, condition: "the function that declares it has returned early" }, node as AnyNode);
    return c.machine.read(binding.value);
  }
  if (name === "undefined") return undefined;
  if (name === "arguments")
    c.machine.fail("UnsupportedSyntax", { what: "arguments", instead: "Write a rest parameter: (...args) => …." }, node as AnyNode);
  const found = scope.activation.captured(name);
  if (!found) {
    const missing = scope.activation.missing?.();
    if (missing) c.machine.fail("ScopeMissing", { fn: scope.activation.name, names: missing.join(", ") }, node as AnyNode);
    return c.machine.fail("UndefinedName", { name }, node as AnyNode);
  }
  return found.value;
}

/** A variable declared without a value: reading it before an assignment gives undefined, as in JavaScript. */
export class Declared extends Binding {
  constructor(name: string) {
    super(name, unassigned);
  }
}
