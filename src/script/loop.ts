// A loop that depends on data: the body is run to a fixed point over the cells that it writes, and becomes a Loop that carries them.
import { branch } from "./branch.ts";
import { emit } from "./loop-emit.ts";
import { meet } from "./loop-meet.ts";
import { type Cell, mapSizes, planOf, samePlan } from "./loop-plan.ts";
import { type GroupSizes, regroup, TurnSize } from "./loop-sizes.ts";
import { type LoopParts, runTurn, type Turn } from "./loop-turn.ts";
import { describeCell, type Machine } from "./machine.ts";
import { Sym } from "./values.ts";

/**
 * Stages a loop whose condition (or whose end) is symbolic. The rounds come to an end: from one to the next, plans only become wider (int to
 * float, a size to any, a value to poison), groups of sizes only fall apart, and the objects that a body writes to were there before it.
 */
export function stageLoop(machine: Machine, parts: LoopParts): void {
  const { first } = parts;
  const cells: Cell[] = [];
  for (;;) {
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
