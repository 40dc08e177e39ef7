// Operators on values of any kind: JavaScript's own on ordinary ones, nodes of the graph on scalars that depend on data. Tensors are refused,
// with the method to write instead.

import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { tensorMethods } from "../source/tensor-methods.ts";
import { type Context, stampProvenance } from "./context.ts";
import { requireCertain } from "./keys.ts";
import { firstSymbolic, runNative } from "./native-code.ts";
import { binaryScalar, unaryScalar } from "./operators.ts";
import type { Scope } from "./scope.ts";
import { isSymbolicList } from "./symbolic-list.ts";
import { describe, isScalar, Sym, scalarKind } from "./values.ts";

/** `op a` for values of any kind; typeof, void and ! too. */
export function unary(c: Context, node: Extract<AnyNode, { type: "UnaryExpression" }>, scope: Scope): unknown {
  const { operator, argument } = node;
  if (operator === "delete")
    c.machine.fail("UnsupportedSyntax", { what: "delete", instead: "Build a new object without the property." }, node);
  if (
    operator === "typeof" &&
    argument.type === "Identifier" &&
    !scope.find(argument.name) &&
    argument.name !== "undefined" &&
    !scope.activation.captured(argument.name)
  )
    return "undefined";
  if (operator === "!") {
    const condition = c.test(argument, scope);
    return condition instanceof Sym ? unaryScalar(c.machine.stage, "!", condition) : !condition;
  }
  const value = c.evaluate(argument, scope);
  if (operator === "typeof") return value instanceof Sym ? (value.kind === "bool" ? "boolean" : "number") : typeof value;
  if (operator === "void") return undefined;
  if (isTensor(value)) c.machine.fail("TensorOperator", { op: operator, method: unaryMethods[operator] ?? "a method of the tensor" }, node);
  if (value instanceof Sym) {
    const result = unaryScalar(c.machine.stage, operator, value);
    if (result === undefined) c.machine.fail("UnsupportedOperator", { op: operator, type: describe(value) }, node);
    return result;
  }
  requireKnown(c, operator, [value], node);
  const plain = value as number;
  return runNative(c, operator, node, () => (operator === "-" ? -plain : operator === "+" ? +plain : ~plain));
}

/** `a op b` for values of any kind. */
export function binary(c: Context, op: string, a: unknown, b: unknown, node: AnyNode): unknown {
  const plain = () => runNative(c, op, node, () => plainBinary(op, a instanceof Sym ? 0 : a, b));
  if (op === "instanceof") return plain();
  if (op === "in") {
    if (a instanceof Sym) c.machine.fail("UnsupportedOperator", { op, type: describe(a) }, node);
    if (isSymbolicList(c, b)) c.machine.fail("SymbolicList", { op: "in", list: c.machine.text(node) }, node);
    requireCertain(c, b, a);
    return plain();
  }
  const equality = op === "===" || op === "!==" || op === "==" || op === "!=";
  if (isTensor(a) || isTensor(b)) {
    if (!equality) c.machine.fail("TensorOperator", { op, method: tensorMethods[op] ?? "a method of the tensor" }, node);
    // The library's own code asks whether it was given one tensor twice.
    if (c.machine.frame.library && isTensor(a) && isTensor(b)) return (a === b) !== op.startsWith("!");
    // A tensor is never null, a number or another object: only two tensors leave the question open.
    if (isTensor(a) && isTensor(b)) c.machine.fail("TensorIdentity", { op }, node);
    if (isScalar(a) || isScalar(b)) c.machine.fail("TensorIdentity", { op }, node);
    return op.startsWith("!");
  }
  if (!(a instanceof Sym) && !(b instanceof Sym)) {
    if (op !== "===" && op !== "!==") requireKnown(c, op, [a, b], node);
    return plain();
  }
  if (op === "+" && (typeof a === "string" || typeof b === "string"))
    c.machine.fail("SymbolicString", { what: describe(typeof a === "string" ? b : a) }, node);
  if (!isScalar(a) || !isScalar(b)) {
    // == and != convert what is neither null nor undefined.
    const converts = (v: unknown) => v !== null && v !== undefined && !isScalar(v);
    if (equality && (op.length === 3 || (!converts(a) && !converts(b)))) return op.startsWith("!");
    c.machine.fail("OperatorType", { op, a: describe(a), b: describe(b) }, node);
  }
  if (op.length === 2 && equality && (scalarKind(a) === "bool") !== (scalarKind(b) === "bool"))
    c.machine.fail("OperatorType", { op, a: describe(a), b: describe(b) }, node);
  stampProvenance(c);
  const result = binaryScalar(c.machine.stage, op, a, b);
  if (result === undefined) c.machine.fail("OperatorType", { op, a: describe(a), b: describe(b) }, node);
  return result;
}

/** Objects that JavaScript would convert may hold nothing that depends on data. */
function requireKnown(c: Context, op: string, values: readonly unknown[], node: AnyNode): void {
  const symbolic = firstSymbolic(c, values);
  if (symbolic !== undefined) c.machine.fail("OperatorType", { op, a: describe(values[0]), b: describe(values[1]) }, node);
}

function plainBinary(op: string, a: unknown, b: unknown): unknown {
  const [x, y] = [a as number, b as number];
  switch (op) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      return x / y;
    case "%":
      return x % y;
    case "**":
      return x ** y;
    case "<":
      return x < y;
    case "<=":
      return x <= y;
    case ">":
      return x > y;
    case ">=":
      return x >= y;
    case "===":
      return a === b;
    case "!==":
      return a !== b;
    case "==":
      // biome-ignore lint/suspicious/noDoubleEquals: the interpreted program wrote it.
      return a == b;
    case "!=":
      // biome-ignore lint/suspicious/noDoubleEquals: the interpreted program wrote it.
      return a != b;
    case "&":
      return x & y;
    case "|":
      return x | y;
    case "^":
      return x ^ y;
    case "<<":
      return x << y;
    case ">>":
      return x >> y;
    case ">>>":
      return x >>> y;
    case "in":
      return (a as PropertyKey) in (b as object);
    default:
      return a instanceof (b as new () => unknown);
  }
}

/** What to write instead of an operator on one tensor. */
const unaryMethods: Readonly<Record<string, string>> = { ...tensorMethods, "-": "a.neg()", "+": "the tensor itself" };
