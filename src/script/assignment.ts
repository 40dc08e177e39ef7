// Assignments: `a = b`, `a += b`, `a ??= b`, `a++`. Object and key of the place come before the value, and are evaluated once.
import type { AnyNode, AssignmentExpression, UpdateExpression } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { isCoverageCounter } from "../source/artefacts.ts";
import { logical } from "./choices.ts";
import type { Context } from "./context.ts";
import { named } from "./literals.ts";
import { memberKey } from "./member-expressions.ts";
import { getPrivate, setPrivate } from "./privates.ts";
import type { Scope } from "./scope.ts";
import { thisOf } from "./this-value.ts";
import { unsupported } from "./unsupported.ts";
import { binary } from "./value-operators.ts";
import { Sym } from "./values.ts";
import { readVariable } from "./variables.ts";

/** `a = b`, `a += b`, `a ??= b`; its value is what was assigned. */
export function assignment(c: Context, node: AssignmentExpression, scope: Scope): unknown {
  const { operator, left, right } = node;
  if (operator === "=" && left.type === "MemberExpression") {
    // Its object and key come before the value.
    const target = reference(c, left, scope);
    const value = c.evaluate(right, scope);
    target.set(value);
    return value;
  }
  if (operator === "=") {
    const value = c.evaluate(right, scope);
    if (left.type === "Identifier") named(value, left.name);
    c.bind(left, value, scope, "assign");
    return value;
  }
  const target = reference(c, left as AnyNode, scope);
  const old = target.get();
  if (operator === "&&=" || operator === "||=" || operator === "??=") {
    const op = operator.slice(0, -1);
    const isPlain = !(old instanceof Sym);
    const skip = isPlain && (op === "??" ? old !== null && old !== undefined : (op === "&&") !== Boolean(old));
    if (skip && !isTensor(old)) return old;
    const value = logical(c, op, old, () => c.evaluate(right, scope), node);
    target.set(value);
    return value;
  }
  const value = binary(c, operator.slice(0, -1), old, c.evaluate(right, scope), node);
  target.set(value);
  return value;
}

/** `a++`, `--a` */
export function update(c: Context, node: UpdateExpression, scope: Scope): unknown {
  if (isCoverageCounter(node, (name) => scope.activation.captured(name))) return 0;
  const target = reference(c, node.argument as AnyNode, scope);
  const read = target.get();
  const old = typeof read === "string" ? Number(read) : read;
  if (isTensor(old))
    c.machine.fail("TensorOperator", { op: node.operator, method: node.operator === "++" ? "x = x.add(1)" : "x = x.sub(1)" }, node);
  const step = node.operator === "++" ? "+" : "-";
  const value = typeof old === "bigint" ? old + (step === "+" ? 1n : -1n) : binary(c, step, old, 1, node);
  target.set(value);
  return node.prefix ? value : old;
}

interface Reference {
  readonly get: () => unknown;
  readonly set: (value: unknown) => void;
}

/** A place that is read and then written; its object and key are evaluated once. */
function reference(c: Context, node: AnyNode, scope: Scope): Reference {
  if (node.type === "ParenthesizedExpression") return reference(c, node.expression, scope);
  if (node.type === "Identifier")
    return { get: () => readVariable(c, node.name, scope, node), set: (value) => c.bind(node, value, scope, "assign") };
  if (node.type !== "MemberExpression") return c.machine.fail("UnsupportedSyntax", unsupported(node), node);
  const object = node.object.type === "Super" ? thisOf(c, scope, node) : c.evaluate(node.object, scope);
  const { property } = node;
  if (property.type === "PrivateIdentifier")
    return {
      get: () => getPrivate(c, object, property.name, node, scope),
      set: (value) => setPrivate(c, object, property.name, value, node, scope),
    };
  const key = memberKey(c, node, scope);
  return { get: () => c.get(object, key, node), set: (value) => c.set(object, key, value, node) };
}
