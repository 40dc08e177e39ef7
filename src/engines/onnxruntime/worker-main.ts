// The program of the worker thread: loads the package's own binding and answers requests one after the other.
import { createRequire } from "node:module";
import { setImmediate as turn } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { bindingNumbers, bindingTypes } from "./binding-types.ts";
import type { OrtData, OrtTensor } from "./element-types.ts";
import { insideGate } from "./exit-gate.ts";
import { logSeverity } from "./log-level.ts";
import type { OrtPort } from "./session-io.ts";
import type { Reply, Request, WorkerStart } from "./worker-protocol.ts";

/** The part of onnxruntime-node that is used; the package is optional, so its own types may not be there. */
interface Binding {
  readonly env: { logLevel: string };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => BindingTensor;
  readonly InferenceSession: { create(model: Uint8Array | string, options: object): Promise<BindingSession> };
}
interface BindingTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: OrtTensor["data"];
}
interface BindingPort {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}
interface BindingSession {
  readonly inputMetadata: readonly BindingPort[];
  readonly outputMetadata: readonly BindingPort[];
  run(feeds: object, fetches: readonly string[]): Promise<Record<string, BindingTensor>>;
  release(): Promise<void>;
}

const { packageFile, model, options, log, gate } = workerData as WorkerStart;
const send = (reply: Reply) => parentPort?.postMessage(reply);
const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

function load(): Binding | undefined {
  try {
    const binding = createRequire(packageFile)("onnxruntime-node") as Binding;
    binding.env.logLevel = log;
    return binding;
  } catch (cause) {
    send({ kind: "unloadable", message: messageOf(cause) });
    return undefined;
  }
}

const port = ({ name, isTensor, type, shape }: BindingPort): OrtPort => ({
  name,
  kind: isTensor ? "tensor" : "other",
  dtype: bindingNumbers.get(type ?? "") ?? 0,
  shape: shape?.map((d) => (d === "" ? -1 : d)),
});

function toBinding({ Tensor }: Binding, name: string, data: OrtData): BindingTensor {
  if (!("data" in data)) throw new Error(`input \`${name}\`: sequences and maps cannot be handed to this binding`);
  const type = bindingTypes.get(data.dtype);
  if (type === undefined) throw new Error(`input \`${name}\`: element type ${data.dtype} cannot be handed to this binding`);
  return new Tensor(type, data.data, data.shape);
}

function fromBinding(name: string, tensor: BindingTensor | undefined): OrtTensor {
  const dtype = bindingNumbers.get(tensor?.type ?? "");
  if (!tensor || dtype === undefined) throw new Error(`output \`${name}\`: this binding does not give it as a tensor`);
  const { data } = tensor;
  // Newer versions of Node give float16 as numbers; ours are bit patterns.
  const patterns = dtype === 10 && ArrayBuffer.isView(data) ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data;
  return { dtype, shape: [...tensor.dims], data: patterns };
}

async function start(binding: Binding): Promise<void> {
  const session = await insideGate(gate, () =>
    binding.InferenceSession.create(model, {
      graphOptimizationLevel: options.optimizationLevel ?? "all",
      intraOpNumThreads: options.intraOpThreads ?? 0,
      interOpNumThreads: options.interOpThreads ?? 1,
      logSeverityLevel: logSeverity(log),
    }),
  );
  send({ kind: "ready", inputs: session.inputMetadata.map(port), outputs: session.outputMetadata.map(port) });
  let last: Promise<void> = Promise.resolve();
  const cancelled = new Set<number>();
  const answer = async (request: Exclude<Request, { kind: "cancel" }>) => {
    if (request.kind === "close") {
      await insideGate(gate, () => session.release());
      parentPort?.close();
      return;
    }
    const { id, feeds, outputNames } = request;
    await turn(); // lets a cancellation in
    if (cancelled.delete(id)) return send({ kind: "failed", id, message: "it was cancelled before it began" });
    try {
      const tensors = Object.fromEntries(feeds.map(([name, data]) => [name, toBinding(binding, name, data)]));
      const results = await insideGate(gate, () => session.run(tensors, outputNames));
      send({ kind: "done", id, outputs: outputNames.map((name) => fromBinding(name, results[name])) });
    } catch (cause) {
      send({ kind: "failed", id, message: messageOf(cause) });
    }
    cancelled.delete(id);
  };
  parentPort?.on("message", (request: Request) => {
    if (request.kind === "cancel") cancelled.add(request.id);
    else last = last.then(() => answer(request));
  });
}

const binding = load();
if (binding) start(binding).catch((cause: unknown) => send({ kind: "failed", id: -1, message: messageOf(cause) }));
