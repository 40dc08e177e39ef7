// From a script's text to its syntax tree, once per script, and from a position to the function that stands there.
import {
  type AnonymousClassDeclaration,
  type AnonymousFunctionDeclaration,
  type AnyNode,
  type ArrowFunctionExpression,
  type ClassDeclaration,
  type ClassExpression,
  type FunctionDeclaration,
  type FunctionExpression,
  type Options,
  type Program,
  parse,
} from "acorn";

export type FunctionNode = FunctionDeclaration | AnonymousFunctionDeclaration | FunctionExpression | ArrowFunctionExpression;
export type ClassNode = ClassDeclaration | AnonymousClassDeclaration | ClassExpression;

/** A text with its tree. Offsets count UTF-16 units from 0. */
export interface ParsedText {
  readonly text: string;
  readonly program: Program;
}

const kept = 32;
const parsed = new Map<string, ParsedText>();

/** The tree of a whole script; the last few scripts are kept by `id`. Throws acorn's SyntaxError for what is not JavaScript. */
export function parseScript(id: string, isModule: boolean, readText: () => string): ParsedText {
  const known = parsed.get(id);
  if (known) return known;
  const text = readText();
  const result = { text, program: parseText(text, isModule) };
  parsed.set(id, result);
  const oldest = parsed.keys().next();
  if (parsed.size > kept && !oldest.done) parsed.delete(oldest.value);
  return result;
}

/** Parses a text. Scripts may be wrapped by a loader: a return, await or super outside a function is allowed. */
export function parseText(text: string, isModule: boolean): Program {
  const options: Options = {
    ecmaVersion: "latest",
    sourceType: isModule ? "module" : "script",
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    allowSuperOutsideMethod: true,
    allowHashBang: true,
    checkPrivateFields: false,
  };
  if (isModule) return parse(text, options);
  try {
    // Outside modules `await` is a name, unless a loader wrapped the text in an async function.
    return parse(text, { ...options, allowAwaitOutsideFunction: false });
  } catch {
    return parse(text, options);
  }
}

/**
 * The function or class whose code V8 places at `offset`: the `(` of its parameters, or its first character. A class is found by its
 * `class` or by the parameters of its constructor.
 */
export function findFunction(root: AnyNode, offset: number): FunctionNode | ClassNode | undefined {
  let found: FunctionNode | ClassNode | undefined;
  const visit = (node: AnyNode): void => {
    if (offset < node.start || offset >= node.end) return;
    if (isFunction(node)) {
      const head = node.params[0]?.start ?? node.body.start;
      if (offset <= head) found = node;
    } else if (isClass(node) && offset === node.start) found = node;
    for (const child of children(node)) visit(child);
  };
  visit(root);
  return found;
}

/** The class whose constructor is `constructor_`, if it is one. */
export function classOfConstructor(root: AnyNode, constructor_: FunctionNode): ClassNode | undefined {
  let found: ClassNode | undefined;
  const visit = (node: AnyNode): void => {
    if (found || constructor_.start < node.start || constructor_.end > node.end) return;
    if (isClass(node)) {
      const owns = node.body.body.some((m) => m.type === "MethodDefinition" && m.kind === "constructor" && m.value === constructor_);
      if (owns) found = node;
    }
    for (const child of children(node)) visit(child);
  };
  visit(root);
  return found;
}

export function isFunction(node: AnyNode): node is FunctionNode {
  return node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";
}

export function isClass(node: AnyNode): node is ClassNode {
  return node.type === "ClassDeclaration" || node.type === "ClassExpression";
}

/** The nodes directly below one, in source order. */
export function* children(node: AnyNode): Generator<AnyNode> {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) yield item;
    } else if (isNode(value)) yield value;
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value && typeof value.type === "string";
}

/** Whether a node has a statement of these types in it, functions inside of it aside: their jumps are their own. */
export function containsJump(node: AnyNode, types: readonly AnyNode["type"][]): boolean {
  if (types.includes(node.type)) return true;
  return !isFunction(node) && [...children(node)].some((child) => containsJump(child, types));
}

/** The names that a pattern declares or assigns. */
export function* patternNames(node: AnyNode): Generator<string> {
  if (node.type === "Identifier") yield node.name;
  else if (node.type === "AssignmentPattern") yield* patternNames(node.left);
  else if (node.type === "RestElement") yield* patternNames(node.argument);
  else if (node.type === "ArrayPattern") for (const e of node.elements) e && (yield* patternNames(e));
  else if (node.type === "ObjectPattern")
    for (const p of node.properties) yield* patternNames((p.type === "Property" ? p.value : p) as AnyNode);
}
