// Expressions. What is ordinary JavaScript is computed; operations on scalars that depend on tensors are staged.
import type {
  AnyNode,
  AssignmentExpression,
  CallExpression,
  Expression,
  MemberExpression,
  Node,
  SpreadElement,
  UpdateExpression,
} from "acorn";
import { isTensor } from "../eager/operand.ts";
import { isCoverageCounter } from "../source/artefacts.ts";
import type { ClassNode } from "../source/parse.ts";
import { branch } from "./branch.ts";
import type { Context } from "./context.ts";
import { ownKeys, requireCertain } from "./keys.ts";
import { LazyHome } from "./lazy-home.ts";
import { Binding } from "./machine.ts";
import { firstSymbolic, runNative } from "./native-code.ts";
import { binaryScalar, unaryScalar } from "./operators.ts";
import { getPrivate, setPrivate } from "./privates.ts";
import type { Scope } from "./scope.ts";
import { isSymbolicList } from "./symbolic-list.ts";
import { describe, isScalar, Sym, scalarKind, unassigned } from "./values.ts";

type Handlers = { readonly [T in AnyNode["type"]]?: (c: Context, node: Extract<AnyNode, { type: T }>, scope: Scope) => unknown };

/** The value of an expression. */
export function evaluate(c: Context, node: AnyNode, scope: Scope): unknown {
  const { frame } = c.machine;
  const outer = frame.node;
  frame.node = node;
  const handler = handlers[node.type] as ((c: Context, node: AnyNode, scope: Scope) => unknown) | undefined;
  if (!handler) return c.machine.fail("UnsupportedSyntax", unsupported(node), node);
  const value = handler(c, node, scope);
  frame.node = outer;
  return value;
}

const handlers: Handlers = {
  Literal: (_, node) =>
    "regex" in node && node.regex
      ? new RegExp(node.regex.pattern, node.regex.flags)
      : "bigint" in node && node.bigint != null
        ? BigInt(node.bigint)
        : node.value,
  Identifier: (c, node, scope) => readVariable(c, node.name, scope, node),
  ThisExpression: (c, node, scope) => {
    const { self, thisValue } = scope.activation;
    if (!self) return thisValue;
    if (self.value === unassigned) c.machine.fail("StaticThrow", { message: "this is read before super() was called" }, node);
    return self.value;
  },
  TemplateLiteral: (c, node, scope) => {
    let text = "";
    node.quasis.forEach((quasi, i) => {
      text += quasi.value.cooked ?? "";
      const part = node.expressions[i];
      if (!part) return;
      const value = c.evaluate(part, scope);
      const symbolic = firstSymbolic(c, [value]);
      if (symbolic !== undefined) c.machine.fail("SymbolicString", { what: describe(symbolic) }, part);
      // Not String(value): that takes symbols.
      text += runNative(c, "a string", part, () => `${value}`);
    });
    return text;
  },
  ArrayExpression: (c, node, scope) => c.machine.heap.fresh(list(c, node.elements, scope)),
  ObjectExpression: (c, node, scope) => objectLiteral(c, node, scope),
  FunctionExpression: (c, node, scope) => c.closure(node, scope),
  ArrowFunctionExpression: (c, node, scope) => c.closure(node, scope),
  ClassExpression: (c, node, scope) => c.classValue(node as ClassNode, scope),
  SequenceExpression: (c, node, scope) => {
    for (const first of node.expressions.slice(0, -1)) effect(c, first, scope);
    return c.evaluate(node.expressions[node.expressions.length - 1] as Expression, scope);
  },
  ParenthesizedExpression: (c, node, scope) => c.evaluate(node.expression, scope),
  UnaryExpression: (c, node, scope) => unary(c, node, scope),
  UpdateExpression: (c, node, scope) => update(c, node, scope),
  BinaryExpression: (c, node, scope) => {
    if (node.left.type === "PrivateIdentifier") return hasPrivate(c, node.left.name, c.evaluate(node.right, scope), node);
    return binary(c, node.operator, c.evaluate(node.left, scope), c.evaluate(node.right, scope), node);
  },
  LogicalExpression: (c, node, scope) => logical(c, node.operator, c.evaluate(node.left, scope), () => c.evaluate(node.right, scope), node),
  ConditionalExpression: (c, node, scope) => {
    const condition = c.test(node.test, scope);
    if (!(condition instanceof Sym)) return c.evaluate(condition ? node.consequent : node.alternate, scope);
    return choose(
      c,
      condition,
      () => c.evaluate(node.consequent, scope),
      () => c.evaluate(node.alternate, scope),
    );
  },
  AssignmentExpression: (c, node, scope) => assignment(c, node, scope),
  MemberExpression: (c, node, scope) => member(c, node, scope).value,
  ChainExpression: (c, node, scope) => {
    const result = c.evaluate(node.expression, scope);
    return result === shortCircuit ? undefined : result;
  },
  CallExpression: (c, node, scope) => callExpression(c, node, scope),
  NewExpression: (c, node, scope) => c.construct(c.evaluate(node.callee, scope), list(c, node.arguments, scope), node),
  MetaProperty: (c, node, scope) =>
    node.meta.name === "new" ? scope.activation.newTarget : c.machine.fail("UnsupportedSyntax", unsupported(node), node),
  Super: (c, node) => c.machine.fail("UnsupportedSyntax", unsupported(node), node),
};

