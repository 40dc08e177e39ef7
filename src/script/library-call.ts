// Calls of library code on symbolic tensors. The code itself runs, once per assignment of sizes, on tensors without elements; the small
// recordings are laid side by side, every number that differs is explained by the sizes, and the nodes are added to the graph.
import { type Interpreter, type Operand, withInterpreter } from "../eager/interpreter.ts";
import { isTensor } from "../eager/operand.ts";
import { Tensor } from "../eager/tensor.ts";
import { IngotError, ingotError } from "../errors/error.ts";
import { type Dim, type DimExpr, evaluateDim } from "../ir/dim.ts";
import { Graph, type Node, type Value } from "../ir/graph.ts";
import { inlineGraph } from "../ir/inline.ts";
import type { Attributes } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import type { OpDefinition } from "../ops/define.ts";
import { evaluateOp } from "../ops/evaluate.ts";
import { registry } from "../ops/registry.ts";
import { asStorage, runGraph } from "../ops/run-graph.ts";
import { isFloat } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { type Alignment, align, isDivergence, sameStorage } from "../trace/align.ts";
import type { Stage } from "./stage.ts";
import { Sym } from "./values.ts";

/** Constants up to this many elements are computed, because sizes may be read from them. */
const smallConstant = 4096;

/** Thrown when a size turned out to be unknown after a single run was thought to be enough. */
class NeedsAllSizes extends Error {}

/** Thrown when an operator on constants failed at one size, so that the recordings must begin again. */
class FailsAtSize extends Error {}

/** Runs `body` per assignment on arguments that `take` gives; what it returns is put together again. */
export function callLibrary(stage: Stage, args: readonly unknown[], body: (args: readonly unknown[]) => unknown): unknown {
  try {
    return new LibraryCall(stage, args, body).run(needsAllSizes(stage, args) ? stage.hints.length : 1);
  } catch (error) {
    if (!(error instanceof NeedsAllSizes)) throw error;
    return new LibraryCall(stage, args, body).run(stage.hints.length);
  }
}

/** Visits tensors and scalars in arrays and plain records. */
export function visitLeaves(value: unknown, visit: (leaf: unknown) => void, depth = 0): void {
  if (depth > 16 || typeof value !== "object" || value === null || isTensor(value) || value instanceof Sym) return visit(value);
  if (Array.isArray(value)) for (const item of value) visitLeaves(item, visit, depth + 1);
  else if (isPlain(value)) for (const item of Object.values(value)) visitLeaves(item, visit, depth + 1);
  else visit(value);
}

