// From the last turn of a loop to a Loop of the graph, with the values of the carried cells in and out.
import { isTensor } from "../eager/operand.ts";
import type { Value } from "../ir/graph.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { markRaising, mayRaise } from "./branch.ts";
import { afterLoop } from "./carried-values.ts";
import { Content, isContent } from "./heap.ts";
import { sequenceOf } from "./list-elements.ts";
import { type Cell, elementOf, type Leaf, type Plan, typeOf } from "./loop-plan.ts";
import type { GroupSizes } from "./loop-sizes.ts";
import type { Turn } from "./loop-turn.ts";
import type { Machine } from "./machine.ts";
import { outsideType, scalarDType } from "./stage.ts";
import { defaultValue, own } from "./subgraph-values.ts";
import { isScalar, Partial, type Scalar, SymList, unassigned } from "./values.ts";

/** Seals the lists and records of which a plan makes others. */
function seal(machine: Machine, plan: Plan, value: unknown): void {
  const inner = value instanceof Partial ? value.inner : value;
  if (typeof inner !== "object" || inner === null) return;
  if (plan.kind === "late") return seal(machine, plan.inner, inner);
  if (plan.kind === "array" || plan.kind === "record" || plan.kind === "replaced") machine.heap.seal(inner);
  if (plan.kind === "array") plan.items.forEach((item, i) => seal(machine, item, at(inner, i)));
  if (plan.kind === "record") for (const [key, item] of plan.entries) seal(machine, item, at(inner, key));
  if (plan.kind === "content" && isContent(inner)) plan.items.forEach((item, i) => seal(machine, item, inner.items[i]));
}

/** Adds the Loop and writes what comes out of it. */
export function emit(machine: Machine, cells: readonly Cell[], turn: Turn, first: Scalar): void {
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
    case "replaced":
      return visit(plan.list, contentOf(machine, part(before)), contentOf(machine, part(after)), has);
    case "late":
      return leaves(machine, plan.inner, before === unassigned ? undefined : part(before), part(after), has, visit);
    default:
      return;
  }
}

const contentOf = ({ heap }: Machine, value: unknown): Content | undefined =>
  Array.isArray(value) ? new Content(value, heap.listOf(value)) : undefined;

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
