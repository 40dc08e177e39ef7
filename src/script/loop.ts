// A loop that depends on data: the body is run to a fixed point over the cells that it writes, and becomes a Loop that carries them.
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { type Dim, dimEquals, unknownDim } from "../ir/dim.ts";
import type { Value } from "../ir/graph.ts";
import { formatType, tensorType, type ValueType } from "../ir/type.ts";
import { branch, markRaising, mayRaise } from "./branch.ts";
import { absent, type Content, type Effect, isContent, isRecord } from "./heap.ts";
import { commonElement, type ElementKind, elementKind, sameElement, sequenceOf, sequenceType } from "./list-elements.ts";
import { type GroupSizes, regroup, TurnSize } from "./loop-sizes.ts";
import { DeadBranch, describeCell, type Machine } from "./machine.ts";
import { outsideType, type Stage, scalarDType } from "./stage.ts";
import { defaultValue, own } from "./subgraph-values.ts";
import {
  describe,
  isScalar,
  joinKinds,
  Partial,
  Poison,
  type Scalar,
  type ScalarKind,
  Sym,
  SymList,
  scalarKind,
  unassigned,
} from "./values.ts";

/** How often the types of what a loop carries may change before it is refused. */
const maxRounds = 8;

/** One loop, as functions that interpret its parts. */
export interface LoopParts {
  /** The condition before the first turn. */
  readonly first: boolean | Sym;
  /** The condition; true where there is none. */
  readonly test: () => Scalar;
  /** The body and the update of one turn. */
  readonly turn: () => void;
  /** After a turn: whether it was left by break or return. */
  readonly left: () => Scalar;
}

/** How a carried cell looks in the body: a tree of leaves in the shape of its value. */
type Plan =
  | { readonly kind: "scalar"; readonly scalar: ScalarKind }
  | { readonly kind: "tensor"; readonly type: ValueType & { kind: "tensor" }; readonly shape: readonly (Dim | TurnSize)[] }
  | { readonly kind: "list"; readonly element: ScalarKind | "tensor"; readonly type: ValueType & { kind: "sequence" } }
  | { readonly kind: "array"; readonly items: readonly Plan[] }
  /** With `unordered` its properties have another order after a turn than before. */
  | { readonly kind: "record"; readonly entries: readonly (readonly [string, Plan])[]; readonly unordered: boolean }
  | { readonly kind: "content"; readonly items: readonly Plan[]; readonly pairs: boolean }
  | { readonly kind: "contentList"; readonly list: Plan & { kind: "list" } }
  /** The same in every turn. */
  | { readonly kind: "constant"; readonly value: unknown }
  /** Without a value before the first turn: it cannot be read in the body before it is written there. */
  | { readonly kind: "late"; readonly inner: Plan; readonly reason: () => Error }
  | { readonly kind: "poison"; readonly reason: () => Error };

interface Cell {
  readonly owner: object;
  readonly key: PropertyKey;
  readonly name: string;
  readonly before: unknown;
  plan: Plan;
}

/** Stages a loop whose condition (or whose end) is symbolic. */
export function stageLoop(machine: Machine, parts: LoopParts): void {
  const { first } = parts;
  const cells: Cell[] = [];
  for (let round = 0; ; round++) {
    if (round === maxRounds) machine.fail("LoopFixpoint", { names: cells.map((c) => c.name).join(", ") });
    const turn = runTurn(machine, parts, cells);
    if (turn.dead) {
      turn.drop();
      // Every turn throws: the loop is a branch that does.
      if (first instanceof Sym) branch(machine, first, parts.turn, () => {});
      else parts.turn();
      return;
    }
    if (!widen(machine, cells, turn)) return emit(machine, cells, turn, first);
    turn.drop();
  }
}

/** The inputs of the body, and the sizes that groups of them have. */
interface TurnStart {
  readonly inputs: Value[];
  readonly sizes: GroupSizes;
}

interface Turn extends TurnStart {
  readonly graph: import("../ir/graph.ts").Graph;
  readonly effects: readonly Effect[];
  readonly condition: Scalar;
  readonly dead: boolean;
  readonly drop: () => void;
}