/** What an optional chain gives whose object is null or undefined. */
const shortCircuit: unique symbol = Symbol("short circuit");

function readVariable(c: Context, name: string, scope: Scope, node: Node): unknown {
  const binding = scope.find(name);
  if (binding) {
    if (binding.value === unassigned) {
      if (binding instanceof Declared) return undefined;
      return c.machine.fail("UndefinedName", { name }, node as AnyNode);
    }
    if (binding.onlyWhileCalled && binding.call?.ended)
      c.machine.fail("MaybeUndefined", { name, condition: "the function that declares it has not returned early" }, node as AnyNode);
    return c.machine.read(binding.value);
  }
  if (name === "undefined") return undefined;
  if (name === "arguments")
    c.machine.fail("UnsupportedSyntax", { what: "arguments", instead: "Write a rest parameter: (...args) => …." }, node as AnyNode);
  const found = scope.activation.captured(name);
  if (!found) {
    const missing = scope.activation.missing?.();
    if (missing) c.machine.fail("ScopeMissing", { fn: scope.activation.name, names: missing.join(", ") }, node as AnyNode);
    return c.machine.fail("UndefinedName", { name }, node as AnyNode);
  }
  return found.value;
}

/** A variable declared without a value: reading it before an assignment gives undefined, as in JavaScript. */
export class Declared extends Binding {
  constructor(name: string) {
    super(name, unassigned);
  }
}

/** The elements of a list of expressions, spread ones opened. */
export function list(c: Context, nodes: readonly (Expression | SpreadElement | null)[], scope: Scope): unknown[] {
  const values: unknown[] = [];
  for (const node of nodes) {
    if (node === null) values.length++;
    else if (node.type === "SpreadElement") values.push(...c.elements(c.evaluate(node.argument, scope), node.argument));
    else values.push(c.evaluate(node, scope));
  }
  return values;
}

function objectLiteral(c: Context, node: Extract<AnyNode, { type: "ObjectExpression" }>, scope: Scope): object {
  const object = c.machine.heap.fresh({}) as Record<PropertyKey, unknown>;
  const put = (key: PropertyKey, value: unknown) =>
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  for (const property of node.properties) {
    if (property.type === "SpreadElement") {
      const source = c.evaluate(property.argument, scope);
      for (const key of ownKeys(c, source, property.argument)) put(key, c.get(source, key, property.argument));
      continue;
    }
    const key = propertyKey(c, property.key as Expression, property.computed, scope);
    if (property.kind === "init") {
      const value = property.method
        ? c.closure(property.value, scope, { name: String(key), home: object })
        : c.evaluate(property.value, scope);
      if (key === "__proto__" && !property.computed && !property.shorthand)
        c.machine.fail("UnsupportedSyntax", { what: "__proto__ in an object literal", instead: "Write a class." }, property);
      put(key, named(value, key));
    } else {
      const accessor = c.closure(property.value, scope, { name: String(key), home: object });
      Object.defineProperty(object, key, { [property.kind]: accessor, enumerable: true, configurable: true });
    }
  }
  return object;
}

