// The one loop that evaluates a graph or sub-graph: the interpreter engine, the bodies of If and Loop, and constant folding use it.
import { ingotError } from "../errors/error.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import { formatProvenance } from "../ir/provenance.ts";
import { withPool } from "../tensor/allocate.ts";
import type { Storage } from "../tensor/storage.ts";
import type { OpDefinition } from "./define.ts";
import { evaluateOp, startOp } from "./evaluate.ts";
import { LivePool } from "./live-pool.ts";
import { type RuntimeValue, tensorOf } from "./runtime-value.ts";
import { StepBudget } from "./step-budget.ts";
import { finishSteps, isSteps, type Steps } from "./steps.ts";

export interface RunGraphOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each node with its outputs; for bisecting and profiling. */
  readonly onNode?: (node: Node, outputs: readonly RuntimeValue[]) => void;
  /** Puts other values in place of a node's outputs; for measuring how errors spread. */
  readonly alter?: (outputs: readonly RuntimeValue[]) => readonly RuntimeValue[];
  /** Called before each run of a sub-graph: which branch an If takes, each turn of a Loop. */
  readonly onBody?: (body: Graph) => void;
  /** Hand dead buffers out again. Off when a caller keeps intermediate values (`onNode`). */
  readonly reuseMemory?: boolean;
  /** The pool to reuse memory in, for callers that want to know how much was allocated. Default with `reuseMemory`: a new one. */
  readonly pool?: LivePool;
  /** The most steps that loops may take together: nodes of bodies, and beginnings of bodies. Default: no limit. */
  readonly maxSteps?: number | undefined;
}

type Environment = (value: Value) => RuntimeValue | undefined;

/**
 * Runs `graph` on `inputs` (one per graph input, in order) and gives its outputs in order.
 * Throws what the operators throw, with the node's place added as a note, the signal's reason when aborted, and `StepLimit`.
 */
export function runGraph(graph: Graph, inputs: readonly RuntimeValue[], options: RunGraphOptions = {}): RuntimeValue[] {
  return finishSteps(start(graph, inputs, options));
}

/** How long the asynchronous loop computes before it lets the event loop turn, in ms. */
const sliceMs = 8;

/**
 * As `runGraph`, but gives the event loop a turn between nodes, those inside of loops included, so that nothing waits longer than one
 * operator takes.
 */
export async function runGraphInSlices(
  graph: Graph,
  inputs: readonly RuntimeValue[],
  options: RunGraphOptions = {},
): Promise<RuntimeValue[]> {
  const steps = start(graph, inputs, options);
  let since = performance.now();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - since < sliceMs) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    since = performance.now();
  }
}

/** What the graph and all bodies in it share in one run. */
interface Run {
  readonly options: RunGraphOptions;
  readonly pool: LivePool | undefined;
  readonly budget: StepBudget;
  /** By graph: a body runs many times, its plan is made once. */
  readonly plans: Map<Graph, readonly Planned[]>;
}

/** A node in its turn. */
interface Planned {
  readonly node: Node;
  /** Whether it has sub-graphs. */
  readonly nested: boolean;
  /** The values that nothing reads after it (values of its graph only; outputs never die). */
  readonly dying: readonly Value[];
}

function start(graph: Graph, inputs: readonly RuntimeValue[], options: RunGraphOptions): Steps<RuntimeValue[]> {
  const run: Run = { options, pool: poolFor(options), budget: new StepBudget(options.maxSteps), plans: new Map() };
  return runRegion(graph, inputs, () => undefined, run);
}

function poolFor(options: RunGraphOptions): LivePool | undefined {
  if (options.onNode || options.alter) return undefined;
  return options.pool ?? (options.reuseMemory ? new LivePool() : undefined);
}

