// Reading a function where there is no inspector: from its own text, as `Function.prototype.toString` gives it. A method's text is only
// syntax inside an object or a class, so it is parsed as `(t)`, `({t})` and `(class{t})` in turn.
import type { AnyNode } from "acorn";
import type { Callable } from "./inspector.ts";
import { type ClassNode, children, type FunctionNode, isClass, isFunction, type ParsedText, parseText } from "./parse.ts";

const wrappers = [
  ["(", ")"],
  ["({", "})"],
  ["(class extends Object {", "})"],
] as const;

export interface ParsedFunction extends ParsedText {
  readonly node: FunctionNode | ClassNode;
}

/** The tree of a function's own text (`text` includes the wrapper around it), or undefined where it is native or not to be parsed. */
export function parseFunctionText(fn: Callable): ParsedFunction | undefined {
  const own = Function.prototype.toString.call(fn);
  for (const [open, close] of wrappers) {
    const text = open + own + close;
    try {
      const program = parseText(text, false);
      const node = outermost(program, open.length);
      if (node) return { text, program, node };
    } catch {
      // Not syntax in this wrapper: the next one decides.
    }
  }
  return undefined;
}

/** The first function or class from `start` on that is not the wrapper. */
function outermost(node: AnyNode, start: number): FunctionNode | ClassNode | undefined {
  if (node.start >= start && (isFunction(node) || isClass(node))) return node;
  for (const child of children(node)) {
    const found = outermost(child, start);
    if (found) return found;
  }
  return undefined;
}
