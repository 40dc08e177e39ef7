// Control flow whose way is known: the branch that a constant condition takes, the body of a loop that runs once, and loops that never run.
import type { Graph, Value } from "../../ir/graph.ts";
import { Patch } from "../../ir/patch.ts";
import { loopArguments } from "../../ops/control.ts";
import { int64List } from "../../ops/shape.ts";
import { Storage } from "../../tensor/storage.ts";
import { addBody, shuntOutput } from "../body-patch.ts";
import { controlPass, known } from "../control-pass.ts";
import type { Pass } from "../pass.ts";
import { knownShape } from "../value-facts.ts";

/**
 * Puts the branch that a constant condition takes in place of the If.
 *
 *     true ─ If { then: x ─ Relu; else: x ─ Neg } ─ y
 *     x ─ Relu ─ y
 *
 * Cases: 1. either branch  2. branches that hand on what they read from outside, or constants  3. Ifs in branches and loops.
 * Legal because only that branch would run. Accuracy: exact.
 */
export const inlineIf: Pass = controlPass(
  "inline-if",
  "puts the branch that a constant condition takes in place of an If; no other would run",
  "If",
  (node) => {
    const condition = known(node.inputs[0]);
    if (condition === undefined) return undefined;
    const branch = node.attributes[condition === 0 ? "else_branch" : "then_branch"] as Graph;
    const patch = new Patch(node.graph, "inline-if");
    const results = addBody(patch, branch, []);
    node.outputs.forEach((_, i) => {
      shuntOutput(patch, node, i, results[i] as Value);
    });
    return patch;
  },
);

/**
 * Puts the body of a Loop that runs exactly once in place of it, and what it starts from in place of one that never runs.
 *
 *     1 ─ Loop(s) { (i, c, s) → (c, s + i; s) } ─ s', stack
 *     s ─ Add(0) ─ s';  s ─ Unsqueeze(0) ─ stack
 *
 * Cases: 1. a count of 0, or a condition that is false at the start: the states as they were, empty stacks of known shape  2. a count of 1 and
 * a condition that is absent or true at the start: the body once, its scan outputs with a new first axis.
 * Legal when count and condition are constant; what the body says about going on is not asked after one run. Accuracy: exact.
 */
export const inlineLoop: Pass = controlPass(
  "inline-loop",
  "puts the body of a Loop that runs once in place of it, and the first states in place of one that never runs",
  "Loop",
  (node) => {
    const count = known(node.inputs[0]);
    const start = node.inputs[1] ? known(node.inputs[1]) : 1;
    const patch = new Patch(node.graph, "inline-loop");
    const states = node.inputs.slice(2) as Value[];
    let results: readonly (Value | undefined)[];
    if (start === 0 || (count !== undefined && count <= 0))
      results = [...states, ...node.outputs.slice(states.length).map((v) => emptyStack(patch, v))];
    else if (count === 1 && start !== undefined) {
      const body = node.attributes.body as Graph;
      const given = loopArguments(body, 0, true).map((s) => patch.constant(s));
      const outputs = addBody(patch, body, [...given, ...states]).slice(1);
      if (outputs.slice(states.length).some((v) => v.type.kind !== "tensor")) return undefined;
      const zero = outputs.length > states.length ? patch.constant(int64List([0])) : undefined;
      results = outputs.map((v, i) => (i < states.length ? v : patch.add("Unsqueeze", [v, zero]).output));
    } else return undefined;
    if (node.outputs.some((v, i) => v.users.size > 0 && results[i] === undefined)) return undefined;
    node.outputs.forEach((_, i) => {
      const to = results[i];
      if (to) shuntOutput(patch, node, i, to);
    });
    return patch;
  },
);

/** The stack of no values: [0, …]; undefined where the shape of one is not known. */
function emptyStack(patch: Patch, stack: Value): Value | undefined {
  if (stack.type.kind !== "tensor") return undefined;
  const shape = knownShape(stack);
  return shape && patch.constant(Storage.empty(stack.type.dtype, [0, ...shape.slice(1)]));
}
