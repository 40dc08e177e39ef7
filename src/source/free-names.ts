// The names that a function uses and does not declare itself: what it captures, and globals.
import type { AnyNode } from "acorn";
import { children, isFunction, patternNames } from "./parse.ts";

/**
 * Names in order of appearance, each once. A name that is declared anywhere inside counts as the function's own: blocks that shadow each
 * other are not told apart.
 *
 * @example freeNames(parse("(x) => relu(x.mul(SCALE))"));   // ["relu", "SCALE"]
 */
export function freeNames(root: AnyNode): string[] {
  const used = new Set<string>();
  const declared = new Set<string>(["undefined", "arguments"]);
  const declare = (pattern: AnyNode) => {
    for (const name of patternNames(pattern)) declared.add(name);
  };
  const visit = (node: AnyNode): void => {
    if (node.type === "Identifier") used.add(node.name);
    if (node.type === "VariableDeclarator") declare(node.id);
    if (node.type === "CatchClause" && node.param) declare(node.param);
    if (isFunction(node)) for (const param of node.params) declare(param);
    if ("id" in node && node.id?.type === "Identifier" && node.type !== "VariableDeclarator") declared.add(node.id.name);
    for (const child of children(node)) if (!isKey(node, child)) visit(child);
  };
  visit(root);
  return [...used].filter((name) => !declared.has(name));
}

/** Names of properties and labels are no variables. */
function isKey(parent: AnyNode, child: AnyNode): boolean {
  if (parent.type === "MemberExpression") return child === parent.property && !parent.computed;
  if (parent.type === "Property") return child === parent.key && !parent.computed && !parent.shorthand;
  if (parent.type === "MethodDefinition" || parent.type === "PropertyDefinition") return child === parent.key && !parent.computed;
  return parent.type === "LabeledStatement" || parent.type === "BreakStatement" || parent.type === "ContinueStatement"
    ? "label" in parent && child === parent.label
    : false;
}
