// CompiledModule: what trace() and load() give. It runs off the event loop on an engine, and it is a Module, so that it composes with eager
// code and can be traced through.
import { currentInterpreter, eagerInterpreter } from "../eager/interpreter.ts";
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { Tensor as TensorHandle } from "../eager/tensor.ts";
import type { Executable, RunOptions } from "../engines/engine.ts";
import type { EngineName } from "../engines/engines.ts";
import { abortError } from "../engines/run-aborted.ts";
import type { Certificate } from "../equivalence/certificate.ts";
import { IngotError, ingotError } from "../errors/error.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { formatProvenance } from "../ir/provenance.ts";
import { formatType } from "../ir/type.ts";
import { Module } from "../nn/module.ts";
import { asStorage, runGraph } from "../ops/run-graph.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import { findRule } from "../passes/names.ts";
import { explain } from "../passes/optimize.ts";
import type { Explanation, Rule } from "../passes/rewriter.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import type { Nested } from "../trace/structure.ts";
import { unflatten } from "../trace/structure.ts";
import { codeWeights, graphToCode } from "./code.ts";
import { engineOptions, runOptions, saveOptions } from "./compile-options.ts";
import type { Bound } from "./container-values.ts";
import { type EngineChoice, type Evidence, prepareChecked } from "./evidence.ts";
import { checkOptions } from "./options.ts";
import type { CompileReport } from "./report.ts";
import { type SaveOptions, type SaveReport, saveModule } from "./save.ts";
import { bindInputs, bindOutputs, runtimeValues, type Signature } from "./signature.ts";

/** What a run gives that also wrote buffers. */
export interface RunWithState<Out> {
  readonly output: Out;
  /** New values of the buffers that forward wrote, by state-dict name. */
  readonly state: ReadonlyMap<string, Tensor>;
}

const isTensorValue = (v: Value) => v.type.kind === "tensor";

export interface CompiledParts {
  readonly graph: Graph;
  readonly executable: Executable;
  readonly signature: Signature;
  readonly report: CompileReport;
  readonly evidence: Evidence;
}

/**
 * A compiled and checked model. `Out` is what the model's `forward` returns.
 *
 * @example
 * const traced = await trace(model, x);
 * const y = await traced.run(x);        // off the event loop; may be called concurrently
 * await traced.save("model.onnx");
 * await traced.close();
 */
export class CompiledModule<Out = Nested> extends Module implements AsyncDisposable {
  /** Known by shape where this class cannot be imported: script() runs `forward` as it is, which gives it the whole graph. */
  declare readonly isIngotCompiled: true;
  readonly #parts: CompiledParts;
  #closed = false;

  constructor(parts: CompiledParts) {
    super();
    this.#parts = parts;
    // A compiled module has one mode, that of the recording, and no state of its own to walk.
    Object.defineProperty(this, "training", { value: parts.signature.mode === "train", writable: true, enumerable: false });
  }

