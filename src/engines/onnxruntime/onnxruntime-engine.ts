// The ONNX Runtime engine: lowers a portable graph with its own passes, hands the weights over by address, and runs one session for all
// concurrent calls.
import { IngotError, ingotError } from "../../errors/error.ts";
import type { Graph, Value } from "../../ir/graph.ts";
import { allNodes, cloneGraph } from "../../ir/traverse.ts";
import { encodeToBytes } from "../../onnx/encode.ts";
import { exportModel } from "../../onnx/export.ts";
import { OptionalValue, type RuntimeValue } from "../../ops/runtime-value.ts";
import { runPasses } from "../../passes/manager.ts";
import { onnxruntimePasses } from "../../passes/pipelines.ts";
import type { PassReport } from "../../passes/report.ts";
import type { Engine, EngineOptions, Executable, RunOptions } from "../engine.ts";
import { hasLoops, withinStepTime } from "../step-time.ts";
import { checkThreads } from "../threads.ts";
import { ortEnvironment } from "./environment.ts";
import { isLent } from "./lent-weights.ts";
import { findLibrary } from "./library.ts";
import { fromOrtData, toOrtData, toOrtTensor } from "./ort-data.ts";
import { type InferenceSession, OrtSession } from "./session.ts";
import { WorkerSession } from "./worker-session.ts";

export const onnxruntimeEngine: Engine = {
  name: "onnxruntime",
  unavailable() {
    try {
      findLibrary();
      return undefined;
    } catch (error) {
      return error as Error;
    }
  },
  async load() {
    try {
      await ortEnvironment();
    } catch {
      // `prepare` meets the same failure, and may have another way.
    }
  },
  prepare: (graph, options) => prepareOnnxRuntime(graph, options),
};

/** Prepares with the report of the engine's own passes. Throws `EngineMissing`, `EngineLibraryMissing` or `EngineRejectedModel`. */
export async function prepareOnnxRuntime(graph: Graph, options: EngineOptions = {}): Promise<OrtExecutable> {
  const lowered = cloneGraph(graph).graph;
  lowered.metadata.clear();
  const { disable = [], validate = true } = options;
  const report = runPasses(lowered, disable === "all" ? [] : onnxruntimePasses, {
    target: "onnxruntime",
    validate,
    ...(disable !== "all" && { disable }),
  });
  const opened = await openSession(lowered, options);
  return new OrtExecutable(lowered, report, opened);
}

interface Opened {
  readonly session: InferenceSession;
  /** The messages of the nodes that raise, by their names. */
  readonly raises: ReadonlyMap<string, string>;
}

async function openSession(graph: Graph, options: EngineOptions): Promise<Opened> {
  const threads = options.threads === undefined ? {} : { intraOpThreads: checkThreads("threads", options.threads) };
  const { model, lent, raises } = exportModel(graph, { lend: isLent, valueInfo: false });
  const initializers = new Map([...lent].map(([name, storage]) => [name, toOrtTensor(storage)]));
  try {
    return { session: await OrtSession.create(encodeToBytes("ModelProto", model), { ...threads, initializers }), raises };
  } catch (error) {
    // Where koffi cannot load the library, the package's own binding may: it runs in a thread, on a copy of the weights.
    if (!(error instanceof IngotError) || error.code !== "EngineLibraryMissing") throw error;
    refuseEndless(graph);
    const whole = encodeToBytes("ModelProto", exportModel(graph, { valueInfo: false }).model);
    try {
      return { session: await WorkerSession.create(whole, threads), raises };
    } catch (second) {
      throw second instanceof IngotError && second.code === "EngineRejectedModel" ? second : error;
    }
  }
}

/**
 * The binding's runs cannot be ended from outside, not even with their thread: one inside of a Loop without an end would hold up `close` and
 * the exit of the process for ever. Scans end with their inputs. Throws `EngineRejectedModel`.
 */
function refuseEndless(graph: Graph): void {
  for (const node of allNodes(graph))
    if (node.op === "Loop")
      throw ingotError("EngineRejectedModel", {
        message: "its library did not load, and the package's own binding cannot end a Loop that is under way",
      });
}

/** A failure of a node that raises, as what the model threw; any other error as it is. */
function raisedError(error: unknown, raises: ReadonlyMap<string, string>): unknown {
  if (!(error instanceof IngotError) || error.code !== "EngineRunFailed") return error;
  for (const [name, message] of raises) if (error.message.includes(`Name:'${name}'`)) return ingotError("RaisedError", { message });
  return error;
}

const isAbsent = (value: RuntimeValue) => value instanceof OptionalValue && value.element === undefined;

export class OrtExecutable implements Executable {
  readonly engine = "onnxruntime";
  readonly graph: Graph;
  /** What the engine's own passes did. */
  readonly lowering: PassReport;
  readonly #session: InferenceSession;
  readonly #inputs: readonly string[];
  readonly #outputs: readonly string[];
  readonly #raises: ReadonlyMap<string, string>;
  readonly #hasLoops: boolean;

  constructor(graph: Graph, lowering: PassReport, { session, raises }: Opened) {
    this.graph = graph;
    this.lowering = lowering;
    this.#session = session;
    this.#raises = raises;
    this.#inputs = session.inputs.map((p) => p.name);
    this.#outputs = session.outputs.map((p) => p.name);
    this.#hasLoops = hasLoops(graph);
  }

  refusal(inputs: readonly RuntimeValue[]): string | undefined {
    const at = inputs.findIndex(isAbsent);
    return at < 0 ? undefined : `ONNX Runtime cannot be given an absent optional (input ${this.#inputs[at]})`;
  }

  async run(inputs: readonly RuntimeValue[], options: RunOptions = {}): Promise<RuntimeValue[]> {
    const types = this.graph.inputs;
    const feeds = new Map(this.#inputs.map((name, i) => [name, toOrtData(inputs[i] as RuntimeValue, (types[i] as Value).type, name)]));
    const run = (signal: AbortSignal | undefined) =>
      this.#session.run(feeds, this.#outputs, { signal }).catch((error: unknown) => {
        throw raisedError(error, this.#raises);
      });
    const outputs = this.#hasLoops ? await withinStepTime(this.engine, this.graph.name, options, run) : await run(options.signal);
    return outputs.map((data, i) => fromOrtData(data, (this.graph.outputs[i] as Value).type, this.#outputs[i] ?? ""));
  }

  close(): Promise<void> {
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
