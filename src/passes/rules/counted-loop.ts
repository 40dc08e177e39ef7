// Loops that count for themselves: `for (let t = 0; t < n; t++)` as front ends write it, with the counter as a state and a comparison as condition.
import type { Graph, Node, Value } from "../../ir/graph.ts";
import { allGraphs } from "../../ir/traverse.ts";
import { int64List } from "../../ops/shape.ts";
import { known } from "../control-pass.ts";
import { loopLayout } from "../loop-layout.ts";
import type { Pass } from "../pass.ts";
import { dtypeOf, shapeOf } from "../value-facts.ts";

/**
 * Gives a Loop whose condition compares a counter with a bound the count instead.
 *
 *     a < n ─ Loop("", cond; t = a, s) { (i, c, t, s) → (t + 1 < n; t + 1, s') }
 *     n − a ─ Loop(M, ""; t = a, s) { (i, c, t, s) → (c; t + 1, s') }         t in the body is i + a, behind the loop max(a, n)
 *
 * Cases: 1. `<` and `<=`, either way round  2. the bound and the start are values from outside of the body, the same before the loop and in it
 * 3. there is no other count.
 * Legal because the condition holds for exactly the turns that are counted: the counter rises by 1 in each. Bounds beyond 2⁶² are not met.
 * Accuracy: exact.
 */
export const countedLoop: Pass = {
  name: "counted-loop",
  about: "gives a Loop that compares a counter with a bound its count; the comparison holds for exactly so many turns",
  accuracy: "exact",
  run(graph, context) {
    for (const inner of [...allGraphs(graph)].reverse())
      for (const node of inner.nodes()) {
        const counter = node.op === "Loop" && !node.inputs[0] ? counterOf(node) : undefined;
        if (!counter) continue;
        if (!context.step("counted-loop", node)) return;
        count(node, counter);
      }
  },
};

interface Counter {
  /** Which state it is. */
  readonly state: number;
  readonly start: Value;
  readonly bound: Value;
  /** Whether the turn at the bound still runs. */
  readonly inclusive: boolean;
}

function counterOf(node: Node): Counter | undefined {
  const { body, states } = loopLayout(node) as NonNullable<ReturnType<typeof loopLayout>>;
  const after = comparisonOf(body.outputs[0]);
  if (!after || after.left.producer?.graph !== body || !isInt64Scalar(after.right) || isOf(body, after.right)) return undefined;
  if (shapeOf(body.inputs[0])?.length !== 0 || shapeOf(body.inputs[1])?.length !== 0) return undefined;
  for (let i = 0; i < states; i++) {
    const [start, input, output] = [node.inputs[2 + i], body.inputs[2 + i], body.outputs[1 + i]];
    if (!start || !input || output !== after.left || !isInt64Scalar(start) || !isInt64Scalar(input)) continue;
    if (holdsBefore(node.inputs[1], start, after) && isIncrement(output, input))
      return { state: i, start, bound: after.right, inclusive: after.inclusive };
  }
  return undefined;
}

/** Whether the condition at the start is the same comparison, of the first value of the counter; or what it gives, where all is constant. */
function holdsBefore(condition: Value | undefined, start: Value, after: Comparison): boolean {
  const before = comparisonOf(condition);
  if (before) return before.inclusive === after.inclusive && before.right === after.right && isSame(before.left, start);
  const [first, bound] = [known(start), known(after.right)];
  return known(condition) === 1 && first !== undefined && bound !== undefined && (after.inclusive ? first <= bound : first < bound);
}

interface Comparison {
  readonly left: Value;
  readonly right: Value;
  readonly inclusive: boolean;
}

/** `left < right` or `left <= right`, whichever way it is written. */
function comparisonOf(value: Value | undefined): Comparison | undefined {
  const node = value?.producer;
  const [a, b] = node?.inputs ?? [];
  if (!node || !a || !b) return undefined;
  const inclusive = node.op.endsWith("OrEqual");
  if (node.op === "Less" || node.op === "LessOrEqual") return { left: a, right: b, inclusive };
  return node.op === "Greater" || node.op === "GreaterOrEqual" ? { left: b, right: a, inclusive } : undefined;
}

const isInt64Scalar = (v: Value) => dtypeOf(v) === "int64" && shapeOf(v)?.length === 0;
const isOf = (body: Graph, v: Value) => v.producer?.graph === body || body.inputs.includes(v);
const isSame = (a: Value, b: Value) => a === b || (known(a) !== undefined && known(a) === known(b));

function isIncrement({ producer }: Value, input: Value): boolean {
  if (producer?.op !== "Add") return false;
  const [a, b] = producer.inputs;
  return (a === input && known(b) === 1) || (b === input && known(a) === 1);
}

function count(node: Node, { state, start, bound, inclusive }: Counter): void {
  const { graph, provenance } = node;
  const body = node.attributes.body as Graph;
  const [iteration, condition] = body.inputs as [Value, Value];
  const fromZero = known(start) === 0;
  const add = (op: string, ...inputs: Value[]) => graph.add(op, inputs, {}, { before: node, provenance }).output;
  const one = (g: Graph) => g.addInitializer(int64List([1]).reshape([]));
  const end = inclusive ? add("Add", bound, one(graph)) : bound;
  const output = node.outputs[state];
  if (output && output.users.size > 0) output.replaceAllUsesWith(named(add("Max", start, end), output));
  node.setInput(0, fromZero ? end : add("Sub", end, start));
  node.setInput(1, undefined);
  const now = fromZero ? iteration : body.add("Add", [iteration, start], {}, { before: body.firstNode, provenance }).output;
  (body.inputs[2 + state] as Value).replaceAllUsesWith(now);
  body.setOutputs([condition, ...body.outputs.slice(1)], body.outputNames);
  graph.reinfer(node);
}

function named(value: Value, from: Value): Value {
  value.name ??= from.name;
  return value;
}