/** Runs test and body once on symbolic values of the carried cells, in a sub-graph that may be thrown away. */
function runTurn(machine: Machine, parts: LoopParts, cells: readonly Cell[]): Turn {
  const { stage, heap } = machine;
  const start: TurnStart = { inputs: [], sizes: new Map() };
  let effects: Effect[] = [];
  let condition: Scalar = true;
  let dead = false;
  const depth = machine.calls.length;
  const { frame } = machine;
  const { node } = frame;
  const { provenance } = stage;
  const { graph } = stage.subgraph("body", () => {
    stage.addInput("iteration", tensorType("int64", []));
    stage.addInput("condition", tensorType("bool", []));
    ({ effects } = heap.region(() => {
      for (const cell of cells) heap.write(cell.owner, cell.key, bodyValue(machine, cell.plan, start, cell.name));
      try {
        parts.turn();
        const left = machine.resolve(parts.left()) as Scalar;
        condition = left === true ? false : nextCondition(machine, parts, left);
      } catch (error) {
        if (!(error instanceof DeadBranch)) throw error;
        dead = true;
      }
    }));
  });
  machine.calls.length = depth;
  frame.node = node;
  stage.provenance = provenance;
  return { ...start, graph, effects, condition, dead, drop: () => graph.dropUses() };
}

/** Whether another turn follows; the condition is looked at only where the turn came to its end. */
function nextCondition(machine: Machine, parts: LoopParts, left: Scalar): Scalar {
  if (!(left instanceof Sym)) return machine.resolve(parts.test()) as Scalar;
  const cell: { next: unknown } = machine.heap.fresh({ next: false });
  branch(
    machine,
    left,
    () => {},
    () => void machine.heap.write(cell, "next", machine.resolve(parts.test())),
  );
  return cell.next as Scalar;
}

/** The value of a carried cell at the start of a turn. */
function bodyValue(machine: Machine, plan: Plan, start: TurnStart, name: string): unknown {
  const { stage, heap } = machine;
  const input = (type: ValueType) => {
    const value = stage.addInput(name, type);
    start.inputs.push(value);
    return value;
  };
  switch (plan.kind) {
    case "scalar":
      return new Sym(plan.scalar, input(tensorType(scalarDType[plan.scalar], [])));
    case "tensor":
      return wrapGrouped(stage, input(typeOf(plan, start.sizes)), plan, start.sizes);
    case "list":
      return new SymList(input(plan.type), plan.type, plan.element);
    case "array": {
      const made = heap.fresh(plan.items.map((item, i) => bodyValue(machine, item, start, `${name}_${i}`)));
      heap.seal(made);
      return made;
    }
    case "record": {
      const made = heap.fresh(
        Object.fromEntries(plan.entries.map(([key, item]) => [key, bodyValue(machine, item, start, `${name}_${key}`)])),
      );
      doubtOrder(machine, plan, made);
      heap.seal(made);
      return made;
    }
    case "content":
      return {
        items: plan.items.map((item, i) => bodyValue(machine, item, start, `${name}_${i}`)),
        list: undefined,
        pairs: plan.pairs,
      } satisfies Content;
    case "contentList":
      return { items: [], list: bodyValue(machine, plan.list, start, name) as SymList } satisfies Content;
    case "constant":
      return plan.value;
    case "late": {
      // Nothing may read it, but the body has an input for it all the same.
      const value = bodyValue(machine, plan.inner, start, name);
      return new Partial(value, plan.reason);
    }
    case "poison":
      return new Poison(plan.reason);
  }
}

function doubtOrder(machine: Machine, { unordered, entries }: Plan & { kind: "record" }, made: object): void {
  const b = "another one";
  if (unordered)
    machine.heap.doubtKeys(made, () =>
      machine.error("LoopCarriedType", { name: "the order of the properties", a: entries.map(([key]) => key).join(", "), b }),
    );
}

/** The type of a carried tensor; sizes of groups are those of `sizes`, where they have one. */
function typeOf({ type, shape }: Plan & { kind: "tensor" }, sizes?: GroupSizes): ValueType & { kind: "tensor" } {
  const sizeOf = (d: TurnSize) => (d.group === undefined ? undefined : sizes?.get(d.group)) ?? unknownDim();
  return tensorType(
    type.dtype,
    shape.map((d) => (d instanceof TurnSize ? sizeOf(d) : d)),
  );
}

