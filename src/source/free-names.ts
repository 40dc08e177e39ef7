// The names that a function uses and does not declare itself: what it captures, and globals.
import type { AnyNode } from "acorn";
import { children, isFunction } from "./parse.ts";

/**
 * Names in order of appearance, each once. A name that is declared anywhere inside counts as the function's own: blocks that shadow each
 * other are not told apart.
 *
 * @example freeNames(parse("(x) => relu(x.mul(SCALE))"));   // ["relu", "SCALE"]
 */
export function freeNames(root: AnyNode): string[] {
  const used = new Set<string>();
  const declared = new Set<string>(["undefined", "arguments"]);
  const visit = (node: AnyNode): void => {
    if (node.type === "Identifier") used.add(node.name);
    if (node.type === "VariableDeclarator") declare(node.id, declared);
    if (node.type === "CatchClause" && node.param) declare(node.param, declared);
    if (isFunction(node)) for (const param of node.params) declare(param, declared);
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

function declare(pattern: AnyNode, into: Set<string>): void {
  if (pattern.type === "Identifier") into.add(pattern.name);
  else if (pattern.type === "AssignmentPattern") declare(pattern.left, into);
  else if (pattern.type === "RestElement") declare(pattern.argument, into);
  else if (pattern.type === "ArrayPattern") for (const e of pattern.elements) e && declare(e, into);
  else if (pattern.type === "ObjectPattern")
    for (const p of pattern.properties) declare((p.type === "Property" ? p.value : p) as AnyNode, into);
}
