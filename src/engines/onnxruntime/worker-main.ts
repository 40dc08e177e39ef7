// The program of the worker thread: loads the package's own binding and answers requests one after the other.
import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import type { OrtData, OrtTensor } from "./ort-value.ts";
import type { OrtPort } from "./session-io.ts";
import type { Reply, Request, WorkerStart } from "./worker-protocol.ts";

/** The names of element types in the binding, by ONNX's number. */
const typeNames = new Map([
  [1, "float32"],
  [2, "uint8"],
  [3, "int8"],
  [4, "uint16"],
  [5, "int16"],
  [6, "int32"],
  [7, "int64"],
  [8, "string"],
  [9, "bool"],
  [10, "float16"],
  [11, "float64"],
  [12, "uint32"],
  [13, "uint64"],
]);
const typeNumbers = new Map([...typeNames].map(([number, name]) => [name, number]));

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

const { packageFile, model, options } = workerData as WorkerStart;
const send = (reply: Reply) => parentPort?.postMessage(reply);
const messageOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

function load(): Binding | undefined {
  try {
    const binding = createRequire(packageFile)("onnxruntime-node") as Binding;
    binding.env.logLevel = "fatal";
    return binding;
  } catch (cause) {
    send({ kind: "unloadable", message: messageOf(cause) });
    return undefined;
  }
}

const port = ({ name, isTensor, type, shape }: BindingPort): OrtPort => ({
  name,
  kind: isTensor ? "tensor" : "other",
  dtype: typeNumbers.get(type ?? "") ?? 0,
  shape: shape?.map((d) => (d === "" ? -1 : d)),
});

function toBinding({ Tensor }: Binding, name: string, data: OrtData): BindingTensor {
  if (!("data" in data)) throw new Error(`input \`${name}\`: sequences cannot be handed to this binding`);
  const type = typeNames.get(data.dtype);
  if (type === undefined) throw new Error(`input \`${name}\`: element type ${data.dtype} cannot be handed to this binding`);
  return new Tensor(type, data.data, data.shape);
}

function fromBinding(name: string, tensor: BindingTensor | undefined): OrtTensor {
  const dtype = typeNumbers.get(tensor?.type ?? "");
  if (!tensor || dtype === undefined) throw new Error(`output \`${name}\`: this binding does not give it as a tensor`);
  return { dtype, shape: [...tensor.dims], data: tensor.data };
}

async function start(binding: Binding): Promise<void> {
  const session = await binding.InferenceSession.create(model, {
    graphOptimizationLevel: options.optimizationLevel ?? "all",
    intraOpNumThreads: options.intraOpThreads ?? 0,
    interOpNumThreads: options.interOpThreads ?? 1,
    logSeverityLevel: 4,
  });
  send({ kind: "ready", inputs: session.inputMetadata.map(port), outputs: session.outputMetadata.map(port) });
  let last: Promise<void> = Promise.resolve();
  const answer = async (request: Request) => {
    if (request.kind === "close") {
      await session.release();
      parentPort?.close();
      return;
    }
    const { id, feeds, outputNames } = request;
    try {
      const tensors = Object.fromEntries(feeds.map(([name, data]) => [name, toBinding(binding, name, data)]));
      const results = await session.run(tensors, outputNames);
      send({ kind: "done", id, outputs: outputNames.map((name) => fromBinding(name, results[name])) });
    } catch (cause) {
      send({ kind: "failed", id, message: messageOf(cause) });
    }
  };
  parentPort?.on("message", (request: Request) => {
    last = last.then(() => answer(request));
  });
}

const binding = load();
if (binding) start(binding).catch((cause: unknown) => send({ kind: "failed", id: -1, message: messageOf(cause) }));
