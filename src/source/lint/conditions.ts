// Places where JavaScript asks "is it true?": reports tensors there, and says which way is taken where the kinds alone decide it, so that
// `typeof x === "number" && x > 0` is not read for an x that is a tensor.
import type { Expression } from "acorn";
import type { Place } from "./activation.ts";
import type { Analysis } from "./analysis.ts";
import { truthiness } from "./findings.ts";
import { join, type Kind, unknown, value } from "./kind.ts";

export interface Tested {
  readonly kind: Kind;
  /** Which way is always taken, where that is known. */
  readonly decided?: boolean | undefined;
}

/** Evaluates an expression whose truth matters. */
export function test(node: Expression, place: Place, analysis: Analysis): Tested {
  switch (node.type) {
    case "LogicalExpression":
      return logical(node, place, analysis, true);
    case "UnaryExpression":
      return node.operator === "!" ? not(node, place, analysis) : plain(node, place, analysis);
    case "ConditionalExpression": {
      const { decided } = test(node.test, place, analysis);
      if (decided !== undefined) return test(decided ? node.consequent : node.alternate, place, analysis);
      return { kind: join(test(node.consequent, place, analysis).kind, test(node.alternate, place, analysis).kind) };
    }
    case "SequenceExpression": {
      for (const each of node.expressions.slice(0, -1)) analysis.evaluate(each, place);
      const last = node.expressions.at(-1);
      return last ? test(last, place, analysis) : { kind: unknown };
    }
    case "ParenthesizedExpression":
      return test(node.expression, place, analysis);
    default:
      return plain(node, place, analysis);
  }
}

/** `a && b`, `a || b`, `a ?? b`; `tested` says whether the whole's truth matters, and so the right side's. */
export function logical(node: Expression & { type: "LogicalExpression" }, place: Place, analysis: Analysis, tested: boolean): Tested {
  const right = (): Tested => (tested ? test(node.right, place, analysis) : { kind: analysis.evaluate(node.right, place) });
  if (node.operator === "??") {
    const left = analysis.evaluate(node.left, place);
    if (left.is === "tensor" && tested) return test(node.left, place, analysis);
    return { kind: left.is === "tensor" ? left : join(withoutNullish(left), right().kind) };
  }
  const left = test(node.left, place, analysis);
  const stopsAt = node.operator === "||";
  if (left.decided === stopsAt) return left;
  const other = right();
  if (left.decided !== undefined) return other;
  return { kind: join(left.kind, other.kind), decided: other.decided === stopsAt ? stopsAt : undefined };
}

export function not(node: Expression & { type: "UnaryExpression" }, place: Place, analysis: Analysis): Tested {
  const { decided } = test(node.argument, place, analysis);
  return { kind: decided === undefined ? unknown : value(!decided), decided: decided === undefined ? undefined : !decided };
}

function plain(node: Expression, place: Place, analysis: Analysis): Tested {
  const kind = analysis.evaluate(node, place);
  if (kind.is === "tensor") analysis.report(node, place, (code) => truthiness(code, node));
  return { kind, decided: decide(node, place, analysis) };
}

/** Only what holds for every tensor decides: its `typeof`, that it is not null, that it is not an array. */
function decide(node: Expression, place: Place, analysis: Analysis): boolean | undefined {
  if (node.type === "CallExpression") return isArrayTest(node, place, analysis) ? false : undefined;
  if (node.type !== "BinaryExpression" || node.left.type === "PrivateIdentifier") return undefined;
  const { left, operator, right } = node;
  const equal = operator === "===" || operator === "==";
  if (!equal && operator !== "!==" && operator !== "!=") return undefined;
  for (const [a, b] of [
    [left, right],
    [right, left],
  ] as const) {
    if (a.type === "UnaryExpression" && a.operator === "typeof" && b.type === "Literal" && isTensor(a.argument, place, analysis)) {
      return (b.value === "object") === equal;
    }
    if (isNullish(b, place, analysis) && isTensor(a, place, analysis)) return !equal;
  }
  return undefined;
}

function isArrayTest(node: Expression & { type: "CallExpression" }, place: Place, analysis: Analysis): boolean {
  const [argument] = node.arguments;
  if (!argument || argument.type === "SpreadElement" || node.callee.type === "Super") return false;
  const callee = analysis.evaluate(node.callee, place);
  const isArray = callee.is === "values" && callee.values.every((one) => one === Array.isArray);
  return isArray && isTensor(argument, place, analysis);
}

/** Only a plain name or property is looked at twice. */
function isTensor(node: Expression, place: Place, analysis: Analysis): boolean {
  return (node.type === "Identifier" || node.type === "MemberExpression") && analysis.evaluate(node, place).is === "tensor";
}

function isNullish(node: Expression, place: Place, analysis: Analysis): boolean {
  if (node.type === "Literal") return node.value === null && node.raw === "null";
  if (node.type === "UnaryExpression") return node.operator === "void";
  if (node.type !== "Identifier" || node.name !== "undefined") return false;
  const kind = analysis.evaluate(node, place);
  return kind.is === "values" && kind.values.every((one) => one === undefined);
}

function withoutNullish(kind: Kind): Kind {
  if (kind.is !== "values") return kind;
  const values = kind.values.filter((one) => one !== undefined && one !== null);
  return values.length === 0 ? { is: "never" } : { is: "values", values };
}
