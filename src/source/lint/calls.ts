// Calls: a tensor's methods by their names, functions by their bodies, and the array methods that call back.
import type { Expression } from "acorn";
import type { Place } from "./activation.ts";
import type { Analysis } from "./analysis.ts";
import { test } from "./conditions.ts";
import { join, joinAll, type Kind, never, tensor, unknown, value } from "./kind.ts";
import { readMember } from "./live.ts";
import { evaluateArguments, memberOf } from "./members.ts";

export function evaluateCall(node: Expression & { type: "CallExpression" }, place: Place, analysis: Analysis): Kind {
  const { callee } = node;
  if (callee.type === "Super") {
    analysis.escape(evaluateArguments(node.arguments, place, analysis));
    return unknown;
  }
  const { fn, owner, method } = resolve(callee, place, analysis);
  const [first] = node.arguments;
  if (isBoolean(fn) && first && first.type !== "SpreadElement") {
    test(first, place, analysis);
    return unknown;
  }
  const args = evaluateArguments(node.arguments, place, analysis);
  if (owner.is === "tensor" && method !== undefined) {
    analysis.escape(args);
    return analysis.options.tensorMethod(method, args.length) ? tensor : unknown;
  }
  const called = method === undefined ? undefined : callback(method, owner, fn, args, analysis);
  return called ?? callMethods(method, owner, args, analysis) ?? analysis.callKind(fn, owner, args);
}

/** Objects of several classes: each method sees only the objects that have it. */
function callMethods(method: string | undefined, owner: Kind, args: readonly Kind[], analysis: Analysis): Kind | undefined {
  if (method === undefined || owner.is !== "values" || owner.values.length < 2) return undefined;
  const owners = new Map<unknown, unknown[]>();
  for (const one of owner.values) {
    const member = readMember(one, method);
    if (!member || "getter" in member) return undefined;
    owners.set(member.value, [...(owners.get(member.value) ?? []), one]);
  }
  return joinAll([...owners].map(([fn, values]) => analysis.callKind(analysis.kindOf(fn), { is: "values", values }, args)));
}

interface Resolved {
  readonly fn: Kind;
  /** `this` of the call. */
  readonly owner: Kind;
  readonly method?: string | undefined;
}

function resolve(callee: Expression, place: Place, analysis: Analysis): Resolved {
  if (callee.type === "ParenthesizedExpression" || callee.type === "ChainExpression") return resolve(callee.expression, place, analysis);
  if (callee.type !== "MemberExpression") return { fn: analysis.evaluate(callee, place), owner: value(undefined) };
  const { owner, kind, key } = memberOf(callee, place, analysis);
  return { fn: kind, owner, method: key };
}

function isBoolean(fn: Kind): boolean {
  return fn.is === "values" && fn.values.length > 0 && fn.values.every((one) => one === Boolean);
}

/** What an array method that calls back gives from the result of its function. */
const callbacks: Readonly<Record<string, (result: Kind, element: Kind) => Kind>> = {
  forEach: () => value(undefined),
  map: () => unknown,
  flatMap: () => unknown,
  filter: () => unknown,
  some: () => unknown,
  every: () => unknown,
  find: (_, element) => join(element, value(undefined)),
};

/** Calls the function given to `forEach`, `map`, `reduce`, … of an array whose elements are known; undefined for any other call. */
function callback(method: string, owner: Kind, fn: Kind, args: readonly Kind[], analysis: Analysis): Kind | undefined {
  const isArray =
    owner.is === "list" || (owner.is === "values" && owner.values.length > 0 && owner.values.every((one) => Array.isArray(one)));
  const [given, start] = args;
  if (method !== "reduce" && !Object.hasOwn(callbacks, method)) return undefined;
  if (!isArray || !given || (given.is !== "closure" && given.is !== "values")) return undefined;
  if (fn.is === "values" && !fn.values.every((one) => one === Reflect.get(Array.prototype, method))) return undefined;
  const element = analysis.elements(owner);
  if (element === never) return start ?? unknown;
  if (method === "reduce") return fold(given, start ?? element, element, analysis);
  const result = callbacks[method];
  return result?.(analysis.callKind(given, value(undefined), [element, unknown, unknown]), element);
}

/** The accumulator is what it starts as or what any turn gives. */
function fold(fn: Kind, start: Kind, element: Kind, analysis: Analysis): Kind {
  const once = join(start, analysis.callKind(fn, value(undefined), [start, element, unknown, unknown]));
  return join(once, analysis.callKind(fn, value(undefined), [once, element, unknown, unknown]));
}