/** Functions take the name of what they are assigned to. */
export function named(value: unknown, key: PropertyKey): unknown {
  if (typeof value === "function" && value.name === "" && Object.isExtensible(value))
    Object.defineProperty(value, "name", { value: String(key), configurable: true });
  return value;
}

export function propertyKey(c: Context, key: Expression | AnyNode, computed: boolean, scope: Scope): PropertyKey {
  if (!computed && key.type === "Identifier") return key.name;
  const value = c.evaluate(key, scope);
  if (value instanceof Sym) c.machine.fail("SymbolicIndex", { list: "a record", type: "properties" }, key as AnyNode);
  return typeof value === "symbol" ? value : String(value);
}

function unary(c: Context, node: Extract<AnyNode, { type: "UnaryExpression" }>, scope: Scope): unknown {
  const { operator, argument } = node;
  if (operator === "delete")
    c.machine.fail("UnsupportedSyntax", { what: "delete", instead: "Build a new object without the property." }, node);
  if (
    operator === "typeof" &&
    argument.type === "Identifier" &&
    !scope.find(argument.name) &&
    argument.name !== "undefined" &&
    !scope.activation.captured(argument.name)
  )
    return "undefined";
  if (operator === "!") {
    const condition = c.test(argument, scope);
    return condition instanceof Sym ? unaryScalar(c.machine.stage, "!", condition) : !condition;
  }
  const value = c.evaluate(argument, scope);
  if (operator === "typeof") return value instanceof Sym ? (value.kind === "bool" ? "boolean" : "number") : typeof value;
  if (operator === "void") return undefined;
  if (isTensor(value))
    c.machine.fail("TensorOperator", { op: operator, method: tensorMethods[`unary ${operator}`] ?? "a method of the tensor" }, node);
  if (value instanceof Sym) {
    const result = unaryScalar(c.machine.stage, operator, value);
    if (result === undefined) c.machine.fail("UnsupportedOperator", { op: operator, type: describe(value) }, node);
    return result;
  }
  requireKnown(c, operator, [value], node);
  const plain = value as number;
  return runNative(c, operator, node, () => (operator === "-" ? -plain : operator === "+" ? +plain : ~plain));
}

/** `a op b` for values of any kind. */
export function binary(c: Context, op: string, a: unknown, b: unknown, node: AnyNode): unknown {
  const plain = () => runNative(c, op, node, () => plainBinary(op, a instanceof Sym ? 0 : a, b));
  if (op === "instanceof") return plain();
  if (op === "in") {
    if (a instanceof Sym) c.machine.fail("UnsupportedOperator", { op, type: describe(a) }, node);
    if (isSymbolicList(c, b)) c.machine.fail("SymbolicList", { op: "in", list: c.machine.text(node) }, node);
    requireCertain(c, b, a);
    return plain();
  }
  const equality = op === "===" || op === "!==" || op === "==" || op === "!=";
  if (isTensor(a) || isTensor(b)) {
    if (!equality) c.machine.fail("TensorOperator", { op, method: tensorMethods[op] ?? "a method of the tensor" }, node);
    // The library's own code asks whether it was given one tensor twice.
    if (c.machine.frame.library && isTensor(a) && isTensor(b)) return (a === b) !== op.startsWith("!");
    // A tensor is never null, a number or another object: only two tensors leave the question open.
    if (isTensor(a) && isTensor(b)) c.machine.fail("TensorIdentity", { op }, node);
    if (isScalar(a) || isScalar(b)) c.machine.fail("TensorIdentity", { op }, node);
    return op.startsWith("!");
  }
  if (!(a instanceof Sym) && !(b instanceof Sym)) {
    if (op !== "===" && op !== "!==") requireKnown(c, op, [a, b], node);
    return plain();
  }
  if (op === "+" && (typeof a === "string" || typeof b === "string"))
    c.machine.fail("SymbolicString", { what: describe(typeof a === "string" ? b : a) }, node);
  if (!isScalar(a) || !isScalar(b)) {
    // == and != convert what is neither null nor undefined.
    const converts = (v: unknown) => v !== null && v !== undefined && !isScalar(v);
    if (equality && (op.length === 3 || (!converts(a) && !converts(b)))) return op.startsWith("!");
    c.machine.fail("OperatorType", { op, a: describe(a), b: describe(b) }, node);
  }
  if (op.length === 2 && equality && (scalarKind(a) === "bool") !== (scalarKind(b) === "bool"))
    c.machine.fail("OperatorType", { op, a: describe(a), b: describe(b) }, node);
  stampProvenance(c);
  const result = binaryScalar(c.machine.stage, op, a, b);
  if (result === undefined) c.machine.fail("OperatorType", { op, a: describe(a), b: describe(b) }, node);
  return result;
}

