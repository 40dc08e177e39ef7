// Running a loop: turn by turn while its condition is known, unrolled under guards, or as a Loop of the graph (loop.ts).
import type { AnyNode } from "acorn";
import { IngotError } from "../errors/error.ts";
import { containsJump } from "../source/parse.ts";
import { branch } from "./branch.ts";
import { type Context, stampProvenance } from "./context.ts";
import { stageLoop } from "./loop.ts";
import type { Binding } from "./machine.ts";
import { orScalar } from "./operators.ts";
import type { LoopFlags, Scope } from "./scope.ts";
import { Reported, type Scalar, Sym } from "./values.ts";

/** Turns of a loop that is run at compile time. */
const unrollLimit = 5000;
/** A loop of so many turns at most is unrolled where its end depends on data and it cannot be staged as a loop. */
const guardedLimit = 256;

interface Loop {
  /** Whether it becomes a Loop of the graph when its end depends on data: it has to, it may, or it is unrolled. */
  readonly staging: "always" | "tried" | "never";
  readonly node: AnyNode;
  readonly scope: Scope;
  readonly flags: LoopFlags & { readonly skip: Binding };
  readonly test: () => boolean | Sym;
  /** The body, without the update. */
  readonly body: () => void;
  readonly update?: () => void;
}

/**
 * Runs turns at compile time while the condition is static. A loop that data may leave is looked at first: where a jump depends on data, it
 * becomes a Loop of the graph; one that cannot, but has a static number of turns, is unrolled, with what follows a jump under guards.
 */
export function loop(c: Context, l: Loop, done = 0, guards = 0): void {
  const { machine } = c;
  for (let turns = done; ; turns++) {
    if (turns > unrollLimit) machine.fail("UnrollLimit", { count: turns, limit: unrollLimit }, l.node);
    const going = machine.resolve(l.test()) as boolean | Sym;
    if (going === false) return;
    if (going instanceof Sym) return staged(c, l, going);
    if (turns === 0 && l.staging !== "never" && mayLeave(l) && turnsSymbolic(c, l)) {
      if (l.staging === "always") return staged(c, l, true);
      if (stagedIfPossible(c, l)) return;
    }
    runBody(c, l);
    const left = hasLeft(c, l);
    if (left === true) return;
    if (left === false) {
      l.update?.();
      continue;
    }
    if (guards > guardedLimit) machine.fail("UnrollLimit", { count: guards, limit: guardedLimit }, l.node);
    branch(
      machine,
      left,
      () => {},
      () => {
        // Behind the guard, so that a counter stays a number that is known.
        l.update?.();
        loop(c, l, turns + 1, guards + 1);
      },
    );
    return;
  }
}

/** Whether the loop has a jump out of it, or a condition that a turn may change. */
function mayLeave(l: Loop): boolean {
  return l.staging === "always" || containsJump(l.node, ["ReturnStatement", "BreakStatement"]);
}

/** One turn: the body, then the update unless the loop was left. */
function turn(c: Context, l: Loop): void {
  runBody(c, l);
  if (!l.update) return;
  const left = hasLeft(c, l);
  if (left === false) l.update();
  else if (left instanceof Sym) {
    branch(
      c.machine,
      left,
      () => {},
      () => l.update?.(),
    );
  }
}

/** The body of a turn, with clean flags before; `continue` ends with it. */
function runBody(c: Context, l: Loop): void {
  const { heap } = c.machine;
  const { returned } = l.scope.activation;
  for (const flag of [l.flags.leave, l.flags.skip, returned]) if (flag.value !== false) heap.write(flag, "value", false);
  l.body();
  // The next turn starts with a clean flag.
  if (l.flags.skip.value !== false) heap.write(l.flags.skip, "value", false);
}

function hasLeft(c: Context, l: Loop): boolean | Sym {
  const { machine } = c;
  const [a, b] = [l.flags.leave.value, l.scope.activation.returned.value].map((v) => machine.resolve(v) as Scalar);
  return machine.resolve(orScalar(machine.stage, a as Scalar, b as Scalar)) as boolean | Sym;
}

/** Runs a turn and the next test on trial: whether a jump, or the condition after it, depends on data. */
function turnsSymbolic(c: Context, l: Loop): boolean {
  const { machine } = c;
  return machine.trial(() => {
    turn(c, l);
    if (hasLeft(c, l) instanceof Sym) return true;
    return hasLeft(c, l) === false && machine.resolve(l.test()) instanceof Sym;
  });
}

function staged(c: Context, l: Loop, first: boolean | Sym): void {
  stampProvenance(c);
  const { frame } = c.machine;
  frame.node = l.node;
  stageLoop(c.machine, { first, test: l.test, turn: () => turn(c, l), left: () => hasLeft(c, l) });
  // A loop without an end of its own, and without a break, ends with a return (or by throwing).
  if (isEndless(l.node) && l.flags.leave.value === false) c.machine.heap.write(l.scope.activation.returned, "value", true);
}

/** `while (true)`, `for (;;)` */
function isEndless(node: AnyNode): boolean {
  if (node.type !== "WhileStatement" && node.type !== "DoWhileStatement" && node.type !== "ForStatement") return false;
  return !node.test || (node.test.type === "Literal" && Boolean(node.test.value));
}

/** Stages the loop; false when that is an error of the model, with everything as it was. */
function stagedIfPossible(c: Context, l: Loop): boolean {
  const { machine } = c;
  const outer = machine.speculating;
  const depth = machine.calls.length;
  machine.speculating = true;
  try {
    // What a loop writes it writes at its end: an error before leaves only nodes that nobody reads.
    staged(c, l, true);
    return true;
  } catch (error) {
    if (!(error instanceof IngotError || error instanceof Reported)) throw error;
    machine.calls.length = depth;
    return false;
  } finally {
    machine.speculating = outer;
  }
}