/** A handle for a carried tensor; the sizes of groups that are new in it become known. */
function wrapGrouped(stage: Stage, value: Value, { shape }: Plan & { kind: "tensor" }, sizes: GroupSizes): Tensor {
  const handle = stage.wrap(value);
  stage.shapeOf(handle).forEach((dim, axis) => {
    const size = shape[axis];
    if (size instanceof TurnSize && size.group !== undefined && typeof dim !== "number") sizes.set(size.group, dim);
  });
  return handle;
}

/** Adapts the carried cells to what a turn left; true when something changed, so that another round is needed. */
function widen(machine: Machine, cells: Cell[], { effects, sizes }: Turn): boolean {
  let changed = false;
  for (const cell of cells) cell.plan = mapSizes(cell.plan, (d) => new TurnSize(d.start, d.group, undefined));
  const written = new Map<object, Map<PropertyKey, unknown>>();
  for (const { owner, key, before, after } of effects) {
    const row = written.get(owner) ?? new Map<PropertyKey, unknown>();
    row.set(key, after);
    written.set(owner, row);
    if (cells.some((c) => c.owner === owner && c.key === key)) continue;
    const name = describeCell(owner, key);
    cells.push({ owner, key, name, before, plan: meet(machine, planOf(machine, before, name), before, after, name) });
    changed = true;
  }
  for (const cell of cells) {
    const row = written.get(cell.owner);
    if (!row?.has(cell.key)) continue;
    const next = meet(machine, cell.plan, cell.before, row.get(cell.key), cell.name);
    if (!samePlan(cell.plan, next)) {
      changed = true;
    }
    cell.plan = next;
  }
  return regroupCells(cells, sizes) || changed;
}

/** Puts the sizes that the turn changed into groups. */
function regroupCells(cells: readonly Cell[], sizes: GroupSizes): boolean {
  const all: TurnSize[] = [];
  for (const cell of cells)
    mapSizes(cell.plan, (d) => {
      all.push(d);
      return d;
    });
  const { groups, changed } = regroup(all, sizes);
  let next = 0;
  for (const cell of cells) cell.plan = mapSizes(cell.plan, (d) => new TurnSize(d.start, groups[next++], d.after));
  return changed;
}

