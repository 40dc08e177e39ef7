// Methods of arrays that read or change their content; a list of symbolic length is refused by most.
import type { AnyNode } from "acorn";
import type { AnyFunction, Context } from "./context.ts";
import { content } from "./heap.ts";
import { requireWritable } from "./members.ts";
import { firstSymbolic, own, refuseSymbolic, runNative } from "./native-code.ts";
import { constructNative } from "./native-construction.ts";
import { define } from "./native-table.ts";
import { arrayOf, elementFromEitherEnd, isSymbolicList, type Part, pick, pushSymbolic, symbolicList } from "./symbolic-list.ts";
import { describe, isScalar, Sym } from "./values.ts";

define(Array.isArray, (_, __, [value]) => Array.isArray(value));
define(Array.of, (c, _, args) => c.machine.heap.fresh([...args]));
define(Array, (c, _, args, node) => constructNative(c, Array as unknown as AnyFunction, args, Array as unknown as AnyFunction, node));
define(Array.from, (c, _, [source, map], node) => {
  const { heap } = c.machine;
  let items: readonly unknown[];
  if (typeof source === "object" && source !== null && !(Symbol.iterator in source) && "length" in source) {
    const length = c.get(source, "length", node);
    if (length instanceof Sym)
      c.machine.fail(
        "NativeSymbolic",
        { fn: "Array.from()", type: describe(length), instead: "Push to a list in a loop, or make a tensor: arange(n)." },
        node,
      );
    items = Array.from({ length: Number(length) }, (_item, i) => Reflect.get(source, i) as unknown);
  } else items = c.elements(source, node);
  return heap.fresh(map === undefined ? [...items] : items.map((item, i) => c.call(map, undefined, [item, i], node)));
});

/** A method on an array of interpreted code. */
export type ArrayNative = (c: Context, array: unknown[], args: readonly unknown[], node: AnyNode) => unknown;

/** Writes a method of arrays out; unless `onLists` it refuses lists of symbolic length. */
export function defineArray(name: string, native: ArrayNative, onLists = false): void {
  const fn = Reflect.get(Array.prototype, name) as AnyFunction | undefined;
  define(fn, (c, self, args, node) => {
    if (!Array.isArray(self)) {
      const symbolic = firstSymbolic(c, [self, ...args]);
      if (symbolic !== undefined) refuseSymbolic(c, c.machine.callee(node), symbolic, node);
      if (typeof self === "object" && self !== null)
        c.machine.fail(
          "UnsupportedSyntax",
          { what: `Array.prototype.${name} of what is no array`, instead: "Make an array of it first." },
          node,
        );
      return runNative(c, name, node, () => Reflect.apply(fn as AnyFunction, self, args as never[]));
    }
    const list = symbolicList(c, self);
    if (list && !onLists) refuseList(c, `${name}()`, node);
    return native(c, self as unknown[], args, node);
  });
}

function refuseList(c: Context, op: string, node: AnyNode): never {
  return c.machine.fail("SymbolicList", { op, list: c.machine.subject(node) }, node);
}

const position = (c: Context, value: unknown, name: string, node: AnyNode): number | undefined => {
  if (value instanceof Sym)
    c.machine.fail("NativeSymbolic", { fn: name, type: describe(value), instead: "Use a tensor, and its slice() or select()." }, node);
  return value as number | undefined;
};

defineArray(
  "push",
  (c, array, items, node) => {
    requireWritable(c, array, content, node);
    const list = symbolicList(c, array);
    if (list) return pushSymbolic(c, array, list, items, node);
    const longer = array.slice();
    longer.push(...items);
    c.machine.heap.writeContent(array, longer);
    return array.length;
  },
  true,
);
for (const name of ["pop", "shift", "unshift", "splice", "reverse", "fill", "copyWithin"])
  defineArray(name, (c, array, args, node) => {
    requireWritable(c, array, content, node);
    if (name !== "unshift" && name !== "fill") for (const arg of args.slice(0, 2)) position(c, arg, `${name}()`, node);
    const items = array.slice();
    const result: unknown = Reflect.apply(Reflect.get(Array.prototype, name) as AnyFunction, items, args as never[]);
    c.machine.heap.writeContent(array, items);
    return result === items ? array : own(c, result);
  });

for (const name of ["flat", "with", "toReversed", "toSpliced"])
  defineArray(name, (c, array, args, node) => {
    for (const arg of args.slice(0, name === "with" ? 1 : 2)) position(c, arg, `${name}()`, node);
    for (const arg of name === "flat" ? array : args)
      if (Array.isArray(arg) && symbolicList(c, arg)) c.machine.fail("SymbolicList", { op: `${name}()`, list: c.machine.text(node) }, node);
    return own(c, Reflect.apply(Reflect.get(Array.prototype, name) as AnyFunction, array, args as never[]));
  });
defineArray(
  "slice",
  (c, array, args, node) => {
    for (const arg of args) position(c, arg, "slice()", node);
    const list = symbolicList(c, array);
    if (!list) return own(c, array.slice(...(args as [number?, number?])));
    if (args.some((arg) => arg !== undefined && arg !== 0)) refuseList(c, "slice() of a part", node);
    return arrayOf(c, [list], node);
  },
  true,
);
defineArray(
  "concat",
  (c, array, args, node) => {
    const all = [array, ...args];
    if (!all.some((part) => isSymbolicList(c, part))) return own(c, array.concat(...(args as unknown[][])));
    const parts = all.map((part): Part => (Array.isArray(part) ? (symbolicList(c, part) ?? part) : [part]));
    return arrayOf(c, parts, node);
  },
  true,
);
defineArray(
  "at",
  (c, array, [index = 0], node) => {
    const list = symbolicList(c, array);
    if (list && isScalar(index)) return elementFromEitherEnd(c, list, index);
    if (index instanceof Sym) return pick(c, array, index, node, true);
    return c.machine.read(array.at(Number(index)));
  },
  true,
);
for (const name of ["entries", "keys", "values"])
  defineArray(name, (c, array) =>
    own(
      c,
      [...(Reflect.apply(Reflect.get(Array.prototype, name) as AnyFunction, array, []) as Iterable<unknown>)].map((item) => own(c, item)),
    ),
  );
for (const name of ["indexOf", "lastIndexOf", "includes"])
  defineArray(name, (c, array, [wanted, ...rest], node) => {
    const symbolic = [wanted, ...array].find((item) => item instanceof Sym);
    if (symbolic !== undefined)
      c.machine.fail(
        "NativeSymbolic",
        { fn: `${name}()`, type: describe(symbolic), instead: "Write the comparisons out: n === 1 || n === 2." },
        node,
      );
    return Reflect.apply(Reflect.get(Array.prototype, name) as AnyFunction, array, [wanted, ...rest] as never[]);
  });
defineArray("join", (c, array, [separator], node) => {
  const symbolic = firstSymbolic(c, array);
  if (symbolic !== undefined) c.machine.fail("SymbolicString", { what: describe(symbolic) }, node);
  return runNative(c, "join()", node, () => array.join(separator as string | undefined));
});
