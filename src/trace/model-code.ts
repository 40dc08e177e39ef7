// The source of a model: the user's functions that run when it does, and what they capture. Modules and tensors among the captured name
// initializers, objects are watched for writes, and writes that watching cannot see (to captured variables, to private fields) are refused.
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { IngotError, ingotError } from "../errors/error.ts";
import { isCoverageFunction } from "../source/artefacts.ts";
import { type FunctionSource, readFunction } from "../source/function-source.ts";
import { type Callable, inspectorAvailable, withInspector } from "../source/inspector.ts";
import { isLibraryScript } from "../source/library.ts";
import { parameterNames } from "../source/parameter-names.ts";
import { children } from "../source/parse.ts";
import { forwardFunction, isClass, type Model, type ModelObject, reachableModules } from "./model.ts";

export interface ModelCode {
  /** The user's functions that were found, the model's own forward first. Empty where source cannot be read: tracing does not need it. */
  readonly functions: readonly FunctionSource[];
  /** Captured variables by name, those that hold objects or tensors. */
  readonly captured: ReadonlyMap<string, unknown>;
  /** The names of forward's parameters, as `parameterNames` gives them. */
  readonly parameters: readonly (string | undefined)[];
  /** The modules that run, by path. */
  readonly modules: readonly (readonly [string, ModelObject])[];
}

/** Beyond this many functions the rest are not read: a program, not a model. */
const maxFunctions = 500;

/**
 * Throws `StateMutation` where a function of the model assigns to a captured variable or to a private field; not with `anyWrites`, for a
 * front end that sees each write itself.
 */
export function readModelCode(model: Model, { anyWrites = false } = {}): ModelCode {
  const captured = new Map<string, unknown>();
  const functions: FunctionSource[] = [];
  const seen = new Set<unknown>();
  const pending: Pending[] = [];
  const add = (next: Pending) => {
    if (typeof next.fn !== "function" || seen.has(next.fn)) return;
    seen.add(next.fn);
    pending.push(next);
  };
  const drain = () => {
    for (let next = pending.shift(); next && functions.length < maxFunctions; next = pending.shift()) {
      const source = userSource(next.fn as Callable, next.named);
      if (!source) continue;
      functions.push(source);
      if (!anyWrites) refuseWrites(source);
      visitFunction(source, next.owner, captured, add);
    }
  };
  const read = () => {
    add({ fn: forwardFunction(model), owner: model, named: false });
    drain();
    let modules = reachableModules(model, captured);
    for (let known = -1; known < modules.length; modules = reachableModules(model, captured)) {
      known = modules.length;
      for (const [, module] of modules) add({ fn: module.forward, owner: module, named: false });
      drain();
    }
    return { modules, parameters: parameterNames(forwardFunction(model)) };
  };
  // One session of the inspector for all of it: opening one takes longer than reading.
  const { modules, parameters } = inspectorAvailable() ? withInspector(read) : read();
  return { functions, captured, modules, parameters };
}

interface Pending {
  readonly fn: unknown;
  /** `this` of its calls. */
  readonly owner: unknown;
  /** True for a function that another one names, false for a module's forward. */
  readonly named: boolean;
}

/** The source of a function that is neither native nor this library's; helpers of other packages are theirs to answer for. */
function userSource(fn: Callable, named: boolean): FunctionSource | undefined {
  try {
    const url = inspectorAvailable() ? withInspector((inspector) => inspector.functionFacts(fn)?.script.url) : undefined;
    if (url !== undefined && (url.startsWith("node:") || isLibraryScript(url) || (named && url.includes("/node_modules/"))))
      return undefined;
    return readFunction(fn);
  } catch (error) {
    if (error instanceof IngotError && error.code === "NoSource") return undefined;
    throw error;
  }
}

/** Refuses writes that cannot be watched. */
function refuseWrites({ node, source, scopes }: FunctionSource): void {
  const { written, declared } = mentions(node as AnyNode);
  const lookup = scopes();
  for (const [target, { name, start }] of written) {
    if (name !== undefined && (declared.has(name) || !lookup(name))) continue;
    const what = name === undefined ? `the private field ${target}` : `the captured variable ${name}`;
    throw ingotError("StateMutation", { target: what }, { frame: source.frame(start, target.length) });
  }
}

