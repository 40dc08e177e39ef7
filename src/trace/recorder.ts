// The recording interpreter: performs each operation and adds a node to a graph. With `kernels` off it propagates types only: tensors
// that depend on the inputs then have no elements, and values that the model reads are replayed from an earlier recording.
import type { Interpreter, Operand } from "../eager/interpreter.ts";
import { Tensor } from "../eager/tensor.ts";
import { type CodeFrame, ingotError } from "../errors/error.ts";
import { Graph, type Value } from "../ir/graph.ts";
import { inlineGraph } from "../ir/inline.ts";
import type { Origin } from "../ir/provenance.ts";
import type { Attributes } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import type { OpDefinition } from "../ops/define.ts";
import { evaluateOp } from "../ops/evaluate.ts";
import { registry } from "../ops/registry.ts";
import { asStorage, runGraph } from "../ops/run-graph.ts";
import { type CallSite, captureCallSite } from "../source/call-site.ts";
import type { Storage } from "../tensor/storage.ts";
import { frameOfSite, located } from "./frame.ts";
import { LentMemory } from "./lent-memory.ts";

/** A value that left the world of tensors while recording, and depended on the inputs. */
export interface Read {
  readonly how: string;
  readonly storage: Storage;
  readonly site: CallSite | undefined;
}

/** Thrown inside a types-only recording when a shape depends on values, so that kernels are needed after all. */
export class NeedsKernels extends Error {}

export interface RecorderOptions {
  /** Run the kernels; off for types-only recordings. */
  readonly kernels: boolean;
  /** Names of parameters and buffers, by identity. */
  readonly names: ReadonlyMap<Tensor, string>;
  /** In a types-only recording: what reads give, in order. */
  readonly replay?: readonly Storage[];
  /** Constants up to this many elements are computed in a types-only recording, because sizes may be read from them. */
  readonly smallConstant?: number;
}

export class Recorder implements Interpreter {
  readonly graph = new Graph(registry, "main");
  readonly reads: Read[] = [];
  readonly lent = new LentMemory();
  /** The path of the module whose forward runs. */
  scope = "";
  readonly #options: RecorderOptions;
  readonly #values = new WeakMap<Tensor, Value>();
  readonly #dependent = new WeakSet<Value>();
  #readCount = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Declares a graph input; in a types-only recording the tensor given back has no elements. */
  input(name: string, like: Tensor, shape: readonly number[] = like.shape): Tensor {
    const value = this.graph.addInput(name, tensorType(like.dtype, shape));
    const handle = this.#options.kernels ? new Tensor(like.dtype, like.shape, Tensor.storageOf(like)) : new Tensor(like.dtype, shape);
    this.#values.set(handle, value);
    this.#dependent.add(value);
    return handle;
  }

  apply(op: OpDefinition, inputs: readonly Operand[], attributes: Attributes, outputCount: number): Tensor[] {
    try {
      return this.#apply(op, inputs, attributes, outputCount);
    } catch (error) {
      throw located(error, [this.#origin()]);
    }
  }

  #apply(op: OpDefinition, inputs: readonly Operand[], attributes: Attributes, outputCount: number): Tensor[] {
    const values = inputs.map((t) => t && this.valueOf(t));
    const node = this.graph.add(op.name, values, attributes, { outputCount, provenance: [this.#origin()] });
    if (values.some((v) => v && this.#dependent.has(v))) for (const v of node.outputs) this.#dependent.add(v);
    const storages = this.#compute(op, inputs, attributes, outputCount, node.outputs);
    return node.outputs.map((value, i) => {
      const storage = storages?.[i];
      const handle = storage ? Tensor.fromStorage(storage) : this.#typeOnly(value);
      this.#values.set(handle, value);
      return handle;
    });
  }

  applyGraph(graph: Graph, inputs: readonly Tensor[]): Tensor[] {
    const values = inputs.map((t) => this.valueOf(t));
    const dependent = values.some((v) => this.#dependent.has(v));
    const outputs = inlineGraph(this.graph, graph, values, { provenance: [this.#origin()] });
    const storages = inputs.map(Tensor.storageOf);
    const known = storages.every((s) => s !== undefined);
    const results = known ? runGraph(graph, storages, { reuseMemory: true }).map(asStorage) : undefined;
    return outputs.map((value, i) => {
      if (dependent) this.#dependent.add(value);
      const storage = results?.[i];
      const handle = storage ? Tensor.fromStorage(storage) : this.#typeOnly(value);
      this.#values.set(handle, value);
      return handle;
    });
  }

  constant(storage: Storage): Tensor {
    return Tensor.fromStorage(storage);
  }

  read(tensor: Tensor, how: string): Storage {
    const storage = this.#read(tensor, how);
    this.lent.note(storage, how, captureCallSite());
    return storage;
  }

  #read(tensor: Tensor, how: string): Storage {
    const value = this.#values.get(tensor);
    const storage = Tensor.storageOf(tensor);
    if (!value || !this.#dependent.has(value)) {
      if (storage) return storage;
      throw ingotError("SymbolicRead", { op: how });
    }
    const replayed = this.#options.replay?.[this.#readCount++];
    const result = replayed ?? storage;
    if (result === undefined) throw new NeedsKernels();
    this.reads.push({ how, storage: result, site: captureCallSite() });
    return result;
  }

  drawUnseeded(what: string): void {
    throw ingotError("UnseededRandom", { op: what }, { frame: this.place() });
  }

  place(): CodeFrame | undefined {
    return frameOfSite(captureCallSite());
  }

  /** The graph value of a tensor; one met for the first time becomes an initializer, under its parameter's name if it has one. */
  valueOf(tensor: Tensor): Value {
    let value = this.#values.get(tensor);
    if (value) return value;
    const storage = Tensor.storageOf(tensor);
    if (!storage) throw ingotError("SymbolicRead", { op: "forward" });
    value = this.graph.addInitializer(storage, this.#options.names.get(tensor));
    this.#values.set(tensor, value);
    return value;
  }

  #compute(
    op: OpDefinition,
    inputs: readonly Operand[],
    attributes: Attributes,
    outputCount: number,
    outputs: readonly Value[],
  ): readonly Storage[] | undefined {
    const storages = inputs.map((t) => t && Tensor.storageOf(t));
    if (!this.#options.kernels) {
      if (inputs.some((t, i) => t && !storages[i])) return undefined;
      if (outputs.some((v) => elementCountOf(v.type) > (this.#options.smallConstant ?? 65536))) return undefined;
    }
    while (storages.length > 0 && storages[storages.length - 1] === undefined) storages.pop();
    return evaluateOp(op, storages, attributes, { outputCount }).map(asStorage);
  }

  #typeOnly(value: Value): Tensor {
    const { dtype, shape } = value.tensorType;
    if (!shape?.every((d) => typeof d === "number")) throw new NeedsKernels();
    return new Tensor(dtype, shape as readonly number[]);
  }

  #origin(): Origin {
    return { source: captureCallSite(), scope: this.scope || undefined };
  }
}

function elementCountOf(type: ValueType): number {
  if (type.kind !== "tensor" || !type.shape) return Number.POSITIVE_INFINITY;
  let n = 1;
  for (const d of type.shape) n *= typeof d === "number" ? d : Number.POSITIVE_INFINITY;
  return n;
}
