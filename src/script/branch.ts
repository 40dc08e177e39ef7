// A branch that depends on data: both paths are run, each in a region of the heap and a sub-graph of its own; what they wrote is joined.
import type { Value } from "../ir/graph.ts";
import { tensorType } from "../ir/type.ts";
import type { Effect } from "./heap.ts";
import { Joiner, type Side } from "./join.ts";
import { differingOrders } from "./keys.ts";
import { Binding, type Call, DeadBranch, describeCell, implied, type Machine, truthUnder } from "./machine.ts";
import { scalarDType } from "./stage.ts";
import { own } from "./subgraph-values.ts";
import { isScalar, type Sym } from "./values.ts";

interface Path extends Side {
  readonly effects: readonly Effect[];
  /** It holds a Raise, so the If must stay though nobody reads an output. */
  readonly raises: boolean;
}

/** Graphs in which something may be raised. */
const raising = new WeakSet<object>();

/** Stages `if (condition) yes() else no()`. Throws `DeadBranch` when both paths throw and this stands in a path itself. */
export function branch(machine: Machine, condition: Sym, yes: () => void, no: () => void): void {
  const { stage, heap } = machine;
  const then = path(machine, condition, true, yes);
  const other = path(machine, condition, false, no);
  if (then.dead && other.dead) {
    then.graph.dropUses();
    other.graph.dropUses();
    machine.fail("AlwaysThrows", {});
  }
  const joiner = new Joiner(machine, condition, then, other);
  const cells = joinCells(then.effects, other.effects).map(({ owner, key, a, b }) => {
    const name = describeCell(owner, key);
    // What the variables of a call hold where it has returned matters to nobody: what comes behind runs where it has not.
    const call = owner instanceof Binding ? owner.call : undefined;
    const [overThen, overOther] = [then, other].map((side) => call !== undefined && hasReturned(call, side));
    if (overThen === overOther) return { owner, key, joined: joiner.join(a, b, name) };
    (owner as Binding).onlyWhileCalled = true;
    return { owner, key, joined: overThen ? joiner.joinOne(b, false, name) : joiner.joinOne(a, true, name) };
  });
  const raises = then.raises || other.raises;
  if (raises && joiner.types.length === 0) {
    joiner.yesOutputs.push(stage.inside(then.graph, () => own(stage, stage.scalar(false, "bool"))));
    joiner.noOutputs.push(stage.inside(other.graph, () => own(stage, stage.scalar(false, "bool"))));
    joiner.types.push(tensorType(scalarDType.bool, []));
  }
  let outputs: readonly Value[] = [];
  if (joiner.types.length > 0) {
    then.graph.setOutputs(joiner.yesOutputs);
    other.graph.setOutputs(joiner.noOutputs);
    const node = stage.current.addTyped(
      "If",
      [stage.scalar(condition, "bool")],
      { then_branch: then.graph, else_branch: other.graph },
      joiner.types.map((type) => ({ type })),
      { provenance: stage.provenance },
    );
    outputs = node.outputs;
    if (raises) markRaising(machine);
  } else {
    then.graph.dropUses();
    other.graph.dropUses();
  }
  for (const [owner, a, b] of differingOrders(then.effects, other.effects))
    heap.doubtKeys(owner, () => machine.error("TypeJoin", { name: "the order of the properties", a, b, where: joiner.where }));
  for (const { owner, key, joined } of cells) heap.write(owner, key, joined(outputs));
}

/** Whether a call is over at the end of a path. */
function hasReturned(call: Call, { effects, known }: Path): boolean {
  const effect = effects.find(({ owner }) => owner === call.returned);
  const flag = effect ? effect.after : call.returned.value;
  return isScalar(flag) && truthUnder(flag, known) === true;
}

/** Notes that the innermost graph may raise. */
export function markRaising(machine: Machine): void {
  raising.add(machine.stage.current);
}

export const mayRaise = (graph: object): boolean => raising.has(graph);

function path(machine: Machine, condition: Sym, truth: boolean, body: () => void): Path {
  const { stage, heap } = machine;
  const goBack = machine.mark();
  let dead = false;
  let effects: Effect[] = [];
  const { graph } = stage.subgraph(truth ? "then" : "else", () => {
    ({ effects } = heap.region(() => {
      machine.assuming(condition, truth, () => {
        try {
          body();
        } catch (error) {
          if (!(error instanceof DeadBranch)) throw error;
          dead = true;
        }
      });
    }));
  });
  goBack();
  return { graph, known: implied(condition, truth), dead, effects, raises: dead || raising.has(graph) };
}

interface JoinedCell {
  readonly owner: object;
  readonly key: PropertyKey;
  readonly a: unknown;
  readonly b: unknown;
}

/** The cells that either path wrote, with what each left in them. */
function joinCells(yes: readonly Effect[], no: readonly Effect[]): JoinedCell[] {
  const cells: JoinedCell[] = [];
  const others = new Map<object, Map<PropertyKey, Effect>>();
  for (const effect of no) {
    const row = others.get(effect.owner) ?? new Map<PropertyKey, Effect>();
    row.set(effect.key, effect);
    others.set(effect.owner, row);
  }
  for (const { owner, key, before, after } of yes) {
    const other = others.get(owner)?.get(key);
    others.get(owner)?.delete(key);
    cells.push({ owner, key, a: after, b: other ? other.after : before });
  }
  for (const row of others.values())
    for (const { owner, key, before, after } of row.values()) cells.push({ owner, key, a: before, b: after });
  return cells;
}