/** Collects what the function captures and the functions it names. */
function visitFunction(
  { node, scopes, bound }: FunctionSource,
  owner: unknown,
  captured: Map<string, unknown>,
  add: (next: Pending) => void,
): void {
  const { used, declared, own } = mentions(node as AnyNode);
  const lookup = scopes();
  for (const name of used) {
    if (declared.has(name)) continue;
    const found = lookup(name);
    // The platform's own objects (console, performance, Math) are no state of the model.
    if (!found || Object.is(found.value, Object.getOwnPropertyDescriptor(globalThis, name)?.value)) continue;
    const { value } = found;
    if (typeof value === "function" && !isClass(value) && !isCoverageFunction(value)) add({ fn: value, owner: undefined, named: true });
    if (isTensor(value) || isWatched(value)) capture(captured, name, value);
  }
  const self = bound ? bound.thisValue : owner;
  if (typeof self === "object" && self !== null) for (const name of own) add({ fn: methodOf(self, name), owner: self, named: true });
}

function capture(captured: Map<string, unknown>, name: string, value: unknown): void {
  let free = name;
  for (let i = 1; captured.has(free) && captured.get(free) !== value; i++) free = `${name}_${i}`;
  captured.set(free, value);
}

/** A method of the object, without running a getter. */
function methodOf(owner: object, name: string): unknown {
  for (let o: object | null = owner; o; o = Object.getPrototypeOf(o) as object | null) {
    const property = Object.getOwnPropertyDescriptor(o, name);
    if (property) return property.value;
  }
  return undefined;
}

/** Objects that hold a model's state, functions and classes with static fields among them; not module namespaces. */
function isWatched(value: unknown): value is object {
  if (typeof value === "function") return Object.keys(value).length > 0;
  return typeof value === "object" && value !== null && Object.prototype.toString.call(value) !== "[object Module]";
}

interface Mentions {
  readonly used: Set<string>;
  /** What is assigned to, by its text: variables with their name, private fields without. */
  readonly written: Map<string, { readonly name: string | undefined; readonly start: number }>;
  readonly declared: Set<string>;
  /** `name` of each `this.name`. */
  readonly own: Set<string>;
}

function mentions(root: AnyNode): Mentions {
  const out: Mentions = { used: new Set(), written: new Map(), declared: new Set(), own: new Set() };
  visit(root, out);
  return out;
}

function visit(node: AnyNode, out: Mentions): void {
  if (node.type === "Identifier") out.used.add(node.name);
  if (node.type === "MemberExpression" && node.object.type === "ThisExpression" && node.property.type === "Identifier" && !node.computed)
    out.own.add(node.property.name);
  if (node.type === "VariableDeclarator") declare(node.id, out);
  if (node.type === "CatchClause" && node.param) declare(node.param, out);
  if ("params" in node) for (const p of node.params) declare(p, out);
  if ((node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") && node.id) out.declared.add(node.id.name);
  if (node.type === "AssignmentExpression") assign(node.left, out);
  if (node.type === "UpdateExpression") assign(node.argument, out);
  for (const child of children(node)) visit(child, out);
}

/** Names bound by a declaration's pattern. */
function declare(pattern: AnyNode, out: Mentions): void {
  for (const bound of boundNames(pattern)) if (bound.name !== undefined) out.declared.add(bound.name);
}

function assign(target: AnyNode, out: Mentions): void {
  for (const { text, name, start } of boundNames(target)) if (!out.written.has(text)) out.written.set(text, { name, start });
}

function* boundNames(pattern: AnyNode): Generator<{ text: string; name: string | undefined; start: number }> {
  if (pattern.type === "Identifier") yield { text: pattern.name, name: pattern.name, start: pattern.start };
  else if (pattern.type === "MemberExpression" && pattern.property.type === "PrivateIdentifier")
    yield { text: `#${pattern.property.name}`, name: undefined, start: pattern.property.start };
  else if (pattern.type === "AssignmentPattern") yield* boundNames(pattern.left);
  else if (pattern.type === "RestElement") yield* boundNames(pattern.argument);
  else if (pattern.type === "ArrayPattern") for (const e of pattern.elements) e && (yield* boundNames(e));
  else if (pattern.type === "ObjectPattern") for (const p of pattern.properties) yield* boundNames(p.type === "Property" ? p.value : p);
}
