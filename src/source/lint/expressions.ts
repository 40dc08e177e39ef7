// Expressions: what is known of the value of each, with reports where a tensor meets an operator of JavaScript.
import type { AnyNode, Expression, Literal, SpreadElement } from "acorn";
import { isCoverageCounter } from "../artefacts.ts";
import type { Place } from "./activation.ts";
import type { Analysis } from "./analysis.ts";
import { evaluateCall } from "./calls.ts";
import { logical, not, test } from "./conditions.ts";
import { identity, isPrimitiveOperator, operatorUse } from "./findings.ts";
import { join, type Kind, unknown, value } from "./kind.ts";
import { evaluateArguments, memberOf } from "./members.ts";
import { assignPattern } from "./patterns.ts";

export function evaluate(node: Expression, place: Place, analysis: Analysis): Kind {
  switch (node.type) {
    case "Identifier":
      return variable(node.name, place, analysis);
    case "Literal":
      return literal(node);
    case "ThisExpression":
      return place.activation.thisKind;
    case "ParenthesizedExpression":
      return evaluate(node.expression, place, analysis);
    case "ChainExpression":
      return evaluate(node.expression, place, analysis);
    case "MemberExpression":
      return memberOf(node, place, analysis).kind;
    case "CallExpression":
      return evaluateCall(node, place, analysis);
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return { is: "closure", closure: place.activation.closure(node, place.scope) };
    case "LogicalExpression":
      return logical(node, place, analysis, false).kind;
    case "ConditionalExpression": {
      const { decided } = test(node.test, place, analysis);
      if (decided !== undefined) return evaluate(decided ? node.consequent : node.alternate, place, analysis);
      return join(evaluate(node.consequent, place, analysis), evaluate(node.alternate, place, analysis));
    }
    case "SequenceExpression":
      return node.expressions.reduce<Kind>((_, each) => evaluate(each, place, analysis), unknown);
    case "UnaryExpression":
      return unary(node, place, analysis);
    case "UpdateExpression":
      return update(node, place, analysis);
    case "BinaryExpression":
      return binary(node, place, analysis);
    case "AssignmentExpression":
      return assignment(node, place, analysis);
    case "ArrayExpression":
      return list(node.elements, place, analysis);
    case "ObjectExpression":
      return record(node, place, analysis);
    case "NewExpression":
      evaluate(node.callee, place, analysis);
      analysis.escape(evaluateArguments(node.arguments, place, analysis));
      return unknown;
    case "TemplateLiteral":
      // A tensor in a string is refused when it is made; nothing slips through that the lint would have to find.
      for (const each of node.expressions) evaluate(each, place, analysis);
      return unknown;
    case "TaggedTemplateExpression":
      evaluate(node.tag, place, analysis);
      for (const each of node.quasi.expressions) evaluate(each, place, analysis);
      return unknown;
    case "AwaitExpression":
      evaluate(node.argument, place, analysis);
      return unknown;
    case "YieldExpression":
      if (node.argument) analysis.escape([evaluate(node.argument, place, analysis)]);
      return unknown;
    case "ClassExpression":
    case "MetaProperty":
    case "ImportExpression":
      return unknown;
  }
}

function variable(name: string, place: Place, analysis: Analysis): Kind {
  const binding = place.scope.find(name);
  if (binding) return binding.kind;
  const captured = place.activation.code.captured(name);
  return captured ? analysis.kindOf(captured.value) : unknown;
}

function literal(node: Literal): Kind {
  return node.regex ? unknown : value(node.value);
}

function unary(node: Expression & { type: "UnaryExpression" }, place: Place, analysis: Analysis): Kind {
  const { operator, argument } = node;
  if (operator === "!") return not(node, place, analysis).kind;
  const kind = evaluate(argument, place, analysis);
  if (kind.is === "tensor" && isPrimitiveOperator(operator)) {
    analysis.report(node, place, (code) => operatorUse(code, node, argument, operator, true));
  }
  if (operator === "void") return value(undefined);
  // A negative literal may be an index or a default.
  const [only] = kind.is === "values" && kind.values.length === 1 ? kind.values : [];
  return operator === "-" && typeof only === "number" ? value(-only) : unknown;
}