/** Objects that JavaScript would convert may hold nothing that depends on data. */
function requireKnown(c: Context, op: string, values: readonly unknown[], node: AnyNode): void {
  const symbolic = firstSymbolic(c, values);
  if (symbolic !== undefined) c.machine.fail("OperatorType", { op, a: describe(values[0]), b: describe(values[1]) }, node);
}

export function stampProvenance(c: Context): void {
  c.machine.stage.provenance = [c.machine.origin()];
}

function plainBinary(op: string, a: unknown, b: unknown): unknown {
  const [x, y] = [a as number, b as number];
  switch (op) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      return x / y;
    case "%":
      return x % y;
    case "**":
      return x ** y;
    case "<":
      return x < y;
    case "<=":
      return x <= y;
    case ">":
      return x > y;
    case ">=":
      return x >= y;
    case "===":
      return a === b;
    case "!==":
      return a !== b;
    case "==":
      // biome-ignore lint/suspicious/noDoubleEquals: the interpreted program wrote it.
      return a == b;
    case "!=":
      // biome-ignore lint/suspicious/noDoubleEquals: the interpreted program wrote it.
      return a != b;
    case "&":
      return x & y;
    case "|":
      return x | y;
    case "^":
      return x ^ y;
    case "<<":
      return x << y;
    case ">>":
      return x >> y;
    case ">>>":
      return x >>> y;
    case "in":
      return (a as PropertyKey) in (b as object);
    default:
      return a instanceof (b as new () => unknown);
  }
}

/** What to write instead of an operator on tensors. */
const tensorMethods: Readonly<Record<string, string>> = {
  "+": "a.add(b)",
  "-": "a.sub(b)",
  "*": "a.mul(b)",
  "/": "a.div(b)",
  "%": "a.remainder(b)",
  "**": "a.pow(b)",
  "<": "a.lt(b)",
  "<=": "a.le(b)",
  ">": "a.gt(b)",
  ">=": "a.ge(b)",
  "&": "a.bitwiseAnd(b)",
  "|": "a.bitwiseOr(b)",
  "^": "a.bitwiseXor(b)",
  "unary -": "a.neg()",
  "unary +": "the tensor itself",
  "unary ~": "a.bitwiseNot()",
};

function logical(c: Context, op: string, left: unknown, right: () => unknown, node: AnyNode): unknown {
  if (op === "??") return left === null || left === undefined ? right() : left;
  // A layer of the library asks whether a tensor is there.
  if (isTensor(left) && !c.machine.frame.library) c.condition(left, "left" in node ? (node.left as AnyNode) : node);
  if (!(left instanceof Sym)) return (op === "&&") === Boolean(left) ? right() : left;
  if (left.kind !== "bool") c.machine.fail("LogicalValue", { op, type: describe(left) }, node);
  return op === "&&" ? choose(c, left, right, () => false) : choose(c, left, () => true, right);
}

/** An expression whose truth decides: the value that `a && b` has does not matter there, so numbers may stand in it. */
export function test(c: Context, node: AnyNode, scope: Scope): boolean | Sym {
  if (node.type === "ParenthesizedExpression") return test(c, node.expression, scope);
  if (node.type !== "LogicalExpression" || node.operator === "??") return c.condition(c.evaluate(node, scope), node);
  const left = test(c, node.left, scope);
  const right = () => test(c, node.right, scope);
  if (!(left instanceof Sym)) return left === (node.operator === "&&") ? right() : left;
  return (node.operator === "&&" ? choose(c, left, right, () => false) : choose(c, left, () => true, right)) as boolean | Sym;
}

