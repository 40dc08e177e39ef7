// One recording of a library call, at one assignment of sizes: its operators in a graph of their own, on tensors without elements.
import type { Interpreter, Operand } from "../eager/interpreter.ts";
import { Tensor } from "../eager/tensor.ts";
import { IngotError, ingotError } from "../errors/error.ts";
import { type DimExpr, evaluateDim } from "../ir/dim.ts";
import { Graph, type Node, type Value } from "../ir/graph.ts";
import { inlineGraph } from "../ir/inline.ts";
import type { Attributes } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import type { OpDefinition } from "../ops/define.ts";
import { evaluateOp } from "../ops/evaluate.ts";
import { registry } from "../ops/registry.ts";
import { asStorage, runGraph } from "../ops/run-graph.ts";
import { elementCount } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import type { Stage } from "./stage.ts";

/** Constants up to this many elements are computed, because sizes may be read from them. */
const smallConstant = 4096;

/** Thrown when a size turned out to be unknown after a single run was thought to be enough. */
export class NeedsAllSizes extends Error {}

/** Thrown when an operator on constants failed at one size, so that the recordings must begin again. */
export class FailsAtSize extends Error {}

/** What the first recording of a call decided for all of them, in order of appearance. */
export interface Shared {
  /** The symbols of unknown sizes. */
  readonly unknown: DimExpr[];
  /** Whether the elements of each operator's result are computed. */
  readonly computed: boolean[];
  /** Operators that failed at some size, such as a position behind the end of a table: only at run time is known whether they do. */
  readonly doubtful: Set<number>;
  /** How many recordings each of them failed in. */
  readonly failures: Map<number, number>;
}

/** One recording, with what the body returned. */
export interface Recording {
  readonly mini: MiniRecorder;
  readonly result: unknown;
}

/** Records the operators of one library call at one assignment of sizes. */
export class MiniRecorder implements Interpreter {
  readonly graph = new Graph(registry, "call");
  /** The tensor of interpreted code behind each input of the recording, and behind each constant that it had before. */
  readonly outer = new Map<Value, Tensor>();
  readonly #stage: Stage;
  readonly #assignment: number;
  readonly #count: number;
  readonly #shared: Shared;
  readonly #met = new Map<Tensor, Tensor>();
  readonly #values = new Map<Tensor, Value>();
  readonly handles = new Map<Value, Tensor>();
  #unknownCount = 0;
  #operatorCount = 0;

  constructor(stage: Stage, assignment: number, count: number, shared: Shared) {
    this.#stage = stage;
    this.#assignment = assignment;
    this.#count = count;
    this.#shared = shared;
  }

  get isEmpty(): boolean {
    return this.graph.nodeCount === 0;
  }

  meet(handle: Tensor, outer: Tensor): void {
    this.#met.set(handle, outer);
  }

  valueOf(tensor: Tensor): Value {
    const known = this.#values.get(tensor);
    if (known) return known;
    const outer = this.#met.get(tensor) ?? (this.#stage.stagedOf(tensor) ? tensor : undefined);
    const storage = Tensor.storageOf(tensor);
    // A constant that code computes with stays one here, so that sizes can be read from it; the graph value is that of the outer tensor.
    const value = storage
      ? this.graph.addInitializer(storage)
      : this.graph.addInput(`input_${this.graph.inputs.length}`, tensorType(tensor.dtype, tensor.shape));
    this.outer.set(value, outer ?? tensor);
    this.#remember(tensor, value);
    return value;
  }