function mapLeaves(value: unknown, map: (leaf: unknown) => unknown): unknown {
  if (typeof value !== "object" || value === null || isTensor(value) || value instanceof Sym) return map(value);
  if (Array.isArray(value)) return value.map((item) => mapLeaves(item, map));
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapLeaves(item, map)]));
  return map(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function needsAllSizes(stage: Stage, args: readonly unknown[]): boolean {
  let all = false;
  for (const arg of args)
    visitLeaves(arg, (leaf) => {
      if (leaf instanceof Sym || (isTensor(leaf) && (stage.stagedOf(leaf)?.handles.length ?? 1) > 1)) all = true;
    });
  return all;
}

class LibraryCall {
  readonly #stage: Stage;
  readonly #args: readonly unknown[];
  readonly #body: (args: readonly unknown[]) => unknown;
  readonly #shared: Shared = { unknown: [], computed: [], doubtful: new Set(), failures: new Map() };

  constructor(stage: Stage, args: readonly unknown[], body: (args: readonly unknown[]) => unknown) {
    this.#stage = stage;
    this.#args = args;
    this.#body = body;
  }

  run(count: number): unknown {
    const recordings = this.#recordAll(count);
    const first = recordings[0] as Recording;
    if (first.mini.isEmpty && recordings.every((r) => r.mini.isEmpty) && count === 1) return first.result;
    const alignments = recordings.slice(1).map((r) => {
      const result = align(first.mini.graph, r.mini.graph);
      if (!isDivergence(result)) {
        const crossed = first.mini.graph.inputs.some(
          (v, i) => first.mini.outer.get(v) !== r.mini.outer.get(r.mini.graph.inputs[i] as Value),
        );
        if (!crossed) return result;
        throw ingotError("OpError", { op: "this call", message: "which tensors it reads depends on the sizes" });
      }
      throw ingotError("OpError", { op: "this call", message: `what it does depends on the sizes: ${result.difference}` });
    });
    return new Emitter(this.#stage, recordings, alignments, this.#givenSizes()).run();
  }

  /** The sizes among the arguments: what the call makes of them is explained by them first. */
  #givenSizes(): Dim[] {
    const given: Dim[] = [];
    for (const arg of this.#args)
      visitLeaves(arg, (leaf) => {
        if (leaf instanceof Sym && typeof leaf.dim === "object") given.push(leaf.dim);
      });
    for (const dim of given) {
      const values = this.#stage.hints.map((_, j) => this.#stage.hint(dim, j));
      if (new Set(values).size === 1)
        throw ingotError("OpError", {
          op: "this call",
          message: `its argument ${dim} is ${values[0]} at all sizes that are tried, so that nothing tells what follows from it`,
        });
    }
    return given;
  }

  #recordAll(count: number): Recording[] {
    for (;;)
      try {
        return Array.from({ length: count }, (_, j) => this.#record(j, count));
      } catch (error) {
        if (!(error instanceof FailsAtSize)) throw error;
        this.#shared.failures.clear();
      }
  }

  #record(assignment: number, count: number): Recording {
    const stage = this.#stage;
    const mini = new MiniRecorder(stage, assignment, count, this.#shared);
    const args = this.#args.map((arg) =>
      mapLeaves(arg, (leaf) => {
        if (leaf instanceof Sym) return leaf.dim === undefined ? leaf : stage.hint(leaf.dim, assignment);
        if (!isTensor(leaf)) return leaf;
        const staged = stage.stagedOf(leaf);
        if (!staged) return leaf;
        const handle = (staged.handles[assignment] ?? staged.handles[0]) as Tensor;
        mini.meet(handle, leaf);
        return handle;
      }),
    );
    const result = withInterpreter(mini, () => this.#body(args));
    const outputs: Value[] = [];
    visitLeaves(result, (leaf) => {
      if (isTensor(leaf)) outputs.push(mini.valueOf(leaf));
    });
    mini.graph.setOutputs(outputs);
    return { mini, result };
  }
}

/** What the first recording of a call decided for all of them, in order of appearance. */
interface Shared {
  /** The symbols of unknown sizes. */
  readonly unknown: DimExpr[];
  /** Whether the elements of each operator's result are computed. */
  readonly computed: boolean[];
  /** Operators that failed at some size, such as a position behind the end of a table: only at run time is known whether they do. */
  readonly doubtful: Set<number>;
  /** How many recordings each of them failed in. */
  readonly failures: Map<number, number>;
}

interface Recording {
  readonly mini: MiniRecorder;
  readonly result: unknown;
}

/** Records the operators of one library call at one assignment of sizes. */
class MiniRecorder implements Interpreter {
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

/** Adds the aligned recordings to the graph. */
class Emitter {
  readonly #stage: Stage;
  readonly #recordings: readonly Recording[];
  readonly #alignments: readonly Alignment[];
  readonly #values = new Map<Value, Value>();
  readonly #given: readonly Dim[];

  constructor(stage: Stage, recordings: readonly Recording[], alignments: readonly Alignment[], given: readonly Dim[]) {
    this.#stage = stage;
    this.#recordings = recordings;
    this.#alignments = alignments;
    this.#given = given;
  }

  #explain(values: readonly number[]): Dim | undefined {
    const stage = this.#stage;
    return this.#given.find((dim) => values.every((v, j) => stage.hint(dim, j) === v)) ?? stage.explain(values);
  }

  run(): unknown {
    const first = this.#recordings[0] as Recording;
    for (const node of first.mini.graph.nodes()) this.#emit(node);
    const leaves = this.#recordings.map((r) => {
      const list: unknown[] = [];
      visitLeaves(r.result, (leaf) => list.push(leaf));
      return list;
    });
    let at = 0;
    return mapLeaves(first.result, () => {
      const here = leaves.map((list) => list[at]);
      at++;
      return this.#leaf(here);
    });
  }

  #leaf(versions: readonly unknown[]): unknown {
    const [first] = versions;
    if (isTensor(first)) return this.#tensor(versions as readonly Tensor[]);
    if (typeof first !== "number" || versions.every((v) => Object.is(v, first))) return first;
    const dim = this.#explain(versions as readonly number[]);
    if (dim !== undefined) return typeof dim === "number" ? dim : new Sym("int", undefined, { dim });
    throw ingotError("OpError", {
      op: "this call",
      message: `gives ${versions.join(", ")} at different sizes, which no arithmetic of them explains`,
    });
  }

  #tensor(versions: readonly Tensor[]): Tensor {
    const first = versions[0] as Tensor;
    const mini = (this.#recordings[0] as Recording).mini;
    const own = mini.valueOf(first);
    const outer = mini.outer.get(own);
    if (outer && !this.#differs(own)) return outer;
    const value = this.#value(own);
    return this.#adopt(value, versions);
  }

  #adopt(value: Value, versions: readonly Tensor[]): Tensor {
    const first = versions[0] as Tensor;
    const storage = Tensor.storageOf(first);
    const same = storage
      ? versions.every((t) => t === first || sameStorage(storage, Tensor.storageOf(t) as Storage))
      : versions.every((t) => t.shape.every((d, i) => d === first.shape[i]));
    return this.#stage.adopt({ value, handles: same ? [first] : versions });
  }

  #differs(value: Value): boolean {
    return this.#alignments.some((a) => a.constants.has(value));
  }

  #emit(node: Node): void {
    for (const { attributes } of this.#alignments) {
      const differing = attributes.find((a) => a.node === node);
      if (differing)
        throw ingotError("OpError", {
          op: node.op,
          message: `its attribute ${differing.name} follows a symbolic size (${JSON.stringify(node.attributes[differing.name])} and ${JSON.stringify(differing.other)}), which ONNX cannot express`,
        });
    }
    const inputs = node.inputs.map((v) => v && this.#value(v));
    const outputs = this.#stage.add(node.op, inputs, node.attributes, node.outputs.length);
    node.outputs.forEach((mini, i) => {
      const value = outputs[i] as Value;
      this.#refine(mini, value);
      this.#values.set(mini, value);
    });
  }

  #value(mini: Value): Value {
    const known = this.#values.get(mini);
    if (known) return known;
    const outer = (this.#recordings[0] as Recording).mini.outer.get(mini) as Tensor;
    const staged = this.#stage.stagedOf(outer);
    const value = !staged && this.#differs(mini) ? this.#explained(mini) : this.#stage.valueOf(outer);
    this.#values.set(mini, value);
    return value;
  }

  /** A constant whose elements follow the sizes becomes shape arithmetic. */
  #explained(mini: Value): Value {
    const storages = [mini, ...this.#alignments.map((a) => a.values.get(mini) as Value)].map((v) => v.storage as Storage);
    const first = storages[0] as Storage;
    if (first.dtype === "string" || first.rank > 1 || storages.some((s) => s.size !== first.size))
      throw ingotError("OpError", {
        op: "this call",
        message: `a constant of ${first.dtype}${formatShape(first.shape)} depends on the sizes`,
      });
    const rows = storages.map((s) => s.toNumbers());
    const dims = (rows[0] as readonly number[]).map((_, i): Dim => {
      const dim = this.#explain(rows.map((row) => row[i] as number));
      if (dim !== undefined && (typeof dim !== "number" || Number.isInteger(dim) || !isFloat(first.dtype))) return dim;
      throw ingotError("OpError", {
        op: "this call",
        message: `the number ${rows.map((row) => row[i]).join(", ")} depends on the sizes in no way that shape arithmetic expresses`,
      });
    });
    return this.#stage.sizes(dims, first.dtype, first.rank === 0);
  }

  /** Where inference gave up on a size, or contradicts what was recorded, the recorded sizes explain it. */
  #refine(mini: Value, made: Value): void {
    const versions = [mini, ...this.#alignments.map((a) => a.values.get(mini) as Value)];
    const shapes = versions.map((v) => v.tensorType.shape as readonly number[]);
    const inferred = made.tensorType.shape;
    const stage = this.#stage;
    const shape = (shapes[0] as readonly number[]).map((_, axis): Dim => {
      const sizes = shapes.map((s) => s[axis] as number);
      const guess = inferred?.[axis];
      if (guess !== undefined && sizes.every((size, j) => stage.hint(guess, j) === size)) return guess;
      const dim = this.#explain(sizes);
      if (dim === undefined)
        throw ingotError("OpError", {
          op: mini.producer?.op ?? "this call",
          message: `the size of axis ${axis} is ${sizes.join(", ")} at different sizes, which no arithmetic of them explains`,
        });
      if (stage.isAnonymous(dim)) stage.setSource(dim, { input: made, axis });
      return dim;
    });
    made.type = tensorType(made.tensorType.dtype, shape);
  }
}
