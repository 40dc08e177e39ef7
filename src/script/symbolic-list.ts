// Lists whose length depends on data, and positions in lists that do.
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import type { Value } from "../ir/graph.ts";
import { tensorType } from "../ir/type.ts";
import { type Context, stampProvenance } from "./context.ts";
import { Content } from "./heap.ts";
import { asFloats, elementKind, sequenceOf } from "./list-elements.ts";
import { size } from "./operators.ts";
import { describe, isScalar, Poison, type Scalar, type ScalarKind, Sym, SymList, scalarKind } from "./values.ts";

/** The symbolic state of an array, if it has one. Throws what made it meaningless. */
export function symbolicList(c: Context, value: unknown): SymList | undefined {
  if (!Array.isArray(value)) return undefined;
  const list = c.machine.heap.listOf(value);
  if (list instanceof Poison) throw list.reason();
  return list;
}

export const isSymbolicList = (c: Context, value: unknown): boolean => symbolicList(c, value) !== undefined;

/** The length of a symbolic list, or of a tensor's first axis. */
export function lengthOf(c: Context, value: unknown, node: AnyNode): Scalar {
  if (isTensor(value)) {
    const dim = c.machine.stage.shapeOf(value)[0];
    if (dim === undefined) c.machine.fail("IterateTensor", { what: c.machine.text(node) }, node);
    return size(dim);
  }
  const list = symbolicList(c, value);
  return list ? c.machine.stage.compute("int", "SequenceLength", [list.value]) : (value as readonly unknown[]).length;
}

/** One element of a symbolic list, or one slice of a tensor. */
export function elementAt(c: Context, value: unknown, at: Scalar, node: AnyNode): unknown {
  if (isTensor(value)) return c.call((value as Tensor).select, value, [0, at], node);
  stampProvenance(c);
  const list = symbolicList(c, value) as SymList;
  const { stage } = c.machine;
  const index = guardedIndex(c, at, stage.compute("int", "SequenceLength", [list.value]));
  const [element] = stage.add("SequenceAt", [list.value, index]);
  return fromValue(c, element as Value, list.element);
}

/** `list.at(position)`: as in ONNX, a negative position counts from the end. */
export function elementFromEitherEnd(c: Context, list: SymList, at: Scalar): unknown {
  const { stage } = c.machine;
  stampProvenance(c);
  const [element] = stage.add("SequenceAt", [list.value, stage.scalar(typeof at === "number" ? Math.trunc(at) : at, "int")]);
  return fromValue(c, element as Value, list.element);
}

/** A graph value as interpreted code sees it. */
export function fromValue(c: Context, value: Value, kind: ScalarKind | "tensor"): unknown {
  return kind === "tensor" ? c.machine.stage.wrap(value) : new Sym(kind, value);
}

/** JavaScript has nothing at negative positions, while ONNX counts those from the end: a negative position becomes one past the end, which fails. */
function guardedIndex(c: Context, at: Scalar, length: Scalar): Value {
  const { stage } = c.machine;
  const index = stage.scalar(at, "int");
  if (!(at instanceof Sym)) return index;
  const [negative] = stage.add("Less", [index, stage.scalar(0, "int")]);
  return stage.add("Where", [negative, stage.scalar(length, "int"), index])[0] as Value;
}

/** `list.push(…)` on a symbolic list. */
export function pushSymbolic(c: Context, array: unknown[], list: SymList, items: readonly unknown[], node: AnyNode): Scalar {
  const longer = extended(c, list, [], items, node);
  c.machine.heap.writeContent(array, [], longer);
  return c.machine.stage.compute("int", "SequenceLength", [longer.value]);
}

/** A part of a new list: elements that are known, or a list of symbolic length. */
export type Part = readonly unknown[] | SymList;

/** A new array of all parts, of which at most one may have a symbolic length. */
export function arrayOf(c: Context, parts: readonly Part[], node: AnyNode): unknown[] {
  const { heap } = c.machine;
  const lists = parts.filter((part) => part instanceof SymList);
  const [list] = lists;
  const items = (some: readonly Part[]) => some.flatMap((part) => (part instanceof SymList ? [] : [...part]));
  if (!list) return heap.fresh(items(parts));
  if (lists.length > 1) c.machine.fail("SymbolicList", { op: "joining two such lists", list: c.machine.text(node) }, node);
  const at = parts.indexOf(list);
  const made: unknown[] = heap.fresh([]);
  heap.writeContent(made, [], extended(c, list, items(parts.slice(0, at)), items(parts.slice(at + 1)), node));
  return made;
}

/** A list with items before and behind it. */
function extended(c: Context, old: SymList, before: readonly unknown[], behind: readonly unknown[], node: AnyNode): SymList {
  const { stage } = c.machine;
  stampProvenance(c);
  // Whole numbers that meet a fraction become fractions, as when they are added to it.
  const isFloat = (item: unknown) => isScalar(item) && scalarKind(item) === "float";
  const list = old.element === "int" && [...before, ...behind].some(isFloat) ? asFloats(stage, old) : old;
  const inserted = (sequence: Value, item: unknown, at?: number) =>
    stage.add("SequenceInsert", [
      sequence,
      itemValue(c, item, list, node),
      ...(at === undefined ? [] : [stage.scalar(at, "int")]),
    ])[0] as Value;
  const started = before.reduce<Value>((sequence, item, i) => inserted(sequence, item, i), list.value);
  return new SymList(
    behind.reduce<Value>((sequence, item) => inserted(sequence, item), started),
    list.type,
    list.element,
  );
}

function itemValue(c: Context, item: unknown, list: SymList, node: AnyNode): Value {
  const { stage } = c.machine;
  if (list.element === "tensor" && isTensor(item) && list.type.element.kind === "tensor" && item.dtype === list.type.element.dtype)
    return stage.valueOf(item);
  if (list.element !== "tensor" && isScalar(item)) {
    const kind = scalarKind(item);
    if (kind === list.element || (kind === "int" && list.element === "float")) return stage.scalar(item, list.element);
  }
  return c.machine.fail(
    "ListJoin",
    { name: "the list", a: `a list of ${list.element === "tensor" ? "tensors" : list.element}`, b: describe(item) },
    node,
  );
}

/**
 * `array[i]` where i depends on data and the array's length does not: the elements must be alike. With `fromEitherEnd` negative positions count
 * from the end.
 */
export function pick(c: Context, array: readonly unknown[], at: Sym, node: AnyNode, fromEitherEnd = false): unknown {
  const { stage } = c.machine;
  stampProvenance(c);
  const kind = elementKind(stage, new Content(array));
  if (!kind || array.length === 0 || at.kind !== "int")
    c.machine.fail("SymbolicIndex", { list: c.machine.subject(node), type: describe(array[0]) }, node);
  const index = fromEitherEnd ? stage.scalar(at, "int") : guardedIndex(c, at, array.length);
  const [element] = stage.add("SequenceAt", [sequenceOf(stage, new Content(array), kind), index]);
  const value = element as Value;
  if (kind.kind === "tensor") {
    if (!kind.shape) c.machine.fail("SymbolicIndex", { list: c.machine.subject(node), type: "tensors of different ranks" }, node);
    value.type = tensorType(kind.dtype, kind.shape);
  }
  return fromValue(c, value, kind.kind);
}

/** A symbolic list as a sequence for library functions that join tensors. */
export function tensorsOf(c: Context, value: unknown): SymList | undefined {
  const list = symbolicList(c, value);
  return list?.element === "tensor" ? list : undefined;
}
