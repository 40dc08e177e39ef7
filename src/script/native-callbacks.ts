// Methods of arrays that call back, one element at a time; an answer that depends on data is staged where it has a meaning.
import type { AnyNode } from "acorn";
import { choose } from "./choices.ts";
import type { Context } from "./context.ts";
import { content, sameCell } from "./heap.ts";
import { requireWritable } from "./members.ts";
import { type ArrayNative, defineArray } from "./native-arrays.ts";
import { firstSymbolic } from "./native-code.ts";
import { notScalar } from "./operators.ts";
import { isSymbolicList } from "./symbolic-list.ts";
import { describe, Sym } from "./values.ts";

/** Calls back from a method of a list, which has to stay as it is meanwhile. */
function callBack(c: Context, array: readonly unknown[], fn: unknown, args: readonly unknown[], node: AnyNode): unknown {
  const { heap } = c.machine;
  const before = heap.read(array, content);
  const answer = c.call(fn, undefined, args, node);
  if (!sameCell(before, heap.read(array, content)))
    c.machine.fail("UnsupportedSyntax", { what: "changing a list while a method of it runs", instead: "Write a loop." }, node);
  return answer;
}

/** Runs a callback per element; a result that depends on data is for the caller to take. */
const each = (c: Context, array: readonly unknown[], fn: unknown, node: AnyNode) =>
  array.map((item, i) => callBack(c, array, fn, [c.machine.read(item), i, array], node));

/** A callback's answer that has to be known at compile time. */
function decided(c: Context, value: unknown, name: string, node: AnyNode): boolean {
  const condition = c.condition(value, node);
  if (condition instanceof Sym)
    c.machine.fail(
      "NativeSymbolic",
      { fn: `${name}()`, type: "a condition that depends on data", instead: "Write a loop with an if." },
      node,
    );
  return condition;
}

defineArray("sort", (c, array, [compare], node) => {
  requireWritable(c, array, content, node);
  const sorted = sort(c, array, compare, node);
  c.machine.heap.writeContent(array, sorted);
  return array;
});
defineArray("toSorted", (c, array, [compare], node) => c.machine.heap.fresh(sort(c, array, compare, node)));

function sort(c: Context, array: readonly unknown[], compare: unknown, node: AnyNode): unknown[] {
  const symbolic = compare === undefined ? firstSymbolic(c, array) : undefined;
  if (symbolic !== undefined)
    c.machine.fail(
      "NativeSymbolic",
      { fn: "sort()", type: describe(symbolic), instead: "Put the numbers into a tensor, and sort that." },
      node,
    );
  if (compare === undefined) return [...array].sort();
  return [...array].sort((a, b) => {
    const order = c.call(compare, undefined, [a, b], node);
    if (order instanceof Sym)
      c.machine.fail(
        "NativeSymbolic",
        { fn: "sort()", type: describe(order), instead: "Put the numbers into a tensor, and sort that." },
        node,
      );
    return Number(order);
  });
}

defineArray("map", (c, array, [fn], node) => c.machine.heap.fresh(each(c, array, fn, node)));
defineArray("forEach", (c, array, [fn], node) => void each(c, array, fn, node));
defineArray("flatMap", (c, array, [fn], node) => c.machine.heap.fresh(flattened(c, each(c, array, fn, node), node)));
function flattened(c: Context, lists: readonly unknown[], node: AnyNode): unknown[] {
  for (const list of lists)
    if (isSymbolicList(c, list)) c.machine.fail("SymbolicList", { op: "flatMap()", list: c.machine.text(node) }, node);
  return lists.flat();
}

defineArray("filter", (c, array, [fn], node) =>
  c.machine.heap.fresh(
    array.filter((item, i) => decided(c, callBack(c, array, fn, [c.machine.read(item), i, array], node), "filter", node)),
  ),
);
defineArray("find", (c, array, [fn], node) =>
  array.find((item, i) => decided(c, callBack(c, array, fn, [item, i, array], node), "find", node)),
);
defineArray("findIndex", (c, array, [fn], node) =>
  array.findIndex((item, i) => decided(c, callBack(c, array, fn, [item, i, array], node), "findIndex", node)),
);
defineArray("findLast", (c, array, [fn], node) =>
  [...array].reverse().find((item, i) => decided(c, callBack(c, array, fn, [item, array.length - 1 - i, array], node), "findLast", node)),
);
defineArray("some", (c, array, [fn], node) => quantified(c, array, fn, true, node));
defineArray("every", (c, array, [fn], node) => quantified(c, array, fn, false, node));

/** some() stops at the first yes, every() at the first no. */
function quantified(c: Context, array: readonly unknown[], fn: unknown, stop: boolean, node: AnyNode, from = 0): unknown {
  for (let i = from; i < array.length; i++) {
    const condition = c.condition(callBack(c, array, fn, [c.machine.read(array[i]), i, array], node), node);
    if (condition instanceof Sym) {
      const stopping = stop ? condition : (notScalar(c.machine.stage, condition) as Sym);
      return choose(
        c,
        stopping,
        () => stop,
        () => quantified(c, array, fn, stop, node, i + 1),
      );
    }
    if (condition === stop) return stop;
  }
  return !stop;
}

const reduce =
  (fromRight: boolean): ArrayNative =>
  (c, array, args, node) => {
    const items = array.map((item, i) => [item, i] as const);
    if (fromRight) items.reverse();
    let accumulator = args.length > 1 ? args[1] : undefined;
    if (args.length < 2) {
      const first = items.shift();
      if (!first) return c.machine.fail("StaticThrow", { message: "Reduce of empty array with no initial value" }, node);
      accumulator = c.machine.read(first[0]);
    }
    for (const [item, i] of items) accumulator = callBack(c, array, args[0], [accumulator, c.machine.read(item), i, array], node);
    return accumulator;
  };
defineArray("reduce", reduce(false));
defineArray("reduceRight", reduce(true));

defineArray("findLastIndex", (c, array, [fn], node) => {
  for (let i = array.length - 1; i >= 0; i--)
    if (decided(c, callBack(c, array, fn, [array[i], i, array], node), "findLastIndex", node)) return i;
  return -1;
});
