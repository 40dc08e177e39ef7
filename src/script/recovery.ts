// After an error in a statement the rest of the model is read all the same, so that one run tells several errors; what the statement should
// have left behind is poison that is not told again.
import type { AnyNode } from "acorn";
import { IngotError } from "../errors/error.ts";
import { children, containsJump, patternNames } from "../source/parse.ts";
import type { Context } from "./context.ts";
import type { Scope } from "./scope.ts";
import { Poison, Reported } from "./values.ts";

/** Errors found before giving up. */
const maxErrors = 20;

/** What is under way is native code that no rule names, and it was given a symbol. */
export function valueAsked({ machine }: Context): IngotError {
  const { node } = machine.frame;
  const instead = "Use values that are known when the model is compiled, or tensors: tensor([n, 1]), cat, slice.";
  return machine.error("NativeSymbolic", { fn: machine.text(node), type: "a value that depends on data", instead }, node);
}

/** Notes an error and goes on, so that more are found: what the statement should have assigned is not looked at again. */
export function report(c: Context, error: IngotError | Reported, node: AnyNode, scope: Scope): void {
  const { machine } = c;
  if (error instanceof IngotError) {
    const place = (e: IngotError) => `${e.code} ${e.frame?.file}:${e.frame?.line}:${e.frame?.column}`;
    if (!machine.errors.some((e) => place(e) === place(error))) machine.errors.push(error);
    if (machine.errors.length >= maxErrors) throw error;
  }
  const nothing = new Poison(() => new Reported());
  for (const name of assignedNames(node)) {
    const binding = scope.find(name);
    if (binding) machine.heap.write(binding, "value", nothing);
  }
  if (containsJump(node, ["ReturnStatement"])) {
    machine.heap.write(scope.activation.returned, "value", true);
    machine.heap.write(scope.activation.result, "value", nothing);
  }
}

/** The variables that a statement assigns, in functions inside of it too. */
function* assignedNames(node: AnyNode): Generator<string> {
  if (node.type === "VariableDeclarator") yield* patternNames(node.id);
  if (node.type === "AssignmentExpression") yield* patternNames(node.left);
  if (node.type === "UpdateExpression") yield* patternNames(node.argument);
  for (const child of children(node)) yield* assignedNames(child);
}