/** Yields before each node; the result is the outputs. */
function* runRegion(graph: Graph, inputs: readonly RuntimeValue[], outer: Environment, run: Run): Steps<RuntimeValue[]> {
  const { options, pool, budget } = run;
  const values = new Map<Value, RuntimeValue>();
  const lookup: Environment = (v) => values.get(v) ?? v.storage ?? outer(v);
  graph.inputs.forEach((v, i) => {
    const given = inputs[i] ?? v.storage;
    if (given === undefined) throw missing(graph, v);
    values.set(v, given);
    pool?.hold(given);
  });
  function* runBody(body: Graph, args: readonly RuntimeValue[]): Steps<RuntimeValue[]> {
    options.onBody?.(body);
    // A body may have no node at all: its beginning is a place to stop as well.
    options.signal?.throwIfAborted();
    budget.begin();
    yield;
    return yield* runRegion(body, args, lookup, run);
  }
  for (const { node, nested, dying } of planOf(graph, run)) {
    options.signal?.throwIfAborted();
    budget.step();
    const args = node.inputs.map((v) => {
      if (v === undefined) return undefined;
      const value = lookup(v);
      if (value === undefined) throw missing(graph, v);
      return value;
    });
    const computed = nested ? yield* runNested(node, args, runBody, run) : evaluateNode(node, args, pool);
    const outputs = options.alter?.(computed) ?? computed;
    node.outputs.forEach((v, i) => {
      const value = outputs[i];
      if (value === undefined) return;
      values.set(v, value);
      pool?.hold(value);
      if (Array.isArray(value)) budget.grow(value);
    });
    options.onNode?.(node, outputs);
    for (const dead of dying) {
      const value = values.get(dead);
      values.delete(dead);
      if (value !== undefined) pool?.release(value);
    }
    yield;
  }
  const outputs = graph.outputs.map((v) => {
    const value = lookup(v);
    if (value === undefined) throw missing(graph, v);
    return value;
  });
  for (const value of values.values()) pool?.letGo(value);
  return outputs;
}

function planOf(graph: Graph, { plans }: Run): readonly Planned[] {
  const known = plans.get(graph) ?? plan(graph);
  plans.set(graph, known);
  return known;
}

type RunBody = (body: Graph, args: readonly RuntimeValue[]) => Steps<RuntimeValue[]>;
type Arguments = readonly (RuntimeValue | undefined)[];

function evaluateNode(node: Node, args: Arguments, pool: LivePool | undefined): readonly RuntimeValue[] {
  const definition = definitionOf(node);
  try {
    return withPool(pool, () => evaluateOp(definition, args, node.attributes, useOf(node)));
  } catch (error) {
    throw inNode(node, error);
  }
}

/** A node that runs sub-graphs. Other runs may compute between two of its steps: the pool is this run's only within one. */
function* runNested(node: Node, args: Arguments, runBody: RunBody, { pool, budget }: Run): Steps<readonly RuntimeValue[]> {
  const definition = definitionOf(node);
  const leave = budget.enter(node);
  try {
    const steps = withPool(pool, () => startOp(definition, args, node.attributes, { ...useOf(node), run: runBody }));
    if (!isSteps(steps)) return steps;
    for (;;) {
      const step = withPool(pool, () => steps.next());
      if (step.done) return step.value;
      yield;
    }
  } catch (error) {
    throw inNode(node, error);
  } finally {
    leave();
  }
}

function definitionOf(node: Node): OpDefinition {
  const definition = node.graph.schemas.get(node.op) as OpDefinition | undefined;
  if (definition?.evaluate) return definition;
  throw ingotError("UnknownOperator", { op: node.op, domain: "", where: placeOf(node) });
}

const useOf = (node: Node) => ({ outputCount: node.outputs.length, declared: node.inputs.map((v) => v?.type) });

function inNode(node: Node, error: unknown): unknown {
  if (error instanceof Error && !("node" in error) && node.provenance.length > 0) {
    error.message += `\n  in node ${node.op}${placeOf(node)}`;
    Object.defineProperty(error, "node", { value: node, enumerable: false });
  }
  return error;
}

/** The node whose kernel threw, where it has an origin. */
export const failedNode = (error: Error): Node | undefined => ("node" in error ? (error.node as Node) : undefined);

const placeOf = (node: Node) => (node.provenance.length > 0 ? `, from ${formatProvenance(node.provenance)}` : "");

function missing(graph: Graph, value: Value): Error {
  return ingotError("InvalidGraph", {
    problem: `graph ${graph.name} reads ${value.name ?? `value ${value.id}`} before it is computed`,
    where: "",
    hint: "Run verify(graph) to find the first broken node.",
  });
}

function plan(graph: Graph): Planned[] {
  const planned: Planned[] = [];
  const alive = new Set<Value>(graph.outputs);
  const inputs = new Set(graph.inputs);
  for (const node of graph.nodesReversed()) {
    const dying: Value[] = [];
    const touch = (v: Value) => {
      if (alive.has(v)) return;
      alive.add(v);
      if (v.producer?.graph === graph || inputs.has(v)) dying.push(v);
    };
    for (const v of node.outputs) touch(v);
    for (const v of node.inputs) if (v) touch(v);
    const bodies = node.subgraphs;
    for (const body of bodies) captured(body, touch);
    planned.push({ node, nested: bodies.length > 0, dying });
  }
  return planned.reverse();
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
