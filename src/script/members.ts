// Reading and writing properties, positions and patterns. Nothing of the user's runs natively here: getters and setters are interpreted.
import { types } from "node:util";
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { isModuleRecord } from "../source/artefacts.ts";
import type { Context } from "./context.ts";
import { content } from "./heap.ts";
import { ownKeys } from "./keys.ts";
import { named, propertyKey } from "./literals.ts";
import { Binding, describeCell } from "./machine.ts";
import { raise, refuseSymbolic, runNative } from "./native-code.ts";
import { size } from "./operators.ts";
import { setPrivate } from "./privates.ts";
import type { Scope } from "./scope.ts";
import { elementAt, lengthOf, pick, symbolicList } from "./symbolic-list.ts";
import { describe, Sym } from "./values.ts";

/** `object[key]` */
export function get(c: Context, object: unknown, key: unknown, node: AnyNode): unknown {
  const { machine } = c;
  if (object === null || object === undefined)
    machine.fail("StaticThrow", { message: `Cannot read properties of ${object} (reading '${String(key)}')` }, node);
  if (isTensor(object)) return tensorMember(c, object, key, node);
  if (object instanceof Sym)
    return key === "constructor" ? Number : Reflect.get(object.kind === "bool" ? Boolean.prototype : Number.prototype, key as PropertyKey);
  if (Array.isArray(object)) {
    const list = symbolicList(c, object);
    if (list && key === "length") return lengthOf(c, object, node);
    if (list && (key instanceof Sym || isIndex(key))) return elementAt(c, object, key instanceof Sym ? key : Number(key), node);
    if (key instanceof Sym) return pick(c, object, key, node);
  }
  if (key instanceof Sym) machine.fail("SymbolicIndex", { list: machine.subject(node), type: "properties" }, node);
  return machine.read(property(c, object as object, key as PropertyKey, node));
}

/** A position in a list; −1 and 1.5 are names of properties like any other. */
const isIndex = (key: unknown): boolean => (typeof key === "number" || typeof key === "string") && /^(0|[1-9]\d{0,9})$/.test(String(key));

function property(c: Context, object: object, key: PropertyKey, node: AnyNode): unknown {
  if (typeof object !== "object" && typeof object !== "function") return Reflect.get(Object(object) as object, key);
  if (types.isProxy(object))
    c.machine.fail("NativeSymbolic", { fn: "a Proxy", type: "object", instead: "Pass the object behind the proxy." }, node);
  for (let owner: object | null = object; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    const found = ownProperty(owner, key);
    if (!found) continue;
    if ("value" in found) return found.value;
    if (isModuleRecord(owner) || isNativeGetter(found.get)) return Reflect.get(owner, key, object);
    return found.get ? c.call(found.get, object, [], node) : undefined;
  }
  return undefined;
}

/** Getters of JavaScript's own objects: a Map's size, a typed array's length. */
function isNativeGetter(getter: unknown): boolean {
  return typeof getter === "function" && /\[native code\]\s*\}$/.test(Function.prototype.toString.call(getter));
}

function ownProperty(owner: object, key: PropertyKey): PropertyDescriptor | undefined {
  try {
    return Object.getOwnPropertyDescriptor(owner, key);
  } catch {
    // An export that its module has not made yet.
    return undefined;
  }
}

function tensorMember(c: Context, tensor: Tensor, key: unknown, node: AnyNode): unknown {
  const { stage, heap } = c.machine;
  if (key instanceof Sym || isIndex(key))
    c.machine.fail(
      "TensorIndex",
      { what: c.machine.subject(node), instead: `${c.machine.subject(node)}.select(0, ${key instanceof Sym ? "i" : String(key)})` },
      node,
    );
  if (key === "shape") return heap.fresh(stage.shapeOf(tensor).map(size));
  const own = Object.getOwnPropertyDescriptor(tensor, key as PropertyKey);
  if (own && "value" in own) return own.value;
  // rank, ndim: the same at every size.
  if (key === "rank" || key === "ndim") return tensor.shape.length;
  for (let owner = Object.getPrototypeOf(tensor) as object | null; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    const found = Object.getOwnPropertyDescriptor(owner, key as PropertyKey);
    if (found) return "value" in found ? found.value : found.get && c.call(found.get, tensor, [], node);
  }
  return undefined;
}

/** `object[key] = value` */
export function set(c: Context, object: unknown, key: unknown, value: unknown, node: AnyNode): void {
  const { machine } = c;
  if (object === null || object === undefined)
    machine.fail("StaticThrow", { message: `Cannot set properties of ${object} (setting '${String(key)}')` }, node);
  if (isTensor(object)) machine.fail("TensorWrite", { what: `${machine.text(node)} is assigned to` }, node);
  if (typeof object !== "object" && typeof object !== "function")
    machine.fail("StaticThrow", { message: `Cannot create property '${String(key)}' on ${describe(object)}` }, node);
  if (key instanceof Sym) machine.fail("SymbolicIndexWrite", { list: machine.subject(node) }, node);
  const owner = object as object;
  const accessor = findAccessor(owner, key as PropertyKey);
  if (accessor?.set) return void c.call(accessor.set, owner, [value], node);
  if (accessor) raise(c, `Cannot set property ${String(key)} of ${describeOwner(owner)} which has only a getter`, node);
  requireWritable(c, owner, key as PropertyKey, node);
  if (Array.isArray(owner)) {
    if (symbolicList(c, owner)) machine.fail("SymbolicList", { op: "assignment to a position", list: machine.subject(node) }, node);
    if (isIndex(key) || key === "length") {
      const items = owner.slice();
      if (key === "length" && value instanceof Sym) refuseSymbolic(c, "length", value, node);
      runNative(c, "length", node, () => Reflect.set(items, key as PropertyKey, value));
      machine.heap.writeContent(owner, items);
      return;
    }
  }
  const written = runNative(c, machine.text(node), node, () => machine.heap.write(owner, key as PropertyKey, value));
  if (!written) raise(c, `Cannot assign to read only property '${String(key)}' of object '${describeOwner(owner)}'`, node);
}

