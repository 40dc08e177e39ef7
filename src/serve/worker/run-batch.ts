// A batch of requests on one model. Requests whose inputs have the same shapes but for the first axis are run together and taken apart
// again; one that cannot be read, or fails, is answered by itself and harms no other.
import type { Executable } from "../../engines/engine.ts";
import { IngotError } from "../../errors/error.ts";
import { asStorage } from "../../ops/run-graph.ts";
import type { RuntimeValue } from "../../ops/runtime-value.ts";
import { type DType, dtypeInfo, type Elements } from "../../tensor/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import { type Fault, faultOf, refuse, ServeFault } from "../fault.ts";
import type { Timing } from "../wire/messages.ts";

/** What a request asks of the model, and how its answer is written. */
export interface Decoded {
  /** One per input of the model; the first axis is the batch where the model has one. */
  readonly inputs: readonly Storage[];
  encode(outputs: readonly Storage[]): Promise<Answer> | Answer;
}

export interface Answer {
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export type Outcome = { readonly answer: Answer; readonly timing: Timing } | { readonly fault: Fault };

interface Runnable {
  readonly index: number;
  readonly decoded: Decoded;
  readonly preprocess: number;
}

/** Requests that are read: those that can be run, in groups of equal shapes, and those that could not be read. */
export interface ReadBatch {
  readonly outcomes: Outcome[];
  readonly groups: Iterable<readonly Runnable[]>;
}

/**
 * Reads requests. What a decoder throws is that request's answer. `batches` is whether the model has a batch axis; without one every request
 * is run alone.
 */
export async function readBatch(
  decoders: readonly (() => Promise<Decoded>)[],
  batches: boolean,
  log: (error: unknown) => void,
): Promise<ReadBatch> {
  const outcomes = new Array<Outcome>(decoders.length);
  const groups = new Map<string, Runnable[]>();
  await Promise.all(
    decoders.map(async (decode, index) => {
      const since = performance.now();
      try {
        const decoded = await decode();
        const key = batches && haveEqualRows(decoded.inputs) ? shapeKey(decoded.inputs) : String(index);
        const item = { index, decoded, preprocess: performance.now() - since };
        const group = groups.get(key);
        if (group) group.push(item);
        else groups.set(key, [item]);
      } catch (error) {
        outcomes[index] = { fault: failure(error, log) };
      }
    }),
  );
  return { outcomes, groups: groups.values() };
}

/** Runs what was read; gives the answers in the order of the requests. */
export async function runBatch(
  { outcomes, groups }: ReadBatch,
  executable: Pick<Executable, "run">,
  log: (error: unknown) => void,
): Promise<readonly Outcome[]> {
  for (const group of groups) await runGroup(group, executable, outcomes, log);
  return outcomes;
}

/** Inputs that differ there would shift the answers of those behind them. */
const haveEqualRows = (inputs: readonly Storage[]) => new Set(inputs.map((s) => s.shape[0])).size <= 1;

/** Requests with equal keys can be put together. */
function shapeKey(inputs: readonly Storage[]): string {
  return inputs.map((s) => `${s.dtype}${s.rank === 0 ? "scalar" : s.shape.slice(1)}`).join(";");
}

async function runGroup(
  group: readonly Runnable[],
  executable: Pick<Executable, "run">,
  outcomes: Outcome[],
  log: (error: unknown) => void,
): Promise<void> {
  const since = performance.now();
  let parts: readonly (readonly Storage[])[];
  try {
    parts = await runTogether(group, executable);
  } catch (error) {
    // Whose fault it was is seen when each is run alone.
    if (group.length > 1) for (const item of group) await runGroup([item], executable, outcomes, log);
    else outcomes[(group[0] as Runnable).index] = { fault: failure(error, log) };
    return;
  }
  const inference = performance.now() - since;
  await Promise.all(
    group.map(async ({ index, decoded, preprocess }, i) => {
      const from = performance.now();
      try {
        const answer = await decoded.encode(parts[i] as readonly Storage[]);
        const timing = { preprocess, inference, postprocess: performance.now() - from, batch: group.length };
        outcomes[index] = { answer, timing };
      } catch (error) {
        outcomes[index] = { fault: failure(error, log) };
      }
    }),
  );
}

/** The outputs of each request of a group. */
async function runTogether(group: readonly Runnable[], executable: Pick<Executable, "run">): Promise<Storage[][]> {
  const [first] = group as [Runnable];
  if (group.length === 1) return [storages(await executable.run(first.decoded.inputs))];
  const inputs = first.decoded.inputs.map((_, i) => concatenate(group.map((item) => item.decoded.inputs[i] as Storage)));
  const outputs = storages(await executable.run(inputs));
  const rows = group.map((item) => item.decoded.inputs[0]?.shape[0] ?? 0);
  const total = rows.reduce((a, b) => a + b, 0);
  for (const o of outputs)
    if (o.shape[0] !== total)
      throw new Error(`an output has ${o.shape[0]} rows for ${total} rows of input: the model's batch axis is none`);
  let begin = 0;
  return rows.map((count) => {
    const from = begin;
    begin += count;
    return outputs.map((o) => rowsOf(o, from, count));
  });
}

const storages = (values: readonly RuntimeValue[]) => values.map((v) => asStorage(v));

/** One after the other along the first axis, in one allocation: the only copy of their elements. */
export function concatenate(parts: readonly Storage[]): Storage {
  const [first] = parts as [Storage];
  const rows = parts.reduce((n, p) => n + (p.shape[0] ?? 0), 0);
  const whole = Storage.empty(first.dtype, [rows, ...first.shape.slice(1)]);
  const into = whole.data;
  let at = 0;
  for (const part of parts) {
    const elements = part.dense();
    if (Array.isArray(into)) for (let i = 0; i < elements.length; i++) into[at + i] = elements[i] as string;
    else into.set(elements as never, at);
    at += elements.length;
  }
  return whole;
}

/** Rows of a dense storage, without a copy. */
export function rowsOf(storage: Storage, begin: number, count: number): Storage {
  const dense = storage.contiguous();
  const row = dense.shape.slice(1).reduce((a, b) => a * b, 1);
  return Storage.strided(dense.dtype, dense.data, [count, ...dense.shape.slice(1)], dense.strides, dense.offset + begin * row);
}

/** What a request is told whose handling threw: what was said on purpose, or TorchServe's words for anything else. */
function failure(error: unknown, log: (error: unknown) => void): Fault {
  if (error instanceof ServeFault) {
    // What the client is told of a fault of ours is not all that the operator should know.
    if (error.fault.status >= 500 && error.cause !== undefined) log(error.cause);
    return faultOf(error);
  }
  log(error);
  if (isOutOfMemory(error)) return refuse("InternalServerException", "Out of resources", { status: 507 }).fault;
  return refuse("InternalServerException", "Prediction failed", { status: 503 }).fault;
}

/** By what Node, ONNX Runtime, C++ and our own tensors say when there is no memory left. */
function isOutOfMemory(error: unknown): boolean {
  if (error instanceof IngotError && error.code === "TensorTooLarge") return true;
  const message = error instanceof Error ? error.message : String(error);
  return /bad_alloc|out of memory|ENOMEM|allocation failed|failed to allocate|invalid (typed )?array length|array buffer allocation/i.test(
    message,
  );
}

/** The raw little-endian bytes of a dense storage; not for strings. */
export function rawBytes(storage: Storage): Uint8Array {
  const elements = storage.dense() as Exclude<Elements, string[]>;
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

/** A storage over raw little-endian bytes, without a copy where they are aligned. */
export function fromRawBytes(dtype: DType, bytes: Uint8Array<ArrayBuffer>, shape: readonly number[]): Storage {
  const { bytes: size, view } = dtypeInfo(dtype);
  // Not `slice`, which of a Buffer is no copy.
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  if (!view) throw new Error(`${dtype} has no raw form`);
  return Storage.of(dtype, view(aligned.buffer, aligned.byteOffset, aligned.byteLength / size), shape);
}
