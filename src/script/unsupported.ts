// Syntax that script() does not read, with what to write instead.
import type { AnyNode } from "acorn";

const instead: Readonly<Record<string, readonly [what: string, instead: string]>> = {
  AwaitExpression: ["await", "Load data before the model runs, and pass it in."],
  YieldExpression: ["yield", "Push to a list, and return it."],
  TaggedTemplateExpression: ["a tagged template", "Call the function with plain arguments."],
  ImportExpression: ["import()", "Import at the top of the file."],
  MetaProperty: ["import.meta", "Read it outside of the model, into a constant."],
  Super: ["super", "Use it in a method of a class."],
  TryStatement: ["try", "Let errors pass: what throws in a branch is raised when that branch runs."],
  WithStatement: ["with", "Name the object."],
  ForInStatement: ["for-in", "Write for (const key of Object.keys(object))."],
  LabeledStatement: ["a label", "Put the loops into a function and return from it."],
  DebuggerStatement: ["debugger", "Remove it."],
};

/** The parameters of UnsupportedSyntax for a node that nothing handles. */
export function unsupported(node: AnyNode): { what: string; instead: string } {
  const [what, text] = instead[node.type] ?? [node.type, "Write it in plain expressions and statements."];
  return { what, instead: text };
}
