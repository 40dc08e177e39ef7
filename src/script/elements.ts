// The elements of what is spread, destructured or iterated at compile time.
import { types } from "node:util";
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import type { AnyFunction, Context } from "./context.ts";
import { own } from "./native-code.ts";
import { symbolicList } from "./symbolic-list.ts";
import { describe, Sym } from "./values.ts";

/** The elements of something that is iterated at compile time. */
export function elements(c: Context, value: unknown, node: AnyNode): readonly unknown[] {
  const { machine } = c;
  if (Array.isArray(value)) {
    if (symbolicList(c, value)) machine.fail("SymbolicList", { op: "spreading or destructuring", list: machine.text(node) }, node);
    return value.map((item) => machine.read(item));
  }
  if (isTensor(value)) {
    const length = machine.stage.shapeOf(value)[0];
    if (typeof length !== "number") return machine.fail("IterateTensor", { what: machine.text(node) }, node);
    return Array.from({ length }, (_, i) => c.call(value.select, value, [0, i], node));
  }
  if (value instanceof Sym) machine.fail("OperatorType", { op: "iterating", a: describe(value), b: "a list" }, node);
  if (typeof value === "string") return [...value];
  if (value === null || value === undefined || typeof value !== "object" || !(Symbol.iterator in value))
    return machine.fail("StaticThrow", { message: `${describe(value)} is not iterable` }, node);
  if (types.isMap(value) || types.isSet(value)) return [...value].map((item) => own(c, item));
  // Iterators of JavaScript and of the library are run; a user's generator is not.
  const iterator = Reflect.get(value, Symbol.iterator) as AnyFunction;
  if (!c.runsAsIs(iterator)) machine.fail("AsyncFunction", { fn: "the iterator of this object" }, node);
  return [...(value as Iterable<unknown>)].map((item) => own(c, item));
}