/** An expression whose value nobody asks for: `ready && (y = y.mul(2))` is an `if`, whatever the two sides are. */
export function effect(c: Context, node: AnyNode, scope: Scope): void {
  if (node.type === "ParenthesizedExpression") return effect(c, node.expression, scope);
  if (node.type === "SequenceExpression") {
    for (const each of node.expressions) effect(c, each, scope);
    return;
  }
  const choice = choiceOf(node);
  if (!choice) return void c.evaluate(node, scope);
  const condition = test(c, choice.test, scope);
  const run = (side: AnyNode | undefined) => {
    if (side) effect(c, side, scope);
  };
  if (!(condition instanceof Sym)) return run(condition ? choice.yes : choice.no);
  stampProvenance(c);
  branch(
    c.machine,
    condition,
    () => run(choice.yes),
    () => run(choice.no),
  );
}

/** What an expression does where its condition is true, and where it is false. */
function choiceOf(node: AnyNode): { readonly test: AnyNode; readonly yes?: AnyNode; readonly no?: AnyNode } | undefined {
  if (node.type === "ConditionalExpression") return { test: node.test, yes: node.consequent, no: node.alternate };
  if (node.type !== "LogicalExpression" || node.operator === "??") return undefined;
  return node.operator === "&&" ? { test: node.left, yes: node.right } : { test: node.left, no: node.right };
}

/** `condition ? yes() : no()` for a condition that depends on data. */
export function choose(c: Context, condition: Sym, yes: () => unknown, no: () => unknown): unknown {
  const known = c.machine.resolve(condition);
  if (typeof known === "boolean") return known ? yes() : no();
  const { heap } = c.machine;
  const result = heap.fresh(new Binding("value", unassigned));
  branch(
    c.machine,
    condition,
    () => void heap.write(result, "value", yes()),
    () => void heap.write(result, "value", no()),
  );
  return c.machine.read(result.value);
}

function assignment(c: Context, node: AssignmentExpression, scope: Scope): unknown {
  const { operator, left, right } = node;
  if (operator === "=" && left.type === "MemberExpression") {
    // Its object and key come before the value.
    const target = reference(c, left, scope);
    const value = c.evaluate(right, scope);
    target.set(value);
    return value;
  }
  if (operator === "=") {
    const value = c.evaluate(right, scope);
    if (left.type === "Identifier") named(value, left.name);
    c.bind(left, value, scope, "assign");
    return value;
  }
  const target = reference(c, left as AnyNode, scope);
  const old = target.get();
  if (operator === "&&=" || operator === "||=" || operator === "??=") {
    const op = operator.slice(0, -1);
    const isPlain = !(old instanceof Sym);
    const skip = isPlain && (op === "??" ? old !== null && old !== undefined : (op === "&&") !== Boolean(old));
    if (skip && !isTensor(old)) return old;
    const value = logical(c, op, old, () => c.evaluate(right, scope), node);
    target.set(value);
    return value;
  }
  const value = binary(c, operator.slice(0, -1), old, c.evaluate(right, scope), node);
  target.set(value);
  return value;
}

function update(c: Context, node: UpdateExpression, scope: Scope): unknown {
  if (isCoverageCounter(node, (name) => scope.activation.captured(name))) return 0;
  const target = reference(c, node.argument as AnyNode, scope);
  const read = target.get();
  const old = typeof read === "string" ? Number(read) : read;
  if (isTensor(old))
    c.machine.fail("TensorOperator", { op: node.operator, method: node.operator === "++" ? "x = x.add(1)" : "x = x.sub(1)" }, node);
  const step = node.operator === "++" ? "+" : "-";
  const value = typeof old === "bigint" ? old + (step === "+" ? 1n : -1n) : binary(c, step, old, 1, node);
  target.set(value);
  return node.prefix ? value : old;
}

interface Reference {
  readonly get: () => unknown;
  readonly set: (value: unknown) => void;
}

