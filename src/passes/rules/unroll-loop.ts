// Loops that run a few times, whatever the inputs are.
import { IngotError } from "../../errors/error.ts";
import type { Graph, Node, Value } from "../../ir/graph.ts";
import { Patch } from "../../ir/patch.ts";
import { allNodes } from "../../ir/traverse.ts";
import { typeFits } from "../../ir/type.ts";
import { loopArguments, staysTrue } from "../../ops/control.ts";
import { int64List } from "../../ops/shape.ts";
import { addBody, shuntOutput } from "../body-patch.ts";
import { controlPass, known } from "../control-pass.ts";
import type { Pass } from "../pass.ts";

/** Longer loops stay: their text would grow, and what a turn costs beside its operators no longer counts. */
const mostTurns = 8;
/** All turns together have at most so many nodes, those of sub-graphs included. */
const mostNodes = 256;

/**
 * Puts the body of a Loop with a small constant count in place of it, once per turn.
 *
 *     3 ─ Loop(s) { (i, c, s) → (c, s + i; s) } ─ s', stack
 *     s ─ Add(0) ─ Add(1) ─ Add(2) ─ s';  Concat(s, s + 0, s + 0 + 1) ─ stack
 *
 * Cases: 1. states of any kind, stacks of tensors  2. a condition that is absent or true at the start and never changes.
 * Legal because nothing but the count ends the loop: the same operators run in the same order. A body that fails for certain in some turn
 * is left to fail when it runs. Accuracy: exact.
 */
export const unrollLoop: Pass = controlPass(
  "unroll-loop",
  "puts the body of a Loop with a count of 2 to 8 in place of it, once per turn; nothing else would end it",
  "Loop",
  (node) => {
    const body = node.attributes.body as Graph;
    const count = known(node.inputs[0]);
    const start = node.inputs[1] ? known(node.inputs[1]) : 1;
    if (count === undefined || count < 2 || count > mostTurns || start !== 1 || !staysTrue(body.outputs[0], body)) return undefined;
    if (count * [...allNodes(body)].length > mostNodes) return undefined;
    try {
      return unrolled(node, body, count);
    } catch (error) {
      // Sizes that do not fit from some turn on, for example.
      if (error instanceof IngotError) return undefined;
      throw error;
    }
  },
);

function unrolled(node: Node, body: Graph, count: number): Patch | undefined {
  const patch = new Patch(node.graph, "unroll-loop");
  let states = node.inputs.slice(2) as Value[];
  if (states.some((v, i) => v.type.kind !== body.inputs[i + 2]?.type.kind)) return undefined;
  const stateCount = states.length;
  const scans: Value[][] = body.outputs.slice(stateCount + 1).map(() => []);
  for (let turn = 0; turn < count; turn++) {
    const given = loopArguments(body, turn, true).map((s) => patch.constant(s));
    const outputs = addBody(patch, body, [...given, ...states]).slice(1);
    states = outputs.slice(0, stateCount);
    scans.forEach((list, k) => void list.push(outputs[stateCount + k] as Value));
  }
  if (scans.some((list) => list.some((v) => v.type.kind !== "tensor"))) return undefined;
  const zero = scans.length > 0 ? patch.constant(int64List([0])) : undefined;
  const stacks = scans.map((list) => {
    const rows = list.map((v) => patch.add("Unsqueeze", [v, zero]).output);
    return patch.add("Concat", rows, { axis: 0 }).output;
  });
  const results = [...states, ...stacks];
  if (!node.outputs.every((v, i) => typeFits((results[i] as Value).type, v.type))) return undefined;
  node.outputs.forEach((_, i) => {
    shuntOutput(patch, node, i, results[i] as Value);
  });
  return patch;
}