/** A plan with other sizes. What has no value before the first turn stays alone: it cannot have begun with the size of another. */
function mapSizes(plan: Plan, map: (size: TurnSize) => TurnSize): Plan {
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
function planOf(machine: Machine, value: unknown, name: string): Plan {
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

/** The plan that holds what was carried in so far, and what a turn left. */
function meet(machine: Machine, plan: Plan, before: unknown, after: unknown, name: string): Plan {
  const { stage, heap } = machine;
  if (plan.kind === "poison") return plan;
  if (after instanceof Poison) return { kind: "poison", reason: after.reason };
  const inner = after instanceof Partial ? after.inner : after;
  if (plan.kind === "late") return { ...plan, inner: meet(machine, plan.inner, undefined, inner, name) };
  if (plan.kind === "constant") {
    if (plan.value === unassigned || plan.value instanceof Partial) {
      if (after === unassigned) return plan;
      const reason =
        plan.value instanceof Partial
          ? plan.value.reason
          : () => machine.error("MaybeUndefined", { name, condition: "the loop does not run" });
      const base = plan.value instanceof Partial ? plan.value.inner : inner;
      return { kind: "late", inner: meet(machine, planOf(machine, base, name), undefined, inner, name), reason };
    }
    if (Object.is(plan.value, after)) return plan;
    if (plan.value !== absent) return refuse(machine, before, after, name);
    return { kind: "poison", reason: () => machine.error("MaybeUndefined", { name, condition: "the loop does not run" }) };
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
  if (plan.kind === "content" && isContent(after)) return meetContent(machine, plan, before, after, name);
  if (plan.kind === "contentList" && isContent(after)) return listPlan(machine, plan.list, after, name);
  if (plan.kind === "array" && Array.isArray(after) && !heap.listOf(after) && after.length === plan.items.length)
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

function meetContent(machine: Machine, plan: Plan & { kind: "content" }, before: unknown, after: Content, name: string): Plan {
  if (after.list instanceof Poison) return { kind: "poison", reason: after.list.reason };
  if (!after.list && after.items.length === plan.items.length)
    return { ...plan, items: plan.items.map((item, i) => meet(machine, item, undefined, after.items[i], `${name}[${i}]`)) };
  if (plan.pairs) return refuse(machine, undefined, after, name);
  return listPlan(machine, undefined, after, name, (before as Content | undefined)?.items ?? []);
}

/** A list whose length changes from turn to turn. */
function listPlan(
  machine: Machine,
  list: (Plan & { kind: "list" }) | undefined,
  after: Content,
  name: string,
  start: readonly unknown[] = [],
): Plan {
  const { stage } = machine;
  const kinds = [list ? elementOf(list) : elementKind(stage, { items: start, list: undefined }), elementKind(stage, after)] as const;
  const kind = kinds[0] ?? kinds[1];
  const empty = [!list && start.length === 0, !after.list && after.items.length === 0];
  if (!kind || kinds.some((k, i) => !empty[i] && !sameElement(k, kind))) {
    const [a, b] = [list ? "a list of symbolic length" : `a list of ${start.length}`, `a list of ${after.items.length}`];
    return { kind: "poison", reason: () => machine.error("ListJoin", { name, a, b }) };
  }
  const element = kinds[0] && kinds[1] ? commonElement(kinds[0], kinds[1]) : kind;
  return { kind: "contentList", list: { kind: "list", element: element.kind, type: sequenceType(stage, element) } };
}

function elementOf(list: Plan & { kind: "list" }): ElementKind {
  const { element } = list.type;
  const { dtype, shape } = element as ValueType & { kind: "tensor" };
  return { kind: list.element, dtype, shape };
}

function refuse(machine: Machine, before: unknown, after: unknown, name: string): Plan {
  const [a, b] = [describe(before), describe(after)];
  return { kind: "poison", reason: () => machine.error("LoopCarriedType", { name, a, b }) };
}

function refuseRank(machine: Machine, before: unknown, after: unknown, name: string): Plan {
  const [a, b] = [describe(before), describe(after)];
  return { kind: "poison", reason: () => machine.error("LoopCarriedRank", { name, a, b }) };
}

function samePlan(a: Plan, b: Plan): boolean {
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
  if (a.kind === "contentList") return samePlan(a.list, (b as typeof a).list);
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

/** Seals the lists and records of which a plan makes others. */
function seal(machine: Machine, plan: Plan, value: unknown): void {
  const inner = value instanceof Partial ? value.inner : value;
  if (typeof inner !== "object" || inner === null) return;
  if (plan.kind === "late") return seal(machine, plan.inner, inner);
  if (plan.kind === "array" || plan.kind === "record") machine.heap.seal(inner);
  if (plan.kind === "array") plan.items.forEach((item, i) => seal(machine, item, at(inner, i)));
  if (plan.kind === "record") for (const [key, item] of plan.entries) seal(machine, item, at(inner, key));
  if (plan.kind === "content" && isContent(inner)) plan.items.forEach((item, i) => seal(machine, item, inner.items[i]));
}

/** Adds the Loop and writes what comes out of it. */
function emit(machine: Machine, cells: readonly Cell[], turn: Turn, first: Scalar): void {
  const { stage, heap } = machine;
  const finals = new Map<Cell, unknown>();
  for (const cell of cells) {
    const effect = turn.effects.find((e) => e.owner === cell.owner && e.key === cell.key);
    // What comes out stands for what went in and for what a turn left: none may change from here on.
    for (const value of [cell.before, effect?.after]) seal(machine, cell.plan, value);
    // A cell that the last round left as it came in.
    finals.set(cell, effect ? effect.after : undefined);
  }
  const initial: Value[] = [];
  const types: ValueType[] = [];
  const bodyOutputs: Value[] = [];
  let input = 0;
  for (const cell of cells) {
    const written = turn.effects.some((e) => e.owner === cell.owner && e.key === cell.key);
    leaves(machine, cell.plan, cell.before, written ? finals.get(cell) : undefined, written, (plan, before, after, has) => {
      const value = turn.inputs[input++] as Value;
      initial.push(leafValue(machine, plan, before));
      bodyOutputs.push(stage.inside(turn.graph, () => own(stage, has ? leafValue(machine, plan, after) : value)));
      types.push(plan.kind === "tensor" ? typeOf(plan) : plan.kind === "scalar" ? tensorType(scalarDType[plan.scalar], []) : plan.type);
    });
  }
  const condition = stage.inside(turn.graph, () => own(stage, stage.scalar(turn.condition, "bool")));
  turn.graph.setOutputs([condition, ...bodyOutputs]);
  const raises = mayRaise(turn.graph);
  const outputs =
    types.length === 0 && !raises
      ? []
      : stage.current.addTyped(
          "Loop",
          [undefined, stage.scalar(first, "bool"), ...initial],
          { body: turn.graph },
          types.map((type) => ({ type: outsideType(stage, type) })),
          {
            provenance: stage.provenance,
          },
        ).outputs;
  if (raises) markRaising(machine);
  let output = 0;
  const sizes: GroupSizes = new Map();
  for (const cell of cells)
    heap.write(
      cell.owner,
      cell.key,
      afterLoop(machine, cell.plan, () => outputs[output++] as Value, sizes),
    );
}

type Leaf = Plan & { kind: "scalar" | "tensor" | "list" };

/** Visits the leaves of a plan with the parts of two values that stand there. */
function leaves(
  machine: Machine,
  plan: Plan,
  before: unknown,
  after: unknown,
  has: boolean,
  visit: (plan: Leaf, before: unknown, after: unknown, has: boolean) => void,
): void {
  const part = (v: unknown) => (v instanceof Partial ? v.inner : v);
  switch (plan.kind) {
    case "scalar":
    case "tensor":
    case "list":
      return visit(plan, part(before), part(after), has);
    case "array":
      return plan.items.forEach((item, i) => leaves(machine, item, at(before, i), at(after, i), has, visit));
    case "record":
      return plan.entries.forEach(([key, item]) => leaves(machine, item, at(before, key), at(after, key), has, visit));
    case "content":
      return plan.items.forEach((item, i) =>
        leaves(machine, item, (before as Content | undefined)?.items[i], (after as Content | undefined)?.items[i], has, visit),
      );
    case "contentList":
      return visit(plan.list, before, after, has);
    case "late":
      return leaves(machine, plan.inner, before === unassigned ? undefined : part(before), part(after), has, visit);
    default:
      return;
  }
}

const at = (value: unknown, key: PropertyKey): unknown => {
  const inner = value instanceof Partial ? value.inner : value;
  return typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined;
};

/** A part of a cell as a value of the graph; undefined stands for one that nobody reads. */
function leafValue(machine: Machine, plan: Leaf, value: unknown): Value {
  const { stage } = machine;
  if (plan.kind === "scalar")
    return isScalar(value) ? stage.scalar(value, plan.scalar) : defaultValue(stage, tensorType(scalarDType[plan.scalar], []));
  if (plan.kind === "tensor") return isTensor(value) ? stage.valueOf(value) : defaultValue(stage, typeOf(plan));
  if (isContent(value)) return sequenceOf(stage, value, elementOf(plan));
  return value instanceof SymList ? value.value : defaultValue(stage, plan.type);
}

/** The value of a carried cell behind the loop. */
function afterLoop(machine: Machine, plan: Plan, next: () => Value, sizes: GroupSizes): unknown {
  const { stage, heap } = machine;
  switch (plan.kind) {
    case "scalar":
      return new Sym(plan.scalar, next());
    case "tensor": {
      const value = next();
      const { shape = [] } = value.tensorType;
      const grouped = typeOf(plan, sizes).shape ?? [];
      // Of sizes that the loop changed only those of groups are known; all others are as the Loop has them.
      value.type = tensorType(
        plan.type.dtype,
        shape.map((d, axis) => (plan.shape[axis] instanceof TurnSize ? (grouped[axis] as Dim) : d)),
      );
      return wrapGrouped(stage, value, plan, sizes);
    }
    case "list":
      return new SymList(next(), plan.type, plan.element);
    case "array": {
      const made = heap.fresh(plan.items.map((item) => afterLoop(machine, item, next, sizes)));
      heap.seal(made);
      return made;
    }
    case "record": {
      const made = heap.fresh(Object.fromEntries(plan.entries.map(([key, item]) => [key, afterLoop(machine, item, next, sizes)])));
      doubtOrder(machine, plan, made);
      heap.seal(made);
      return made;
    }
    case "content":
      return {
        items: plan.items.map((item) => afterLoop(machine, item, next, sizes)),
        list: undefined,
        pairs: plan.pairs,
      } satisfies Content;
    case "contentList":
      return { items: [], list: afterLoop(machine, plan.list, next, sizes) as SymList } satisfies Content;
    case "constant":
      return plan.value;
    case "late":
      return new Partial(afterLoop(machine, plan.inner, next, sizes), plan.reason);
    case "poison":
      return new Poison(plan.reason);
  }
}
