// Two questions with one answer: Ifs on the same condition, as an early return in a model leaves them.
import type { Graph, Node, Value } from "../../ir/graph.ts";
import { mergeProvenance } from "../../ir/provenance.ts";
import { allGraphs, allNodes, appendCopy, capturedValues, copyInto, hasEffect, readsOf } from "../../ir/traverse.ts";
import { known } from "../control-pass.ts";
import type { Pass } from "../pass.ts";
import { reinferred } from "../reinfer.ts";

/** What is copied for a second way through it has no more nodes than this. */
const mostCopied = 4;

/**
 * Makes one If of two that ask the same, or of which the first answers what the second asks.
 *
 *     c ─ If { then: x ─ Relu ─ p; else: x ─ Neg ─ p } ─ a;  c ─ If { then: a ─ Exp; else: a } ─ b
 *     c ─ If { then: x ─ Relu ─ p ─ Exp ─ q; else: x ─ Neg ─ p = q } ─ a, b
 *
 * Cases: 1. nobody between the two reads the first: it moves down to the second  2. the second reads nothing that stands between: it moves up
 * to the first  3. a condition that is the other's negation: the branches change places  4. what the second reads of the first, its branches
 * read of the branch before  5. the second asks for an output of the first that is constant in a branch: there its way is known, in the other
 * branch it stays an If.
 * Legal because both take the same branch, and all is computed after what it reads. An If with an effect passes by no other effect; inside
 * of the branches the order stays. Branches that only fit the sizes of both of the first's ways stay apart. Accuracy: exact.
 */
export const mergeIf: Pass = {
  name: "merge-if",
  about: "makes one If of two that ask the same, or what the first answers; the ways stay, and nothing with an effect changes places",
  accuracy: "exact",
  run(graph, context) {
    for (const inner of [...allGraphs(graph)].reverse()) {
      const last = new Map<Value, Node>();
      for (const node of inner.nodes()) {
        if (node.op !== "If") continue;
        const { value } = question(node);
        const first = last.get(value) ?? answering(value, node);
        last.set(value, node);
        const before = first && meetingPlace(first, node);
        const branches = before && mergedBranches(first, node);
        if (!branches) continue;
        if (!context.step("merge-if", node)) {
          for (const branch of Object.values(branches)) branch.dropUses();
          return;
        }
        const made = replace(first, node, branches, before);
        last.set(question(made).value, made);
      }
    }
  },
};

const sides = ["then_branch", "else_branch"] as const;
type Side = (typeof sides)[number];
type Branches = Readonly<Record<Side, Graph>>;

const branchOf = (node: Node, side: Side) => node.attributes[side] as Graph;

/** What a condition asks, and whether it asks the opposite. */
function question(node: Node): { readonly value: Value; readonly negated: boolean } {
  let value = node.inputs[0] as Value;
  let negated = false;
  for (; value.producer?.op === "Not"; negated = !negated) value = value.producer.inputs[0] as Value;
  return { value, negated };
}

/** The If that gives what another asks, where enough of its answer is known that little is written twice. */
function answering(value: Value, second: Node): Node | undefined {
  const first = value.producer;
  if (first?.op !== "If" || first.graph !== second.graph) return undefined;
  const taken = sides.map((side) => sideTaken(first, second, side));
  if (taken.every((side) => side !== undefined)) return first;
  const copied = taken.find((side) => side !== undefined);
  return copied && [...allNodes(branchOf(second, copied))].length <= mostCopied ? first : undefined;
}

/** The branch of the second that is taken behind one of the first, where that is known. */
function sideTaken(first: Node, second: Node, side: Side): Side | undefined {
  const { value, negated } = question(second);
  let truth: boolean;
  if (value.producer === first) {
    const answer = constantOf(branchOf(first, side).outputs[first.outputs.indexOf(value)] as Value);
    if (answer === undefined) return undefined;
    truth = (answer !== 0) !== negated;
  } else truth = (side === "then_branch") !== (question(first).negated !== negated);
  return truth ? "then_branch" : "else_branch";
}

function constantOf(value: Value): number | undefined {
  return known(value.producer?.op === "Identity" ? value.producer.inputs[0] : value);
}

/** The node in front of which both may stand as one; undefined where what stands between them needs the first and is needed by the second. */
function meetingPlace(first: Node, second: Node): Node | undefined {
  const between: Node[] = [];
  for (let node = first.next; node && node !== second; node = node.next) between.push(node);
  const effects = between.some(hasEffect);
  const readsFirst = (node: Node) => readsOf(node).some((v) => first.outputs.includes(v));
  if (!(effects && hasEffect(first)) && !between.some(readsFirst)) return second;
  // What it asks is known by then.
  const needed = new Set(second.subgraphs.flatMap(capturedValues));
  if (!(effects && hasEffect(second)) && !between.some((node) => node.outputs.some((v) => needed.has(v)))) return first;
  return undefined;
}

/** Each branch of the first with what the second does there behind it; undefined where sizes do not fit, so that it fails when it runs. */
function mergedBranches(first: Node, second: Node): Branches | undefined {
  const made = sides.map((side) => {
    const branch = copyInto(branchOf(first, side), first.graph, new Map());
    const values = new Map(first.outputs.map((v, k) => [v, branch.outputs[k] as Value]));
    const taken = sideTaken(first, second, side);
    if (taken) appendCopy(branchOf(second, taken), branch, values);
    else appendIf(second, branch, values);
    return branch;
  });
  const [then_branch, else_branch] = made as [Graph, Graph];
  if (made.every(reinferred)) return { then_branch, else_branch };
  for (const branch of made) branch.dropUses();
  return undefined;
}

/** Puts a copy of the whole If behind a branch, which gives what it asks. */
function appendIf(node: Node, branch: Graph, values: ReadonlyMap<Value, Value>): void {
  const { value, negated } = question(node);
  const { provenance } = node;
  const answer = values.get(value) as Value;
  const condition = negated ? branch.add("Not", [answer], {}, { provenance }).output : answer;
  const attributes = Object.fromEntries(sides.map((side) => [side, copyInto(branchOf(node, side), branch, new Map(values))]));
  const copy = branch.addTyped("If", [condition], attributes, node.outputs, { provenance });
  copy.annotations = node.annotations;
  branch.setOutputs([...branch.outputs, ...copy.outputs], [...branch.outputNames, ...copy.outputs.map((v, i) => v.name ?? `output_${i}`)]);
}

/** Puts one If in place of both. */
function replace(first: Node, second: Node, branches: Branches, before: Node): Node {
  const { graph, annotations } = first;
  const provenance = mergeProvenance(first.provenance, second.provenance);
  const outputs = [...first.outputs, ...second.outputs];
  const made = graph.addTyped("If", first.inputs, { ...branches }, outputs, { before, provenance });
  made.annotations = annotations ?? second.annotations;
  for (const node of [second, first]) {
    for (const v of node.outputs) v.replaceAllUsesWith(made.outputs[outputs.indexOf(v)] as Value);
    graph.remove(node);
  }
  return made;
}