function update(node: Expression & { type: "UpdateExpression" }, place: Place, analysis: Analysis): Kind {
  const { argument, operator } = node;
  if (isCoverageCounter(node, place.activation.code.captured)) return unknown;
  const kind = evaluate(argument, place, analysis);
  if (kind.is === "tensor") analysis.report(node, place, (code) => operatorUse(code, node, argument, operator.charAt(0), false));
  if (argument.type === "Identifier") assignPattern(argument, unknown, place, analysis);
  return unknown;
}

const equalities: ReadonlySet<string> = new Set(["===", "!==", "==", "!="]);

function binary(node: Expression & { type: "BinaryExpression" }, place: Place, analysis: Analysis): Kind {
  const { left, operator, right } = node;
  const a = left.type === "PrivateIdentifier" ? unknown : evaluate(left, place, analysis);
  const b = evaluate(right, place, analysis);
  if (equalities.has(operator)) {
    if (isIdentity(a, b)) analysis.report(node, place, (code) => identity(code, node, a.is === "tensor" ? left : right, operator));
  } else if (isPrimitiveOperator(operator) && (a.is === "tensor" || b.is === "tensor")) {
    analysis.report(node, place, (code) => operatorUse(code, node, a.is === "tensor" ? left : right, operator, false));
  }
  return unknown;
}

/** A tensor against a tensor or a primitive; against null and undefined it is a fair question. */
function isIdentity(a: Kind, b: Kind): boolean {
  if (a.is !== "tensor") return b.is === "tensor" && isIdentity(b, a);
  return b.is === "tensor" || (b.is === "values" && b.values.length > 0 && b.values.every(isValuePrimitive));
}

function isValuePrimitive(one: unknown): boolean {
  return typeof one === "number" || typeof one === "bigint" || typeof one === "boolean" || typeof one === "string";
}

function assignment(node: Expression & { type: "AssignmentExpression" }, place: Place, analysis: Analysis): Kind {
  const { left, operator, right } = node;
  if (operator === "=") {
    const kind = evaluate(right, place, analysis);
    assignPattern(left, kind, place, analysis);
    return kind;
  }
  if (left.type !== "Identifier" && left.type !== "MemberExpression") return unknown;
  if (operator === "&&=" || operator === "||=" || operator === "??=") {
    if (operator !== "??=") test(left, place, analysis);
    const kind = evaluate(right, place, analysis);
    assignPattern(left, kind, place, analysis);
    return join(evaluate(left, place, analysis), kind);
  }
  const before = evaluate(left, place, analysis);
  const other = evaluate(right, place, analysis);
  const operand = before.is === "tensor" ? left : other.is === "tensor" ? right : undefined;
  if (operand) analysis.report(node, place, (code) => operatorUse(code, node, operand, operator.slice(0, -1), false));
  else assignPattern(left, unknown, place, analysis);
  return unknown;
}

function list(elements: readonly (Expression | SpreadElement | null)[], place: Place, analysis: Analysis): Kind {
  const items: Kind[] = [];
  let known = true;
  for (const element of elements) {
    if (element?.type === "SpreadElement") {
      evaluate(element.argument, place, analysis);
      known = false;
    } else items.push(element ? evaluate(element, place, analysis) : value(undefined));
  }
  analysis.escape(items.filter((item) => item.is === "closure"));
  return known ? { is: "list", items } : unknown;
}

function record(node: Expression & { type: "ObjectExpression" }, place: Place, analysis: Analysis): Kind {
  const fields = new Map<string, Kind>();
  let known = true;
  for (const property of node.properties) {
    if (property.type === "SpreadElement") {
      evaluate(property.argument, place, analysis);
      known = false;
      continue;
    }
    const key = fieldName(property.key, property.computed);
    if (property.computed) evaluate(property.key, place, analysis);
    const kind = evaluate(property.value, place, analysis);
    if (kind.is === "closure") analysis.escape([kind]);
    if (key === undefined) known = false;
    else fields.set(key, property.kind === "init" ? kind : unknown);
  }
  return known ? { is: "record", fields } : unknown;
}

function fieldName(key: AnyNode, computed: boolean): string | undefined {
  if (key.type === "Literal") return String(key.value);
  return !computed && key.type === "Identifier" ? key.name : undefined;
}
