// The way without koffi: the package's own binding, in one worker thread, behind the same interface. Its runs are one after the
// other and its weights are part of the model's bytes, but the event loop stays free.
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { ingotError } from "../../errors/error.ts";
import { startProgram } from "../../kernels/worker-program.ts";
import { findPackage } from "./library.ts";
import type { OrtData } from "./ort-value.ts";
import { abortError, type InferenceSession, type OrtRunOptions } from "./session.ts";
import type { OrtPort } from "./session-io.ts";
import type { Reply, Request, WorkerStart } from "./worker-protocol.ts";

/** What the binding can be told. */
export interface WorkerSessionOptions {
  readonly intraOpThreads?: number;
  readonly interOpThreads?: number;
  readonly optimizationLevel?: "disabled" | "basic" | "extended" | "all";
}

interface Waiting {
  readonly resolve: (outputs: OrtData[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A session inside a worker thread.
 *
 * @example
 * const session = await WorkerSession.create(modelBytes);
 */
export class WorkerSession implements InferenceSession {
  readonly inputs: readonly OrtPort[];
  readonly outputs: readonly OrtPort[];
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #closing: Promise<void> | undefined;

  private constructor(worker: Worker, inputs: readonly OrtPort[], outputs: readonly OrtPort[]) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.#worker = worker;
    worker.on("message", (reply: Reply) => this.#settle(reply));
    worker.on("error", (cause) => this.#failAll(cause.message));
    worker.on("exit", () => this.#failAll("its thread has ended"));
    worker.unref();
  }

  /** Throws `EngineMissing`, `EngineLibraryMissing` or `EngineRejectedModel`. */
  static async create(model: Uint8Array | string, options: WorkerSessionOptions = {}): Promise<WorkerSession> {
    const packageFile = join(findPackage(), "package.json");
    const worker = startProgram(new URL("./worker-main.js", import.meta.url), { packageFile, model, options } satisfies WorkerStart);
    const first = await new Promise<Reply>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    if (first.kind === "unloadable") throw ingotError("EngineLibraryMissing", { path: packageFile, why: first.message });
    if (first.kind !== "ready") throw ingotError("EngineRejectedModel", { message: first.kind === "failed" ? first.message : first.kind });
    return new WorkerSession(worker, first.inputs, first.outputs);
  }

  /** As `OrtSession.run`; an aborted run goes on in its thread, but nobody waits for it. */
  async run(feeds: ReadonlyMap<string, OrtData>, outputNames?: readonly string[], { signal }: OrtRunOptions = {}): Promise<OrtData[]> {
    if (this.#closing) throw ingotError("EngineClosed", { action: "run" });
    if (signal?.aborted) throw abortError(signal);
    const id = this.#nextId++;
    const request: Request = { kind: "run", id, feeds: [...feeds], outputNames: outputNames ?? this.outputs.map((o) => o.name) };
    let abort: (() => void) | undefined;
    try {
      return await new Promise<OrtData[]>((resolve, reject) => {
        abort = () => reject(abortError(signal));
        signal?.addEventListener("abort", abort, { once: true });
        this.#waiting.set(id, { resolve, reject });
        this.#worker.ref();
        this.#worker.postMessage(request);
      });
    } finally {
      if (abort) signal?.removeEventListener("abort", abort);
    }
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#worker.ref();
      this.#worker.once("exit", () => resolve());
      const request: Request = { kind: "close" };
      this.#worker.postMessage(request); // after the runs that were asked for before it
    });
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #settle(reply: Reply): void {
    if (reply.kind !== "done" && reply.kind !== "failed") return;
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0 && !this.#closing) this.#worker.unref();
    if (reply.kind === "done") waiting?.resolve([...reply.outputs]);
    else waiting?.reject(ingotError("EngineRunFailed", { message: reply.message }));
  }

  #failAll(message: string): void {
    for (const { reject } of this.#waiting.values()) reject(ingotError("EngineRunFailed", { message }));
    this.#waiting.clear();
  }
}
