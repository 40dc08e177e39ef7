// One turn of a loop, run on symbolic values of the carried cells in a sub-graph that may be thrown away.
import type { Graph } from "../ir/graph.ts";
import { tensorType } from "../ir/type.ts";
import { branch } from "./branch.ts";
import { bodyValue, type TurnStart } from "./carried-values.ts";
import type { Effect } from "./heap.ts";
import type { Cell } from "./loop-plan.ts";
import { DeadBranch, type Machine } from "./machine.ts";
import { type Scalar, Sym } from "./values.ts";

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

/** What one turn left. */
export interface Turn extends TurnStart {
  readonly graph: Graph;
  readonly effects: readonly Effect[];
  readonly condition: Scalar;
  readonly dead: boolean;
  readonly drop: () => void;
}

/** Runs test and body once on symbolic values of the carried cells, in a sub-graph that may be thrown away. */
export function runTurn(machine: Machine, parts: LoopParts, cells: readonly Cell[]): Turn {
  const { stage, heap } = machine;
  const start: TurnStart = { inputs: [], sizes: new Map() };
  let effects: Effect[] = [];
  let condition: Scalar = true;
  let dead = false;
  const goBack = machine.mark();
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
  goBack();
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