/** A place that is read and then written; its object and key are evaluated once. */
function reference(c: Context, node: AnyNode, scope: Scope): Reference {
  if (node.type === "ParenthesizedExpression") return reference(c, node.expression, scope);
  if (node.type === "Identifier")
    return { get: () => readVariable(c, node.name, scope, node), set: (value) => c.bind(node, value, scope, "assign") };
  if (node.type !== "MemberExpression") return c.machine.fail("UnsupportedSyntax", unsupported(node), node);
  const object = node.object.type === "Super" ? scope.activation.thisValue : c.evaluate(node.object, scope);
  const { property } = node;
  if (property.type === "PrivateIdentifier")
    return {
      get: () => getPrivate(c, object, property.name, node, scope),
      set: (value) => setPrivate(c, object, property.name, value, node, scope),
    };
  const key = memberKey(c, node, scope);
  return { get: () => c.get(object, key, node), set: (value) => c.set(object, key, value, node) };
}

export function memberKey(c: Context, node: MemberExpression, scope: Scope): unknown {
  if (!node.computed && node.property.type === "Identifier") return node.property.name;
  return c.evaluate(node.property as Expression, scope);
}

/** A member with the object that a call passes as `this`. */
function member(c: Context, node: MemberExpression, scope: Scope): { readonly object: unknown; readonly value: unknown } {
  if (node.object.type === "Super") {
    const self = scope.activation.self ? scope.activation.self.value : scope.activation.thisValue;
    const { home } = scope.activation;
    const owner: unknown = home instanceof LazyHome ? home.home : home;
    if (typeof owner !== "object" && typeof owner !== "function") c.machine.fail("SuperHome", {}, node);
    const parent: unknown = Object.getPrototypeOf(owner as object);
    const key = memberKey(c, node, scope);
    return { object: self, value: superMember(c, parent, key, self, node) };
  }
  const object = c.evaluate(node.object, scope);
  if (object === shortCircuit) return { object, value: shortCircuit };
  if (node.optional && (object === null || object === undefined)) return { object, value: shortCircuit };
  if (node.property.type === "PrivateIdentifier") return { object, value: getPrivate(c, object, node.property.name, node, scope) };
  const key = memberKey(c, node, scope);
  return { object, value: c.get(object, key, node) };
}

function superMember(c: Context, parent: unknown, key: unknown, self: unknown, node: AnyNode): unknown {
  if (typeof parent !== "object" && typeof parent !== "function") c.machine.fail("SuperHome", {}, node);
  for (let owner = parent as object | null; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    const property = Object.getOwnPropertyDescriptor(owner, key as PropertyKey);
    if (!property) continue;
    return property.get ? c.call(property.get, self, [], node) : property.value;
  }
  return undefined;
}

function callExpression(c: Context, node: CallExpression, scope: Scope): unknown {
  const { callee } = node;
  if (callee.type === "Super") return superCall(c, node, scope);
  let thisValue: unknown;
  let fn: unknown;
  if (callee.type === "MemberExpression") ({ object: thisValue, value: fn } = member(c, callee, scope));
  else fn = c.evaluate(callee, scope);
  if (fn === shortCircuit) return shortCircuit;
  if (node.optional && (fn === null || fn === undefined)) return shortCircuit;
  return c.call(fn, thisValue, list(c, node.arguments, scope), node);
}

function superCall(c: Context, node: CallExpression, scope: Scope): unknown {
  const { activation } = scope;
  const { self, home, newTarget } = activation;
  if (!self)
    c.machine.fail("UnsupportedSyntax", { what: "super(…) outside of a constructor", instead: "Call it in the constructor." }, node);
  const parent: unknown = Object.getPrototypeOf((home as { constructor: object }).constructor);
  const made = c.construct(parent, list(c, node.arguments, scope), node, newTarget);
  self.value = made;
  (activation as { readonly initialize?: (object: unknown) => void }).initialize?.(made);
  return made;
}

function hasPrivate(c: Context, name: string, object: unknown, node: AnyNode): boolean {
  void name;
  void object;
  return c.machine.fail("UnsupportedSyntax", { what: "#name in object", instead: "Ask for a public property." }, node);
}

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

export function unsupported(node: AnyNode): { what: string; instead: string } {
  const [what, text] = instead[node.type] ?? [node.type, "Write it in plain expressions and statements."];
  return { what, instead: text };
}
