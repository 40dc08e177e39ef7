// What the lint reports: a tensor where JavaScript wants a primitive, with its place and an error ready to be thrown.

import type { AnyNode } from "acorn";
import { type CodeFrame, type IngotError, ingotError } from "../../errors/error.ts";
import { tensorMethods } from "../tensor-methods.ts";
import type { CodeContext } from "./activation.ts";

export type LintCode = "TensorTruthiness" | "TensorOperator" | "TensorIdentity";

/** A mistake in the source. `file`, `line` and `column` are where it was written. */
export interface Finding extends CodeFrame {
  readonly code: LintCode;
  /** The function it stands in: `forward`. */
  readonly name: string;
  /** The tensor's expression, cut where it is long. */
  readonly expression: string;
  readonly message: string;
  readonly hint: string;
  /** The finding as an error of the catalogue, with its code frame. */
  readonly error: IngotError;
}

/** Whether an operator makes primitives of its operands. */
export function isPrimitiveOperator(operator: string): boolean {
  return operator in tensorMethods || operator === "<<" || operator === ">>" || operator === ">>>";
}

export function truthiness(code: CodeContext, node: AnyNode): Finding {
  const expression = excerpt(code, node);
  return finding(code, node, expression, "TensorTruthiness", (frame) => ingotError("TensorTruthiness", { what: expression }, { frame }));
}

export function operatorUse(code: CodeContext, whole: AnyNode, operand: AnyNode, operator: string, unary: boolean): Finding {
  const expression = excerpt(code, operand);
  const method =
    unary && operator === "-" ? "a.neg()" : unary && operator === "+" ? "x.item()" : (tensorMethods[operator] ?? "a method of the tensor");
  return finding(code, whole, expression, "TensorOperator", (frame) => ingotError("TensorOperator", { op: operator, method }, { frame }));
}

export function identity(code: CodeContext, whole: AnyNode, operand: AnyNode, operator: string): Finding {
  const expression = excerpt(code, operand);
  return finding(code, whole, expression, "TensorIdentity", (frame) => ingotError("TensorIdentity", { op: operator }, { frame }));
}

function finding(
  code: CodeContext,
  at: AnyNode,
  expression: string,
  kind: LintCode,
  makeError: (frame: CodeFrame | undefined) => IngotError,
): Finding {
  const frame = code.source.frame(at.start, code.source.excerpt(at.start, at.end).length) ?? { file: "<unknown>", line: 0, column: 0 };
  const error = makeError(frame);
  return { ...frame, code: kind, name: code.name, expression, message: error.summary, hint: error.hint, error };
}

const maxExcerpt = 48;

function excerpt(code: CodeContext, node: AnyNode): string {
  const text = code.source.excerpt(node.start, node.end).replace(/\s+/g, " ");
  return text.length > maxExcerpt ? `${text.slice(0, maxExcerpt - 1)}…` : text;
}
