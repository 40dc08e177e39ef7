// What tools leave in executed code that the user never wrote: name helpers, coverage counters, module records. Recognised by what the
// values are, never by what they are called.
import type { AnyNode, Expression } from "acorn";
import { parseFunctionText } from "./fallback.ts";
import type { Callable, ScopeLookup } from "./inspector.ts";

const nameHelpers = new WeakMap<object, boolean>();

/**
 * Whether a function is a bundler's name helper, `(target, value) => defineProperty(target, "name", { value, configurable: true })`: a
 * call of it is as its first argument.
 */
export function isNameHelper(fn: Callable): boolean {
  let verdict = nameHelpers.get(fn);
  if (verdict === undefined) {
    verdict = Function.prototype.toString.call(fn).length < 200 && definesName(fn);
    nameHelpers.set(fn, verdict);
  }
  return verdict;
}

function definesName(fn: Callable): boolean {
  const node = parseFunctionText(fn)?.node;
  if (!node || !("params" in node) || node.params.length !== 2) return false;
  const [target, name] = node.params;
  const body = onlyResult(node.body);
  if (body?.type !== "CallExpression" || target?.type !== "Identifier" || name?.type !== "Identifier") return false;
  const [object, key, descriptor] = body.arguments;
  if (object?.type !== "Identifier" || object.name !== target.name) return false;
  if (key?.type !== "Literal" || key.value !== "name" || descriptor?.type !== "ObjectExpression") return false;
  return descriptor.properties.some(
    (property) =>
      property.type === "Property" &&
      property.key.type === "Identifier" &&
      property.key.name === "value" &&
      property.value.type === "Identifier" &&
      property.value.name === name.name,
  );
}

function onlyResult(body: AnyNode): Expression | undefined {
  if (body.type !== "BlockStatement") return body as Expression;
  const only = body.body.length === 1 ? body.body[0] : undefined;
  return only?.type === "ReturnStatement" ? (only.argument ?? undefined) : undefined;
}

/**
 * Whether an expression is a coverage counter of istanbul, `cov_x().s[3]++` or `cov_x().b[1][0]++`: it counts and does nothing else. The
 * function called must be istanbul's own, which returns its coverage record.
 */
export function isCoverageCounter(node: AnyNode, lookup: ScopeLookup): boolean {
  if (node.type !== "UpdateExpression" || node.operator !== "++") return false;
  let place: AnyNode = node.argument;
  while (place.type === "MemberExpression") place = place.object;
  if (place.type !== "CallExpression" || place.arguments.length > 0 || place.callee.type !== "Identifier") return false;
  return isCoverageFunction(lookup(place.callee.name)?.value);
}

/** Whether a function is the one of istanbul that returns its coverage record: what it reaches is no state of a model. */
export function isCoverageFunction(fn: unknown): boolean {
  return typeof fn === "function" && /\bactualCoverage\b/.test(Function.prototype.toString.call(fn));
}

/**
 * Whether an object is a module's exports (a namespace, a loader's record, CommonJS interop): its getters only give what is exported, so
 * they may be read.
 */
export function isModuleRecord(object: object): boolean {
  const own = (key: string | symbol) => Object.getOwnPropertyDescriptor(object, key)?.value;
  return own(Symbol.toStringTag) === "Module" || own("__esModule") === true;
}