  /** The portable graph: optimised, standard operators only. Prints in ONNX's text syntax. */
  get graph(): Graph {
    return this.#parts.graph;
  }
  /** What the engine runs: the portable graph after the engine's own passes. */
  get loweredGraph(): Graph {
    return this.#parts.executable.graph;
  }
  /** The engine's name. */
  get engine(): string {
    return this.#parts.executable.engine;
  }
  /** The graph as runnable TypeScript; call its `forward` with `weights`. */
  get code(): string {
    return graphToCode(this.#parts.graph);
  }
  /** The large constants that `code` takes. */
  get weights(): Record<string, Tensor> {
    return Object.fromEntries([...codeWeights(this.#parts.graph)].map(([name, s]) => [name, TensorHandle.fromStorage(s)]));
  }
  /** What each pass did, and the equivalence check. */
  get report(): CompileReport {
    return this.#parts.report;
  }
  get certificate(): Certificate {
    return this.#parts.report.certificate;
  }
  get signature(): Signature {
    return this.#parts.signature;
  }

  /**
   * Runs on the engine, off the event loop; any number of runs may overlap. Takes what `forward` takes: one tensor, or an array of arguments.
   * Throws InputCount, InputKind, InputDType, InputShape; rejects with the engine's error when `signal` aborts.
   */
  async run(inputs: unknown, options: RunOptions = {}): Promise<Out> {
    checkOptions("run", options, runOptions);
    const outputs = await this.#execute(inputs, options);
    return bindOutputs(this.signature, outputs) as Out;
  }

  /** As `run`, with the new values of buffers that forward wrote. */
  async runWithState(inputs: unknown, options: RunOptions = {}): Promise<RunWithState<Out>> {
    checkOptions("runWithState", options, runOptions);
    const outputs = await this.#execute(inputs, options);
    const { stateNames, returnedCount } = this.signature;
    const state = new Map(stateNames.map((name, i) => [name, TensorHandle.fromStorage(asStorage(outputs[returnedCount + i]))]));
    return { output: bindOutputs(this.signature, outputs) as Out, state };
  }

  async #execute(inputs: unknown, options: RunOptions): Promise<RuntimeValue[]> {
    if (this.#closed) throw ingotError("ModuleClosed", { module: this.graph.name });
    const bound = bindInputs(this.graph.name, this.graph, this.signature, inputs);
    const values = runtimeValues(this.graph, bound, (t) => currentInterpreter().read(t, "run"));
    const { signal } = options;
    try {
      const outputs = await this.#parts.executable.run(values, options);
      // A run that was over before the engine heard of it is aborted all the same: whether it was must not depend on luck.
      if (!signal?.aborted) return outputs;
    } catch (error) {
      if (!signal?.aborted || (error instanceof IngotError && error.code === "RunAborted")) throw error;
    }
    throw abortError(signal);
  }

  /**
   * For each node that could be the root of a rule's pattern: where the rule fired while the module was compiled, and where it did not, why
   * not. `rule` is the name of a built-in rule, or a rule of yours. Throws `UnknownPass`, `PassWithoutPattern`.
   *
   * @example
   * for (const { fires, op, where, reason } of traced.explain("fold-conv-batchnorm")) console.log(fires, op, where, reason);
   */
  explain(rule: string | Rule): Explanation[] {
    const found = typeof rule === "string" ? findRule(rule) : rule;
    const { passes, lowering } = this.report;
    const steps = [...passes.journal, ...(lowering?.journal ?? [])].filter((s) => s.rule === found.name);
    const fired = steps.map(({ op, provenance }): Explanation => ({ op, fires: true, reason: "", where: formatProvenance(provenance) }));
    return [...fired, ...explain(found.targets.includes("portable") ? this.graph : this.loweredGraph, found)];
  }

  /** The same computation, synchronously, through the interpreter at hand: eager, or a recording of a model that this one is part of. */
  forward(...args: unknown[]): Out {
    const bound = bindInputs(this.graph.name, this.graph, this.signature, { args });
    if (this.graph.outputs.every(isTensorValue) && bound.every(isTensor))
      return unflatten(this.signature.outputLayout, currentInterpreter().applyGraph(this.graph, bound)) as Out;
    return bindOutputs(this.signature, this.#runEagerly(bound)) as Out;
  }

  /** With values that are no tensors there is nothing to record: eager code may call it, a model that is being traced may not. */
  #runEagerly(bound: readonly Bound[]): RuntimeValue[] {
    const { graph } = this;
    const interpreter = currentInterpreter();
    if (interpreter !== eagerInterpreter()) {
      const odd = graph.inputs.find((v) => !isTensorValue(v));
      const output = graph.outputs.findIndex((v) => !isTensorValue(v));
      const what = odd ? `input ${odd.name}` : `output ${graph.outputNames[output]}`;
      const type = formatType((odd ?? (graph.outputs[output] as Value)).type);
      throw ingotError("ContainerNotTraceable", { module: graph.name, what, type });
    }
    const values = runtimeValues(graph, bound, (t) => interpreter.read(t, "forward"));
    return runGraph(graph, values, { reuseMemory: true });
  }

  /**
   * The same module on another engine, or with other threads: checked there before you get it. Both share the portable graph and its weights;
   * each is closed by itself. Throws `NotEquivalent`, and EngineError when the engine cannot run here.
   *
   * @example
   * await using reference = await traced.withEngine("interpreter");
   */
  async withEngine(engine: EngineName, options: EngineChoice = {}): Promise<CompiledModule<Out>> {
    checkOptions("withEngine", options, engineOptions);
    const { graph, signature, report, evidence } = this.#parts;
    const prepared = await prepareChecked(graph, engine, options, evidence);
    return new CompiledModule<Out>({ graph, signature, evidence, executable: prepared.executable, report: report.onEngine(prepared) });
  }

  /**
   * Writes an ONNX file, all or nothing. Weights beyond 2 GiB, or with `externalData`, go to a file beside it. `target` says whom it is for;
   * a graph that was not checked in that form is checked before it is written.
   * Throws `SaveFormat` for `.pt`, `UnknownTarget`, `TargetTooOld`, `NotEquivalent`, FileError when the path cannot be written.
   *
   * @example
   * await traced.save("model.onnx");
   * await traced.save("model-1.17.onnx", { target: "onnxruntime@1.17" });
   */
  async save(path: string, options: SaveOptions = {}): Promise<SaveReport> {
    checkOptions("save", options, saveOptions);
    const lowered = this.engine === "onnxruntime" ? this.loweredGraph : undefined;
    return saveModule({ graph: this.graph, lowered, evidence: this.#parts.evidence }, path, options);
  }

  /** Waits for running calls and frees the engine's memory; may be called twice. `forward` and `save` go on working. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#parts.executable.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Weights of a compiled module are constants of its graph. Throws `CompiledIsFixed` for another dtype than they have. */
  override to(dtype: DType): this {
    const floats = [...this.graph.initializers].flatMap((v) => (v.storage && isFloat(v.storage.dtype) ? [v.storage.dtype] : []));
    if (floats.every((d) => d === dtype)) return this;
    throw ingotError("CompiledIsFixed", { module: this.graph.name, dtype });
  }

  override extraRepr(): string {
    return `${this.graph.name}, ${this.graph.nodeCount} nodes, engine=${this.engine}`;
  }
}
Object.defineProperty(CompiledModule.prototype, "isIngotCompiled", { value: true });