const describeOwner = (owner: object) => (Array.isArray(owner) ? "[object Array]" : `#<${owner.constructor?.name || "Object"}>`);

/** The getter and setter that stand where a property is written. */
function findAccessor(object: object, key: PropertyKey): PropertyDescriptor | undefined {
  for (let owner: object | null = object; owner; owner = Object.getPrototypeOf(owner) as object | null) {
    const found = ownProperty(owner, key);
    if (found) return "value" in found ? undefined : found;
  }
  return undefined;
}

/** State of the model and of the program around it may not change, except its registered buffers. */
export function requireWritable(c: Context, owner: object, key: PropertyKey, node: AnyNode): void {
  const { heap } = c.machine;
  if (heap.isSealed(owner)) c.machine.fail("MergedObjectMutation", { what: describeCell(owner, key) }, node);
  if (heap.isOwned(owner)) {
    if (heap.isFrozen(owner)) c.machine.fail("StaticThrow", { message: `${describeTarget(owner, key)} is frozen` }, node);
    return;
  }
  if (isBuffer(owner, key) && c.modulePaths.has(owner)) return;
  // A layer of the library that keeps statistics: the user's line calls it.
  c.machine.fail("ScriptStateMutation", { target: describeTarget(owner, key) }, c.machine.frame.library ? undefined : node);
}

export function describeTarget(owner: object, key: PropertyKey): string {
  if (key === content) return `${Array.isArray(owner) ? "a list" : `a ${owner.constructor.name}`} that the model holds`;
  return `${owner.constructor?.name || "object"}.${String(key)}`;
}

export function isBuffer(owner: object, key: PropertyKey): boolean {
  if (!("ownBuffers" in owner) || typeof owner.ownBuffers !== "function") return false;
  for (const [name] of owner.ownBuffers() as Iterable<readonly [string, unknown]>) if (name === key) return true;
  return false;
}

// ---- patterns -----------------------------------------------------------------------------------------------------

/** Declares or assigns what a pattern binds. */
export function bind(c: Context, pattern: AnyNode, value: unknown, scope: Scope, how: "let" | "const" | "assign"): void {
  const { machine } = c;
  switch (pattern.type) {
    case "Identifier":
      return bindName(c, pattern.name, value, scope, how, pattern);
    case "ParenthesizedExpression":
      return bind(c, pattern.expression, value, scope, how);
    case "MemberExpression": {
      const object = c.evaluate(pattern.object, scope);
      if (pattern.property.type === "PrivateIdentifier") return setPrivate(c, object, pattern.property.name, value, pattern, scope);
      const key = pattern.computed ? c.evaluate(pattern.property, scope) : (pattern.property as { name: string }).name;
      return c.set(object, key, value, pattern);
    }
    case "AssignmentPattern": {
      // Only undefined takes the default: a symbolic value never is.
      const given =
        value === undefined ? named(c.evaluate(pattern.right, scope), pattern.left.type === "Identifier" ? pattern.left.name : "") : value;
      return bind(c, pattern.left, given, scope, how);
    }
    case "ArrayPattern": {
      if (isTensor(value)) machine.fail("DestructureTensor", { what: describe(value) }, pattern);
      const items = c.elements(value, pattern);
      pattern.elements.forEach((element, i) => {
        if (!element) return;
        if (element.type === "RestElement") bind(c, element.argument, machine.heap.fresh(items.slice(i)), scope, how);
        else bind(c, element, items[i], scope, how);
      });
      return;
    }
    case "ObjectPattern": {
      if (value === null || value === undefined) machine.fail("StaticThrow", { message: `Cannot destructure ${value}` }, pattern);
      const taken = new Set<PropertyKey>();
      for (const property of pattern.properties) {
        if (property.type === "RestElement") {
          const rest: Record<PropertyKey, unknown> = {};
          for (const key of ownKeys(c, value, property)) if (!taken.has(key)) rest[key] = c.get(value, key, property);
          bind(c, property.argument, machine.heap.fresh(rest), scope, how);
          continue;
        }
        const key = propertyKey(c, property.key, property.computed, scope);
        taken.add(key);
        bind(c, property.value, c.get(value, key, property), scope, how);
      }
      return;
    }
    default:
      machine.fail("UnsupportedSyntax", { what: pattern.type, instead: "Write plain assignments." }, pattern);
  }
}

function bindName(c: Context, name: string, value: unknown, scope: Scope, how: "let" | "const" | "assign", node: AnyNode): void {
  const { machine } = c;
  if (how !== "assign") {
    // Hoisted with its block; a parameter or a loop's variable is new here.
    const own = scope.own(name);
    if (own) machine.heap.write(own, "value", value);
    else scope.declare(machine.heap.fresh(new Binding(name, value, how === "const")));
    return;
  }
  const binding = scope.find(name);
  if (!binding) return machine.fail(scope.activation.captured(name) ? "CapturedAssign" : "UndefinedName", { name }, node);
  if (binding.constant) machine.fail("ConstAssign", { name }, node);
  machine.heap.write(binding, "value", value);
}
