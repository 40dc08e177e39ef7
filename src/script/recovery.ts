// After an error in a statement the rest of the model is read all the same, so that one run tells several errors; what the statement should
// have left behind is poison that is not told again.
import type { AnyNode } from "acorn";
import { IngotError } from "../errors/error.ts";
import { patternNames } from "../source/parse.ts";
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
  if (containsReturn(node)) {
    machine.heap.write(scope.activation.returned, "value", true);
    machine.heap.write(scope.activation.result, "value", nothing);
  }
}

function* assignedNames(node: unknown): Generator<string> {
  if (typeof node !== "object" || node === null) return;
  const { type } = node as { type?: string };
  if (type === "VariableDeclarator") yield* patternNames((node as { id: AnyNode }).id);
  if (type === "AssignmentExpression") yield* patternNames((node as { left: AnyNode }).left);
  if (type === "UpdateExpression") yield* patternNames((node as { argument: AnyNode }).argument);
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) for (const item of value) yield* assignedNames(item);
    else if (typeof value === "object") yield* assignedNames(value);
  }
}

function containsReturn(node: unknown): boolean {
  if (typeof node !== "object" || node === null) return false;
  const { type } = node as { type?: string };
  if (type === "ReturnStatement") return true;
  if (type?.includes("Function")) return false;
  return Object.values(node).some((v) => (Array.isArray(v) ? v.some(containsReturn) : containsReturn(v)));
}
