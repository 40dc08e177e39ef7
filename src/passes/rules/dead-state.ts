// What control flow hands on though nobody reads it, and what a loop carries though it never changes.
import { Graph, type Node, type TypedOutput, type Value } from "../../ir/graph.ts";
import type { Attributes } from "../../ir/schema.ts";
import { allGraphs, capturedValues, copyInto, hasEffect, isDead, readsOf } from "../../ir/traverse.ts";
import { type LoopLayout, loopLayout } from "../loop-layout.ts";
import type { Pass } from "../pass.ts";
import { reinferred } from "../reinfer.ts";

/**
 * Drops what an If, Loop or Scan gives or carries to no purpose.
 *
 *     Loop(s, k, d) { s · k ─ s';  k ─ k';  d + s ─ d' } ─ s', k', (d': no reader)
 *     Loop(s) { s · k ─ s' } ─ s';  k ─ k'
 *
 * Cases: 1. outputs of an If that nobody reads; outputs that are the same value of the graph around it on both ways  2. scan outputs that
 * nobody reads  3. states that nobody reads behind the loop, and that only states of the same kind read in it  4. states that each turn
 * hands on as they are: the body reads the first value instead.
 * Legal because nothing that is read depends on what is dropped; nodes that raise or draw random numbers keep what they read. One output stays.
 * Accuracy: exact.
 */
export const deadState: Pass = {
  name: "dead-state",
  about: "drops what If, Loop and Scan give though nobody reads it, and states that never change; nothing that is read depends on them",
  accuracy: "exact",
  run(graph, context) {
    for (const inner of [...allGraphs(graph)].reverse())
      for (const node of inner.nodes()) {
        // What is dead as a whole is for another pass.
        if (isDead(node) && !hasEffect(node)) continue;
        const plan = node.op === "If" ? planOfIf(node) : planOfLoop(node);
        if (!plan || (plan.keep.length === node.outputs.length && plan.known.size === 0)) continue;
        const parts = plan.build();
        if (!parts) continue;
        if (!context.step("dead-state", node)) {
          for (const body of bodiesOf(parts.attributes)) body.dropUses();
          return;
        }
        rebuild(node, plan, parts);
      }
  },
};

/** What of a node stays. */
interface Plan {
  /** Its outputs that stay, by number. */
  readonly keep: readonly number[];
  /** What is known of others: they are these values. */
  readonly known: ReadonlyMap<number, Value>;
  /** The new node with copies of the bodies; undefined where sizes turn out not to fit, so that the old one fails when it runs. */
  readonly build: () => Parts | undefined;
}

interface Parts {
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
}

const bodiesOf = (attributes: Attributes): Graph[] => Object.values(attributes).filter((a): a is Graph => a instanceof Graph);

const all = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const isRead = (v: Value | undefined): boolean => v !== undefined && v.users.size > 0;
/** At least one output stays, be it unread: the format has no nodes without. */
const orFirst = (keep: readonly number[]): readonly number[] => (keep.length > 0 ? keep : [0]);

function planOfIf(node: Node): Plan {
  const branches = node.subgraphs;
  const known = new Map<number, Value>();
  for (const i of all(node.outputs.length)) {
    const [a, b] = branches.map((g) => g.outputs[i]);
    if (a && a === b && branches.every((g) => capturedValues(g).includes(a))) known.set(i, a);
  }
  const keep = orFirst(all(node.outputs.length).filter((i) => isRead(node.outputs[i]) && !known.has(i)));
  const build = () => ({
    inputs: node.inputs,
    attributes: Object.fromEntries(
      Object.entries(node.attributes).map(([name, value]) => [
        name,
        value instanceof Graph ? withOutputs(copyOf(value, node), keep) : value,
      ]),
    ),
  });
  // An If whose outputs are all known stays for its effect only.
  return { keep, known: new Map([...known].filter(([i]) => isRead(node.outputs[i]))), build };
}

