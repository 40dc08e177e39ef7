// Whose `this` and `super` a function means: what stands around it in its source.
import type { AnyNode, ObjectExpression } from "acorn";
import { type ClassNode, children, type FunctionNode, isClass } from "./parse.ts";

/** What gives a function its `this` and `super`: itself for methods and plain functions, what is around it for arrow functions. */
export type Enclosing =
  | { readonly kind: "class"; readonly node: ClassNode; readonly isStatic: boolean }
  | { readonly kind: "literal"; readonly node: ObjectExpression }
  | { readonly kind: "function" }
  | { readonly kind: "script" };

/**
 * The innermost method, field or function around a function of `root`, or the function itself where it is no arrow function.
 *
 * @example
 * enclosing(program, node);   // { kind: "class", node: class Scale …, isStatic: false } for (x) => x.mul(this.scale) in a field of Scale
 */
export function enclosing(root: AnyNode, fn: FunctionNode): Enclosing {
  const path = pathTo(root, fn);
  for (let i = path.length - 1; i > 0; i--) {
    const [node, parent] = [path[i] as AnyNode, path[i - 1] as AnyNode];
    if (node.type === "PropertyDefinition" || node.type === "StaticBlock")
      return inClass(path, i, node.type === "StaticBlock" || node.static);
    if (node.type !== "FunctionExpression" && node.type !== "FunctionDeclaration") continue;
    if (parent.type === "MethodDefinition") return inClass(path, i - 1, parent.static);
    const object = path[i - 2];
    const isMethod = parent.type === "Property" && (parent.method || parent.kind !== "init");
    return isMethod && object?.type === "ObjectExpression" ? { kind: "literal", node: object } : { kind: "function" };
  }
  return { kind: "script" };
}

/** `member` is the place of a class's member in the path; the class is two above. */
function inClass(path: readonly AnyNode[], member: number, isStatic: boolean): Enclosing {
  const node = path[member - 2];
  return node && isClass(node) ? { kind: "class", node, isStatic } : { kind: "function" };
}

function pathTo(root: AnyNode, target: AnyNode): AnyNode[] {
  const path = [root];
  for (let node: AnyNode | undefined = root; node && node !== target; ) {
    node = [...children(node)].find((child) => child.start <= target.start && child.end >= target.end);
    if (node) path.push(node);
  }
  return path;
}
