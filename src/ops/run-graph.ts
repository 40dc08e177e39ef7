// The one loop that evaluates a graph or sub-graph: the interpreter engine, the bodies of If and Loop, and constant folding use it.
import { ingotError } from "../errors/error.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import { formatProvenance } from "../ir/provenance.ts";
import { withPool } from "../tensor/allocate.ts";
import type { Storage } from "../tensor/storage.ts";
import type { OpDefinition } from "./define.ts";
import { evaluateOp } from "./evaluate.ts";
import { LivePool } from "./live-pool.ts";
import { type RuntimeValue, tensorOf } from "./runtime-value.ts";

export interface RunGraphOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each node with its outputs; for bisecting and profiling. */
  readonly onNode?: (node: Node, outputs: readonly RuntimeValue[]) => void;
  /** Called before each run of a sub-graph: which branch an If takes, each turn of a Loop. */
  readonly onBody?: (body: Graph) => void;
  /** Hand dead buffers out again. Off when a caller keeps intermediate values (`onNode`). */
  readonly reuseMemory?: boolean;
  /** The pool to reuse memory in, for callers that want to know how much was allocated. Default with `reuseMemory`: a new one. */
  readonly pool?: LivePool;
}

type Environment = (value: Value) => RuntimeValue | undefined;

/**
 * Runs `graph` on `inputs` (one per graph input, in order) and gives its outputs in order.
 * Throws what the operators throw, with the node's place added as a note, and the signal's reason when aborted.
 */
export function runGraph(graph: Graph, inputs: readonly RuntimeValue[], options: RunGraphOptions = {}): RuntimeValue[] {
  const steps = runRegion(graph, inputs, () => undefined, options, poolFor(options));
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** How long the asynchronous loop computes before it lets the event loop turn, in ms. */
const sliceMs = 8;

/** As `runGraph`, but gives the event loop a turn between nodes, so that nothing waits longer than one operator takes. */
export async function runGraphInSlices(
  graph: Graph,
  inputs: readonly RuntimeValue[],
  options: RunGraphOptions = {},
): Promise<RuntimeValue[]> {
  const steps = runRegion(graph, inputs, () => undefined, options, poolFor(options));
  let since = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - since < sliceMs) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    since = performance.now();
  }
}

function poolFor(options: RunGraphOptions): LivePool | undefined {
  if (options.onNode) return undefined;
  return options.pool ?? (options.reuseMemory ? new LivePool() : undefined);
}

/** Yields after each node; the result is the outputs. */
function* runRegion(
  graph: Graph,
  inputs: readonly RuntimeValue[],
  outer: Environment,
  options: RunGraphOptions,
  pool: LivePool | undefined,
): Generator<void, RuntimeValue[]> {
  const values = new Map<Value, RuntimeValue>();
  const lookup: Environment = (v) => values.get(v) ?? v.storage ?? outer(v);
  graph.inputs.forEach((v, i) => {
    const given = inputs[i] ?? v.storage;
    if (given === undefined) throw missing(graph, v);
    values.set(v, given);
    pool?.hold(given);
  });
  const plan = lastUses(graph);
  const run = (body: Graph, args: readonly RuntimeValue[]) => {
    options.onBody?.(body);
    const steps = runRegion(body, args, lookup, options, pool);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  };
  for (const node of graph.nodes()) {
    options.signal?.throwIfAborted();
    const args = node.inputs.map((v) => {
      if (v === undefined) return undefined;
      const value = lookup(v);
      if (value === undefined) throw missing(graph, v);
      return value;
    });
    const outputs = withPool(pool, () => evaluateNode(node, args, run));
    node.outputs.forEach((v, i) => {
      const value = outputs[i];
      if (value === undefined) return;
      values.set(v, value);
      pool?.hold(value);
    });
    options.onNode?.(node, outputs);
    for (const dead of plan.get(node) ?? []) {
      const value = values.get(dead);
      values.delete(dead);
      if (value !== undefined) pool?.release(value);
    }
    yield;
  }
  return graph.outputs.map((v) => {
    const value = lookup(v);
    if (value === undefined) throw missing(graph, v);
    return value;
  });
}

function evaluateNode(
  node: Node,
  args: readonly (RuntimeValue | undefined)[],
  run: (body: Graph, args: readonly RuntimeValue[]) => RuntimeValue[],
): readonly RuntimeValue[] {
  const definition = node.graph.schemas.get(node.op) as OpDefinition | undefined;
  if (!definition?.evaluate) throw ingotError("UnknownOperator", { op: node.op, domain: "", where: placeOf(node) });
  try {
    return evaluateOp(definition, args, node.attributes, {
      outputCount: node.outputs.length,
      run,
      declared: node.inputs.map((v) => v?.type),
    });
  } catch (error) {
    if (error instanceof Error && !("node" in error) && node.provenance.length > 0) {
      error.message += `\n  in node ${node.op}${placeOf(node)}`;
      Object.defineProperty(error, "node", { value: node, enumerable: false });
    }
    throw error;
  }
}

const placeOf = (node: Node) => (node.provenance.length > 0 ? `, from ${formatProvenance(node.provenance)}` : "");

function missing(graph: Graph, value: Value): Error {
  return ingotError("InvalidGraph", {
    problem: `graph ${graph.name} reads ${value.name ?? `value ${value.id}`} before it is computed`,
    where: "",
    hint: "Run verify(graph) to find the first broken node.",
  });
}

/** For each node, the values that nothing reads after it (values of this graph only; outputs never die). */
function lastUses(graph: Graph): Map<Node, Value[]> {
  const plan = new Map<Node, Value[]>();
  const alive = new Set<Value>(graph.outputs);
  for (const node of graph.nodesReversed()) {
    const dying: Value[] = [];
    const touch = (v: Value) => {
      if (alive.has(v)) return;
      alive.add(v);
      if (v.producer?.graph === graph || graph.inputs.includes(v)) dying.push(v);
    };
    for (const v of node.outputs) touch(v);
    for (const v of node.inputs) if (v) touch(v);
    for (const body of node.subgraphs) captured(body, touch);
    if (dying.length > 0) plan.set(node, dying);
  }
  return plan;
}

function captured(body: Graph, touch: (v: Value) => void): void {
  for (const v of body.outputs) touch(v);
  for (const node of body.nodes()) {
    for (const v of node.inputs) if (v) touch(v);
    for (const inner of node.subgraphs) captured(inner, touch);
  }
}

/** The tensor that a result is, for callers that work with tensors only. Throws `KindMismatch`. */
export function asStorage(value: RuntimeValue | undefined): Storage {
  return tensorOf("eager", "the result", value);
}