function planOfLoop(node: Node): Plan | undefined {
  const layout = loopLayout(node);
  if (!layout) return undefined;
  const { body, states, before } = layout;
  const initial = (i: number) => node.inputs[before.inputs + i] as Value;
  const known = new Map(all(states).flatMap((i): [number, Value][] => (handsOn(layout, i, initial(i)) ? [[i, initial(i)]] : [])));
  const scans = all(node.outputs.length - states).filter((k) => isRead(node.outputs[states + k]));
  const kept = (wanted: readonly number[]) => {
    const live = liveStates(node, layout, known, wanted);
    return [...all(states).filter((i) => live.has(i)), ...scans.map((k) => states + k)];
  };
  let keep = kept(all(states).filter((i) => isRead(node.outputs[i])));
  if (keep.length === 0) {
    // A loop that runs for its effect.
    known.delete(0);
    keep = states > 0 ? kept([0]) : [0];
  }
  const keptStates = keep.filter((i) => i < states);
  return {
    keep,
    known,
    build: () => {
      const copy = copyOf(body, node);
      for (const [i, value] of known) (copy.inputs[before.bodyInputs + i] as Value).replaceAllUsesWith(value);
      withOutputs(copy, [...all(before.bodyOutputs), ...keep.map((i) => before.bodyOutputs + i)]);
      removeUnread(copy);
      const dropped = new Set(all(states).filter((i) => !keptStates.includes(i)));
      copy.inputs.splice(0, copy.inputs.length, ...copy.inputs.filter((_, i) => !dropped.has(i - before.bodyInputs)));
      if (known.size > 0 && !reinferred(copy)) {
        copy.dropUses();
        return undefined;
      }
      const perScan = (values: unknown) =>
        Array.isArray(values) ? (values as number[]).filter((_, k) => keep.includes(states + k)) : undefined;
      const axes = perScan(node.attributes.scan_output_axes);
      const directions = perScan(node.attributes.scan_output_directions);
      return {
        inputs: node.inputs.filter((_, i) => !dropped.has(i - before.inputs)),
        attributes: {
          ...node.attributes,
          body: copy,
          ...(axes && { scan_output_axes: axes }),
          ...(directions && { scan_output_directions: directions }),
        },
      };
    },
  };
}

/** True for a state that each turn gives as it got it. */
function handsOn({ body, before }: LoopLayout, i: number, initial: Value): boolean {
  const input = body.inputs[before.bodyInputs + i];
  let output = body.outputs[before.bodyOutputs + i];
  while (output?.producer?.op === "Identity" && output.producer.graph === body) output = output.producer.inputs[0];
  return input !== undefined && output === input && initial.type.kind === input.type.kind;
}

/** The states on which something depends that is read: outputs, the condition, what has an effect. */
function liveStates(node: Node, layout: LoopLayout, known: ReadonlyMap<number, Value>, wanted: readonly number[]): Set<number> {
  const { body, states, before } = layout;
  const live = new Set(wanted.filter((i) => !known.has(i)));
  const fixed = [
    ...body.outputs.slice(0, before.bodyOutputs),
    ...all(node.outputs.length - states).flatMap((k) =>
      isRead(node.outputs[states + k]) ? [body.outputs[before.bodyOutputs + states + k] as Value] : [],
    ),
    ...[...body.nodes()].filter(hasEffect).flatMap(readsOf),
  ];
  for (let size = -1; size !== live.size; ) {
    size = live.size;
    const reached = inputsReached(body, [...fixed, ...[...live].map((i) => body.outputs[before.bodyOutputs + i] as Value)]);
    for (const i of all(states)) if (reached.has(body.inputs[before.bodyInputs + i] as Value) && !known.has(i)) live.add(i);
  }
  return live;
}

/** The values that computing `from` takes, as far as they are no outputs of nodes of `body`. */
function inputsReached(body: Graph, from: readonly Value[]): Set<Value> {
  const reached = new Set<Value>();
  const seen = new Set<Node>();
  const stack = [...from];
  for (let v = stack.pop(); v; v = stack.pop()) {
    const { producer } = v;
    if (producer?.graph !== body) reached.add(v);
    else if (!seen.has(producer)) {
      seen.add(producer);
      stack.push(...readsOf(producer));
    }
  }
  return reached;
}

const copyOf = (body: Graph, node: Node): Graph => copyInto(body, node.graph, new Map());

function withOutputs(graph: Graph, keep: readonly number[]): Graph {
  graph.setOutputs(
    keep.map((i) => graph.outputs[i] as Value),
    keep.map((i) => graph.outputNames[i] as string),
  );
  return graph;
}

/** Removes what the outputs no longer need: it may read inputs that are dropped. */
function removeUnread(body: Graph): void {
  for (const n of body.nodesReversed()) if (isDead(n) && !hasEffect(n)) body.remove(n);
}

/** Puts the new node in place of the old one. */
function rebuild(node: Node, { keep, known }: Plan, { inputs, attributes }: Parts): void {
  const { graph, provenance, annotations } = node;
  const outputs = keep.map((i): TypedOutput => node.outputs[i] as Value);
  const made = graph.addTyped(node.op, inputs, attributes, outputs, { before: node, provenance });
  made.annotations = annotations;
  for (const [i, value] of known) {
    const output = node.outputs[i] as Value;
    if (!isRead(output)) continue;
    // An output of the graph needs a node of its own.
    const own = output.isGraphOutput
      ? graph.add("Identity", [value], {}, { before: node, provenance, names: [output.name] }).output
      : value;
    output.replaceAllUsesWith(own);
  }
  keep.forEach((i, k) => {
    (node.outputs[i] as Value).replaceAllUsesWith(made.outputs[k] as Value);
  });
  graph.remove(node);
}
