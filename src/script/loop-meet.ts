// The plan that holds what a loop carried in so far and what a turn left; what has none is poison, an error only where it is read.
import { isTensor } from "../eager/operand.ts";
import { type Dim, dimEquals } from "../ir/dim.ts";
import { allGaps, gap } from "./gaps.ts";
import { absent, Content, isContent, isRecord } from "./heap.ts";
import { commonElement, elementKind, sameElement, sequenceType } from "./list-elements.ts";
import { elementOf, elementOfItems, type Plan, planOf } from "./loop-plan.ts";
import { TurnSize } from "./loop-sizes.ts";
import type { Machine } from "./machine.ts";
import { describe, isScalar, joinKinds, Partial, Poison, SymList, scalarKind, unassigned } from "./values.ts";

/** The plan that holds what was carried in so far, and what a turn left. */
export function meet(machine: Machine, plan: Plan, before: unknown, after: unknown, name: string): Plan {
  const { stage, heap } = machine;
  if (plan.kind === "poison") return plan;
  if (after instanceof Poison) return { kind: "poison", reason: after.reason };
  const inner = after instanceof Partial ? after.inner : after;
  if (plan.kind === "late") return { ...plan, inner: meet(machine, plan.inner, undefined, inner, name) };
  if (plan.kind === "constant") {
    if (plan.value === unassigned || plan.value instanceof Partial) {
      if (after === unassigned) return plan;
      const start = plan.value instanceof Partial ? plan.value.reason : gap(machine, name, "not at all");
      const reason = allGaps([start, ...(after instanceof Partial ? [after.reason] : [])]);
      const base = plan.value instanceof Partial ? plan.value.inner : inner;
      return { kind: "late", inner: meet(machine, planOf(machine, base, name), undefined, inner, name), reason };
    }
    if (Object.is(plan.value, after)) return plan;
    const list = Array.isArray(plan.value) ? heap.listOf(plan.value) : undefined;
    if (list instanceof SymList && Array.isArray(after)) return replacedPlan(machine, planOf(machine, list, name) as ListPlan, after, name);
    if (plan.value !== absent) return refuse(machine, before, after, name);
    return { kind: "poison", reason: gap(machine, name, "not at all") };
  }
  if (after instanceof Partial) return { kind: "late", inner: meet(machine, plan, before, inner, name), reason: after.reason };
  if (plan.kind === "scalar" && isScalar(after)) {
    const kind = joinKinds(plan.scalar, scalarKind(after));
    return kind ? { kind: "scalar", scalar: kind } : refuse(machine, before, after, name);
  }
  if (plan.kind === "tensor" && isTensor(after)) {
    if (plan.type.dtype !== after.dtype) return refuse(machine, before, after, name);
    const shape = stage.shapeOf(after);
    if (shape.length !== plan.shape.length) return refuseRank(machine, before, after, name);
    return {
      ...plan,
      shape: plan.shape.map((d, i) => {
        const next = shape[i] as Dim;
        if (d instanceof TurnSize) return new TurnSize(d.start, d.group, next);
        return dimEquals(d, next) && stage.isVisible(d) ? d : new TurnSize(d, undefined, next);
      }),
    };
  }
  if (plan.kind === "content" && isContent(after)) return meetContent(machine, plan, after, name);
  if (plan.kind === "contentList" && isContent(after)) return listPlan(machine, plan.list, after, name);
  if (plan.kind === "replaced" && Array.isArray(after)) return replacedPlan(machine, plan.list, after, name);
  if (plan.kind === "array" && Array.isArray(after) && (heap.listOf(after) || after.length !== plan.items.length))
    return replacedPlan(machine, plan.items, after, name);
  if (plan.kind === "array" && Array.isArray(after))
    return { kind: "array", items: plan.items.map((item, i) => meet(machine, item, undefined, after[i], `${name}[${i}]`)) };
  if (plan.kind === "record" && isRecord(after)) {
    const keys = plan.entries.map(([key]) => key);
    if (Object.keys(after).length === keys.length && keys.every((key) => Object.hasOwn(after, key)))
      return {
        kind: "record",
        entries: plan.entries.map(([key, item]) => [key, meet(machine, item, undefined, after[key], `${name}.${key}`)] as const),
        unordered: plan.unordered || heap.keyDoubt(after) !== undefined || Object.keys(after).join() !== keys.join(),
      };
  }
  return refuse(machine, before, after, name);
}

function meetContent(machine: Machine, plan: Plan & { kind: "content" }, after: Content, name: string): Plan {
  if (after.list instanceof Poison) return { kind: "poison", reason: after.list.reason };
  if (!after.list && after.items.length === plan.items.length)
    return { ...plan, items: plan.items.map((item, i) => meet(machine, item, undefined, after.items[i], `${name}[${i}]`)) };
  if (plan.pairs) return refuse(machine, undefined, after, name);
  return listPlan(machine, plan.items, after, name);
}

type ListPlan = Plan & { kind: "list" };

/** An array that is another one after each turn. */
function replacedPlan(machine: Machine, start: ListPlan | readonly Plan[], after: readonly unknown[], name: string): Plan {
  const list = machine.heap.listOf(after);
  if (list instanceof Poison) return { kind: "poison", reason: list.reason };
  const plan = listPlan(machine, start, new Content(after, list), name);
  return plan.kind === "contentList" ? { kind: "replaced", list: plan.list } : plan;
}

/** A list whose length changes from turn to turn. */
function listPlan(machine: Machine, start: ListPlan | readonly Plan[], after: Content, name: string): Plan {
  const { stage } = machine;
  const list = "kind" in start ? start : undefined;
  const items = "kind" in start ? [] : start;
  const kinds = [list ? elementOf(list) : elementOfItems(items), elementKind(stage, after)] as const;
  const kind = kinds[0] ?? kinds[1];
  const empty = [!list && items.length === 0, !after.list && after.items.length === 0];
  if (!kind || kinds.some((k, i) => !empty[i] && !sameElement(k, kind))) {
    const [a, b] = [list ? "a list of symbolic length" : `a list of ${items.length}`, `a list of ${after.items.length}`];
    return { kind: "poison", reason: () => machine.error("ListJoin", { name, a, b }) };
  }
  const element = kinds[0] && kinds[1] ? commonElement(kinds[0], kinds[1]) : kind;
  return { kind: "contentList", list: { kind: "list", element: element.kind, type: sequenceType(stage, element) } };
}

function refuse(machine: Machine, before: unknown, after: unknown, name: string): Plan {
  const [a, b] = [describe(before), describe(after)];
  return { kind: "poison", reason: () => machine.error("LoopCarriedType", { name, a, b }) };
}

function refuseRank(machine: Machine, before: unknown, after: unknown, name: string): Plan {
  const [a, b] = [describe(before), describe(after)];
  return { kind: "poison", reason: () => machine.error("LoopCarriedRank", { name, a, b }) };
}
