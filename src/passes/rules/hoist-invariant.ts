// What a loop computes anew in each turn, though it is the same in all of them.
import { dimEquals } from "../../ir/dim.ts";
import type { Graph, Node, Value } from "../../ir/graph.ts";
import { allGraphs, hasEffect } from "../../ir/traverse.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { loopLayout, surelyRuns } from "../loop-layout.ts";
import type { Pass } from "../pass.ts";
import { constantInts, dtypeOf, knownShape, shapeOf } from "../value-facts.ts";

/**
 * Moves nodes that read nothing of the loop they stand in out of it.
 *
 *     Loop(s) { W ─ Transpose ─ Wᵀ;  s · Wᵀ ─ s' }
 *     W ─ Transpose ─ Wᵀ;  Loop(s) { s · Wᵀ ─ s' }
 *
 * Cases: 1. bodies of Loop and Scan, inner loops first, so that a node leaves several at once  2. constants of the body that it reads go with
 * it. Branches of an If keep what they have: outside of it, it would be computed for both ways.
 * Legal for operators without effect on values from outside of the body. Where the body may not run at all, only for those that cannot fail;
 * where it runs, one that fails does so in the first turn, unless the body raises.
 * Accuracy: exact.
 */
export const hoistInvariant: Pass = {
  name: "hoist-invariant",
  about: "moves out of a loop what is the same in each turn; operators without effect on values from outside give the same there",
  accuracy: "exact",
  run(graph, context) {
    for (const inner of [...allGraphs(graph)].reverse())
      for (const holder of inner.nodes()) {
        const layout = loopLayout(holder);
        if (!layout) continue;
        const { body } = layout;
        const anything = surelyRuns(holder) && !hasEffect(holder);
        for (const node of body.nodes()) {
          if (node.subgraphs.length > 0 || hasEffect(node) || !readsOutsideOnly(node, body)) continue;
          if (!anything && !cannotFail(node)) continue;
          if (!context.step("hoist-invariant", node)) return;
          hoist(node, holder);
        }
      }
  },
};

/** True for nodes that read values of the graphs around `body`, and constants of its own. */
function readsOutsideOnly(node: Node, body: Graph): boolean {
  return node.inputs.every((v) => !v || v.constant !== undefined || (v.producer?.graph !== body && !body.inputs.includes(v)));
}

function hoist(node: Node, holder: Node): void {
  const { graph: body, provenance } = node;
  const inputs = node.inputs.map((v) =>
    v && body.initializers.has(v) ? holder.graph.addInitializer(v.constant as NonNullable<Value["constant"]>, v.name) : v,
  );
  const moved = holder.graph.addTyped(node.op, inputs, node.attributes, node.outputs, { before: holder, provenance });
  moved.annotations = node.annotations;
  node.outputs.forEach((v, i) => {
    v.replaceAllUsesWith(moved.outputs[i] as Value);
  });
  body.remove(node);
}

// ---- operators that give a result for all inputs of their types ---------------------------------------------------------

type Judge = (node: Node) => boolean;

const always: Judge = () => true;
const onFloats: Judge = ({ inputs }) => inputs.every((v) => v && isFloat(dtypeOf(v) ?? "int64"));
/** Sizes that broadcast for sure: equal, or 1. */
const broadcasts: Judge = ({ inputs }) => {
  const shapes = inputs.map(shapeOf);
  return shapes.every((a) => a && shapes.every((b) => b && alignable(a, b)));
};
const alignable = (a: NonNullable<ReturnType<typeof shapeOf>>, b: typeof a): boolean =>
  a.every((d, i) => {
    const other = b[b.length - a.length + i];
    return other === undefined || d === 1 || other === 1 || dimEquals(d, other);
  });

const unary =
  "Abs Neg Exp Log Sqrt Sin Cos Tan Tanh Sigmoid Relu LeakyRelu Elu Selu Softplus Softsign HardSigmoid HardSwish Gelu Erf Floor Ceil Round Sign Reciprocal Not Identity IsNaN IsInf Shape Size Transpose Softmax LogSoftmax";
const binary = "Add Sub Mul Min Max And Or Xor Equal Less Greater LessOrEqual GreaterOrEqual Where";

const judges: Readonly<Record<string, Judge>> = {
  ...Object.fromEntries(unary.split(" ").map((op) => [op, always])),
  ...Object.fromEntries(binary.split(" ").map((op) => [op, broadcasts])),
  // Integers divided by 0, and text that is no number.
  Div: (node) => onFloats(node) && broadcasts(node),
  Pow: (node) => onFloats(node) && broadcasts(node),
  Cast: ({ inputs, outputs }) => dtypeOf(inputs[0]) !== "string" && dtypeOf(outputs[0]) !== "string",
  Squeeze: ({ inputs: [x, axes] }) => {
    const [sizes, dropped] = [shapeOf(x), constantInts(axes)];
    return dropped?.every((axis) => sizes?.at(axis) === 1) ?? false;
  },
  Unsqueeze: ({ inputs: [, axes] }) => constantInts(axes) !== undefined,
  MatMul: ({ inputs }) => {
    const [a, b] = inputs.map(knownShape);
    return a?.length === 2 && b?.length === 2 && a[1] === b[0];
  },
};

const cannotFail: Judge = (node) => judges[node.op]?.(node) ?? false;
