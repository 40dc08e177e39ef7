// The variables that a model function captured: modules and tensors among them name initializers, objects among them are watched for
// writes, and assignments to captured variables are refused, since a picture of objects cannot see them.
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { IngotError, ingotError } from "../errors/error.ts";
import { type FunctionSource, readFunction } from "../source/function-source.ts";
import { children } from "../source/parse.ts";
import { forwardFunction, type Model } from "./model.ts";

/**
 * Captured variables by name, those that hold objects or tensors. Empty where the source cannot be read: tracing does not need it.
 * Throws `StateMutation` where the function assigns to a variable outside of it.
 */
export function capturedBindings(model: Model): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  let source: FunctionSource;
  try {
    source = readFunction(forwardFunction(model));
  } catch (error) {
    if (error instanceof IngotError && error.code === "NoSource") return found;
    throw error;
  }
  const { used, assigned, declared } = identifiers(source.node as AnyNode);
  const lookup = source.scopes();
  for (const [name, offset] of assigned) {
    if (declared.has(name) || !lookup(name)) continue;
    throw ingotError("StateMutation", { target: `the captured variable ${name}` }, { frame: source.source.frame(offset, name.length) });
  }
  for (const name of used) {
    if (declared.has(name)) continue;
    const value = lookup(name)?.value;
    if (isTensor(value) || isWatched(value)) found.set(name, value);
  }
  return found;
}

/** Objects that hold a model's state; not functions, classes and module namespaces. */
function isWatched(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.prototype.toString.call(value) !== "[object Module]";
}

interface Identifiers {
  readonly used: Set<string>;
  /** Name → offset of the first assignment. */
  readonly assigned: Map<string, number>;
  readonly declared: Set<string>;
}

function identifiers(root: AnyNode): Identifiers {
  const out: Identifiers = { used: new Set(), assigned: new Map(), declared: new Set() };
  visit(root, out);
  return out;
}

function visit(node: AnyNode, out: Identifiers): void {
  if (node.type === "Identifier") out.used.add(node.name);
  if (node.type === "VariableDeclarator") declare(node.id, out);
  if (node.type === "CatchClause" && node.param) declare(node.param, out);
  if ("params" in node) for (const p of node.params) declare(p, out);
  if ((node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") && node.id) out.declared.add(node.id.name);
  if (node.type === "AssignmentExpression") assign(node.left, out);
  if (node.type === "UpdateExpression") assign(node.argument, out);
  for (const child of children(node)) visit(child, out);
}

/** Names bound by a declaration's pattern. */
function declare(pattern: AnyNode, out: Identifiers): void {
  for (const { name } of boundNames(pattern)) out.declared.add(name);
}

function assign(target: AnyNode, out: Identifiers): void {
  for (const { name, start } of boundNames(target)) if (!out.assigned.has(name)) out.assigned.set(name, start);
}

function* boundNames(pattern: AnyNode): Generator<{ name: string; start: number }> {
  if (pattern.type === "Identifier") yield { name: pattern.name, start: pattern.start };
  else if (pattern.type === "AssignmentPattern") yield* boundNames(pattern.left);
  else if (pattern.type === "RestElement") yield* boundNames(pattern.argument);
  else if (pattern.type === "ArrayPattern") for (const e of pattern.elements) e && (yield* boundNames(e));
  else if (pattern.type === "ObjectPattern") for (const p of pattern.properties) yield* boundNames(p.type === "Property" ? p.value : p);
}
