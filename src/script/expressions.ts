// Expressions: one row for each kind of node. What is ordinary JavaScript is computed; operations on scalars that depend on tensors are staged.
import type { AnyNode, Expression } from "acorn";
import type { ClassNode } from "../source/parse.ts";
import { assignment, update } from "./assignment.ts";
import { choose, effect, logical } from "./choices.ts";
import type { Context } from "./context.ts";
import { arrayLiteral, list, objectLiteral } from "./literals.ts";
import { callExpression, member, shortCircuit } from "./member-expressions.ts";
import { firstSymbolic, runNative } from "./native-code.ts";
import type { Scope } from "./scope.ts";
import { thisOf } from "./this-value.ts";
import { unsupported } from "./unsupported.ts";
import { binary, unary } from "./value-operators.ts";
import { describe, Sym } from "./values.ts";
import { readVariable } from "./variables.ts";

type Handlers = { readonly [T in AnyNode["type"]]?: (c: Context, node: Extract<AnyNode, { type: T }>, scope: Scope) => unknown };

/** The value of an expression. */
export function evaluate(c: Context, node: AnyNode, scope: Scope): unknown {
  const { frame } = c.machine;
  const outer = frame.node;
  frame.node = node;
  const handler = handlers[node.type] as ((c: Context, node: AnyNode, scope: Scope) => unknown) | undefined;
  if (!handler) return c.machine.fail("UnsupportedSyntax", unsupported(node), node);
  const value = handler(c, node, scope);
  frame.node = outer;
  return value;
}

const handlers: Handlers = {
  Literal: (_, node) =>
    "regex" in node && node.regex
      ? new RegExp(node.regex.pattern, node.regex.flags)
      : "bigint" in node && node.bigint != null
        ? BigInt(node.bigint)
        : node.value,
  Identifier: (c, node, scope) => readVariable(c, node.name, scope, node),
  ThisExpression: (c, node, scope) => thisOf(c, scope, node),
  TemplateLiteral: (c, node, scope) => {
    let text = "";
    node.quasis.forEach((quasi, i) => {
      text += quasi.value.cooked ?? "";
      const part = node.expressions[i];
      if (!part) return;
      const value = c.evaluate(part, scope);
      const symbolic = firstSymbolic(c, [value]);
      if (symbolic !== undefined) c.machine.fail("SymbolicString", { what: describe(symbolic) }, part);
      // Not String(value): that takes symbols.
      text += runNative(c, "a string", part, () => `${value}`);
    });
    return text;
  },
  ArrayExpression: (c, node, scope) => arrayLiteral(c, node, scope),
  ObjectExpression: (c, node, scope) => objectLiteral(c, node, scope),
  FunctionExpression: (c, node, scope) => c.closure(node, scope),
  ArrowFunctionExpression: (c, node, scope) => c.closure(node, scope),
  ClassExpression: (c, node, scope) => c.classValue(node as ClassNode, scope),
  SequenceExpression: (c, node, scope) => {
    for (const first of node.expressions.slice(0, -1)) effect(c, first, scope);
    return c.evaluate(node.expressions[node.expressions.length - 1] as Expression, scope);
  },
  ParenthesizedExpression: (c, node, scope) => c.evaluate(node.expression, scope),
  UnaryExpression: (c, node, scope) => unary(c, node, scope),
  UpdateExpression: (c, node, scope) => update(c, node, scope),
  BinaryExpression: (c, node, scope) => {
    if (node.left.type === "PrivateIdentifier") {
      c.evaluate(node.right, scope);
      return c.machine.fail("UnsupportedSyntax", { what: "#name in object", instead: "Ask for a public property." }, node);
    }
    return binary(c, node.operator, c.evaluate(node.left, scope), c.evaluate(node.right, scope), node);
  },
  LogicalExpression: (c, node, scope) => logical(c, node.operator, c.evaluate(node.left, scope), () => c.evaluate(node.right, scope), node),
  ConditionalExpression: (c, node, scope) => {
    const condition = c.test(node.test, scope);
    if (!(condition instanceof Sym)) return c.evaluate(condition ? node.consequent : node.alternate, scope);
    return choose(
      c,
      condition,
      () => c.evaluate(node.consequent, scope),
      () => c.evaluate(node.alternate, scope),
    );
  },
  AssignmentExpression: (c, node, scope) => assignment(c, node, scope),
  MemberExpression: (c, node, scope) => member(c, node, scope).value,
  ChainExpression: (c, node, scope) => {
    const result = c.evaluate(node.expression, scope);
    return result === shortCircuit ? undefined : result;
  },
  CallExpression: (c, node, scope) => callExpression(c, node, scope),
  NewExpression: (c, node, scope) => c.construct(c.evaluate(node.callee, scope), list(c, node.arguments, scope), node),
  MetaProperty: (c, node, scope) =>
    node.meta.name === "new" ? scope.activation.newTarget : c.machine.fail("UnsupportedSyntax", unsupported(node), node),
  Super: (c, node) => c.machine.fail("UnsupportedSyntax", unsupported(node), node),
};
