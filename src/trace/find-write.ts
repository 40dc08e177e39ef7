// Finds the line that wrote to a property: a picture of the model's state says what changed, the source says where.
import type { AnyNode } from "acorn";
import type { CodeFrame } from "../errors/error.ts";
import type { FunctionSource } from "../source/function-source.ts";
import { children } from "../source/parse.ts";

/** Methods that change what they are called on. */
const mutators = new Set("push pop shift unshift splice sort reverse fill copyWithin set add delete clear".split(" "));

/**
 * The frame of the first write to one of the names in `target` (`Counter.log[0]`: to `log`), innermost name first; undefined when none of
 * the functions holds one.
 */
export function findWrite(functions: readonly FunctionSource[], target: string): CodeFrame | undefined {
  const names = target.match(/[A-Za-z_$][\w$]*/g) ?? [];
  for (const name of names.reverse())
    for (const { node, source } of functions) {
      const found = writeIn(node as AnyNode, name);
      if (found) return source.frame(found.start, source.excerpt(found.start, found.end).length);
    }
  return undefined;
}

function writeIn(node: AnyNode, name: string): AnyNode | undefined {
  const written = writtenBy(node);
  if (written && names(written, name)) return node;
  for (const child of children(node)) {
    const found = writeIn(child, name);
    if (found) return found;
  }
  return undefined;
}

/** What a node writes to, if it writes. */
function writtenBy(node: AnyNode): AnyNode | undefined {
  if (node.type === "AssignmentExpression") return node.left;
  if (node.type === "UpdateExpression") return node.argument;
  if (node.type === "UnaryExpression" && node.operator === "delete") return node.argument;
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return undefined;
  const { object, property } = node.callee;
  return property.type === "Identifier" && mutators.has(property.name) ? object : undefined;
}

/** Whether `target` is `name`, `….name`, or an element or property of it. */
function names(target: AnyNode, name: string): boolean {
  if (target.type === "Identifier") return target.name === name;
  if (target.type !== "MemberExpression") return false;
  return (target.property.type === "Identifier" && !target.computed && target.property.name === name) || names(target.object, name);
}
