// How the cells that a loop carries look in its body: plans, the tensors, scalars and lists in them, and whether two are the same.
import { isTensor } from "../eager/operand.ts";
import { type Dim, dimEquals, unknownDim } from "../ir/dim.ts";
import { formatType, tensorType, type ValueType } from "../ir/type.ts";
import { isContent, isRecord } from "./heap.ts";
import { commonElement, type ElementKind, sameElement } from "./list-elements.ts";
import { type GroupSizes, TurnSize } from "./loop-sizes.ts";
import type { Machine } from "./machine.ts";
import { scalarDType } from "./stage.ts";
import { isScalar, Poison, type ScalarKind, SymList, scalarKind } from "./values.ts";

/** How a carried cell looks in the body: a tree of leaves in the shape of its value. */
export type Plan =
  | { readonly kind: "scalar"; readonly scalar: ScalarKind }
  | { readonly kind: "tensor"; readonly type: ValueType & { kind: "tensor" }; readonly shape: readonly (Dim | TurnSize)[] }
  | { readonly kind: "list"; readonly element: ScalarKind | "tensor"; readonly type: ValueType & { kind: "sequence" } }
  | { readonly kind: "array"; readonly items: readonly Plan[] }
  /** With `unordered` its properties have another order after a turn than before. */
  | { readonly kind: "record"; readonly entries: readonly (readonly [string, Plan])[]; readonly unordered: boolean }
  | { readonly kind: "content"; readonly items: readonly Plan[]; readonly pairs: boolean }
  | { readonly kind: "contentList"; readonly list: Plan & { kind: "list" } }
  /** An array that each turn replaces by another one, of another length. */
  | { readonly kind: "replaced"; readonly list: Plan & { kind: "list" } }
  /** The same in every turn. */
  | { readonly kind: "constant"; readonly value: unknown }
  /** Without a value before the first turn: it cannot be read in the body before it is written there. */
  | { readonly kind: "late"; readonly inner: Plan; readonly reason: () => Error }
  | { readonly kind: "poison"; readonly reason: () => Error };

/** A part of a plan that is one value of the graph. */
export type Leaf = Plan & { kind: "scalar" | "tensor" | "list" };

/** A cell that the body writes, and so the loop carries. */
export interface Cell {
  readonly owner: object;
  readonly key: PropertyKey;
  readonly name: string;
  readonly before: unknown;
  plan: Plan;
}

/** The type of a carried tensor; sizes of groups are those of `sizes`, where they have one. */
export function typeOf({ type, shape }: Plan & { kind: "tensor" }, sizes?: GroupSizes): ValueType & { kind: "tensor" } {
  const sizeOf = (d: TurnSize) => (d.group === undefined ? undefined : sizes?.get(d.group)) ?? unknownDim();
  return tensorType(
    type.dtype,
    shape.map((d) => (d instanceof TurnSize ? sizeOf(d) : d)),
  );
}

/** A plan with other sizes. What has no value before the first turn stays alone: it cannot have begun with the size of another. */
export function mapSizes(plan: Plan, map: (size: TurnSize) => TurnSize): Plan {
  switch (plan.kind) {
    case "tensor":
      return { ...plan, shape: plan.shape.map((d) => (d instanceof TurnSize ? map(d) : d)) };
    case "array":
    case "content":
      return { ...plan, items: plan.items.map((item) => mapSizes(item, map)) };
    case "record":
      return { ...plan, entries: plan.entries.map(([key, item]) => [key, mapSizes(item, map)] as const) };
    default:
      return plan;
  }
}

/** The plan of a cell that never changes. */
export function planOf(machine: Machine, value: unknown, name: string): Plan {
  const { stage, heap } = machine;
  if (isScalar(value)) return { kind: "scalar", scalar: scalarKind(value) };
  if (isTensor(value)) return { kind: "tensor", type: tensorType(value.dtype), shape: stage.shapeOf(value) };
  if (value instanceof SymList) return { kind: "list", element: value.element, type: value.type };
  if (isContent(value)) {
    if (value.list instanceof SymList) return { kind: "contentList", list: planOf(machine, value.list, name) as Plan & { kind: "list" } };
    if (value.list) return { kind: "poison", reason: value.list.reason };
    return {
      kind: "content",
      items: Array.from(value.items, (item, i) => planOf(machine, item, `${name}[${i}]`)),
      pairs: value.pairs ?? false,
    };
  }
  if (Array.isArray(value) && !heap.listOf(value))
    return { kind: "array", items: Array.from(value, (item, i) => planOf(machine, item, `${name}[${i}]`)) };
  if (isRecord(value))
    return {
      kind: "record",
      entries: Object.entries(value).map(([key, item]) => [key, planOf(machine, item, `${name}.${key}`)] as const),
      unordered: heap.keyDoubt(value) !== undefined,
    };
  if (value instanceof Poison) return { kind: "poison", reason: value.reason };
  return { kind: "constant", value };
}

/** What the elements of a carried list are. */
export function elementOf(list: Plan & { kind: "list" }): ElementKind {
  const { element } = list.type;
  const { dtype, shape } = element as ValueType & { kind: "tensor" };
  return { kind: list.element, dtype, shape };
}

/** What the elements of an array are that is carried as it is, if they are all alike. */
export function elementOfItems(items: readonly Plan[]): ElementKind | undefined {
  let found: ElementKind | undefined;
  for (const item of items) {
    const kind = elementOfItem(item);
    if (!kind || (found && !sameElement(found, kind))) return undefined;
    found = found ? commonElement(found, kind) : kind;
  }
  return found;
}

function elementOfItem(item: Plan): ElementKind | undefined {
  if (item.kind === "scalar") return { kind: item.scalar, dtype: scalarDType[item.scalar], shape: [] };
  return item.kind === "tensor" ? { kind: "tensor", dtype: item.type.dtype, shape: typeOf(item).shape } : undefined;
}

/** Whether two plans are alike, so that another turn would find nothing new. */
export function samePlan(a: Plan, b: Plan): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === "scalar") return a.scalar === (b as typeof a).scalar;
  if (a.kind === "tensor") {
    const other = b as typeof a;
    return (
      a.type.dtype === other.type.dtype &&
      a.shape.every((d, i) => {
        const e = other.shape[i] as Dim | TurnSize;
        return d instanceof TurnSize || e instanceof TurnSize ? d instanceof TurnSize && e instanceof TurnSize : dimEquals(d, e);
      })
    );
  }
  if (a.kind === "list") return a.element === (b as typeof a).element && sameKnown(a.type, (b as typeof a).type);
  if (a.kind === "contentList" || a.kind === "replaced") return samePlan(a.list, (b as typeof a).list);
  if (a.kind === "array" || a.kind === "content") return a.items.every((item, i) => samePlan(item, (b as typeof a).items[i] as Plan));
  if (a.kind === "record")
    return (
      a.unordered === (b as typeof a).unordered &&
      a.entries.every(([, item], i) => samePlan(item, ((b as typeof a).entries[i] as readonly [string, Plan])[1]))
    );
  if (a.kind === "late") return samePlan(a.inner, (b as typeof a).inner);
  return a.kind === "poison" || Object.is(a.value, (b as { value?: unknown }).value);
}

/** Unknown sizes are all alike here: each round has new ones. */
function sameKnown(a: ValueType, b: ValueType): boolean {
  return formatType(a) === formatType(b);
}