  apply(op: OpDefinition, inputs: readonly Operand[], attributes: Attributes, outputCount: number): Tensor[] {
    const values = inputs.map((t) => t && this.valueOf(t));
    const node = this.graph.add(op.name, values, attributes, { outputCount });
    const storages = this.#compute(op, inputs, attributes, outputCount, node);
    return node.outputs.map((value, i) => this.#result(value, storages?.[i]));
  }

  applyGraph(graph: Graph, inputs: readonly Tensor[]): Tensor[] {
    const outputs = inlineGraph(
      this.graph,
      graph,
      inputs.map((t) => this.valueOf(t)),
    );
    const storages = inputs.map(Tensor.storageOf);
    const results = storages.every((s) => s !== undefined) ? runGraph(graph, storages, { reuseMemory: true }).map(asStorage) : undefined;
    return outputs.map((value, i) => this.#result(value, results?.[i]));
  }

  constant(storage: Storage): Tensor {
    return Tensor.fromStorage(storage);
  }

  read(tensor: Tensor, how: string): Storage {
    const storage = Tensor.storageOf(tensor);
    if (storage) return storage;
    throw ingotError("SymbolicRead", { op: how });
  }

  drawUnseeded(what: string): void {
    throw ingotError("UnseededRandom", { op: what });
  }

  place(): undefined {
    return undefined;
  }

  #remember(tensor: Tensor, value: Value): void {
    this.#values.set(tensor, value);
    this.handles.set(value, tensor);
  }

  #compute(
    op: OpDefinition,
    inputs: readonly Operand[],
    attributes: Attributes,
    outputCount: number,
    node: Node,
  ): readonly Storage[] | undefined {
    const at = this.#operatorCount++;
    const storages = inputs.map((t) => t && Tensor.storageOf(t));
    if (inputs.some((t, i) => t && !storages[i])) return undefined;
    // A size may make a constant small in one recording and large in another: the first one decides.
    const { computed } = this.#shared;
    computed[at] ??= node.outputs.every((v) => countOf(v) <= smallConstant);
    if (!computed[at]) return undefined;
    while (storages.length > 0 && storages[storages.length - 1] === undefined) storages.pop();
    try {
      const results = evaluateOp(op, storages, attributes, { outputCount }).map(asStorage);
      return this.#shared.doubtful.has(at) ? undefined : results;
    } catch (error) {
      this.#fails(at, error);
      return undefined;
    }
  }

  /** What fails at one size may be right at another; what fails at all of them is an error of the model. */
  #fails(at: number, error: unknown): void {
    const { doubtful, failures } = this.#shared;
    if (this.#count === 1 || !(error instanceof IngotError)) throw error;
    if (!doubtful.has(at)) {
      doubtful.add(at);
      throw new FailsAtSize();
    }
    const failed = (failures.get(at) ?? 0) + 1;
    failures.set(at, failed);
    if (failed === this.#count) throw error;
  }

  #result(value: Value, storage: Storage | undefined): Tensor {
    const handle = storage ? Tensor.fromStorage(storage) : new Tensor(value.tensorType.dtype, this.#concrete(value));
    if (storage) value.type = tensorType(storage.dtype, storage.shape);
    this.#remember(handle, value);
    return handle;
  }

  /** The shape at this assignment; a size that depends on values gets a symbol, the same one in every assignment. */
  #concrete(value: Value): readonly number[] {
    const { dtype, shape } = value.tensorType;
    if (!shape) throw ingotError("OpError", { op: value.producer?.op ?? "this call", message: "the rank of its result depends on values" });
    if (shape.every((d): d is number => typeof d === "number")) return shape;
    if (this.#count === 1) throw new NeedsAllSizes();
    const sizes = this.#stage.hints[this.#assignment] as ReadonlyMap<string, number>;
    const concrete = shape.map((d): number => {
      const known = evaluateDim(d, sizes);
      if (known !== undefined) return known;
      const n = this.#unknownCount++;
      const { unknown } = this.#shared;
      unknown[n] ??= this.#stage.anonymousSymbol();
      return sizes.get((unknown[n] as DimExpr).key) as number;
    });
    value.type = tensorType(dtype, concrete);
    return concrete;
  }
}

function countOf(value: Value): number {
  const { type } = value;
  if (type.kind !== "tensor" || !type.shape?.every((d): d is number => typeof d === "number")) return Number.POSITIVE_INFINITY;
  return elementCount(type.shape as readonly number[]);
}
