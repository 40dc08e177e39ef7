// The way without koffi: the package's own binding, in one worker thread, behind the same interface. Its runs are one after the
// other and its weights are part of the model's bytes, but the event loop stays free.
import { setMaxListeners } from "node:events";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { ingotError } from "../../errors/error.ts";
import { startProgram } from "../../kernels/worker-program.ts";
import { abortError } from "../run-aborted.ts";
import { checkThreads, defaultThreads } from "../threads.ts";
import { bindingTypes } from "./binding-types.ts";
import { checkNames, checkTensor, type DeclaredNames, inputError } from "./check-feeds.ts";
import type { OrtData } from "./element-types.ts";
import { closeGate, openGate } from "./exit-gate.ts";
import { findPackage } from "./library.ts";
import { logLevel } from "./log-level.ts";
import type { InferenceSession, OrtRunOptions } from "./session.ts";
import type { OrtPort } from "./session-io.ts";
import type { Reply, Request, WorkerSessionOptions, WorkerStart } from "./worker-protocol.ts";

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
  readonly #declared: DeclaredNames;
  /** Why the thread has ended, once it has. */
  #ended: string | undefined;
  #nextId = 0;
  #closing: Promise<void> | undefined;

  private constructor(worker: Worker, inputs: readonly OrtPort[], outputs: readonly OrtPort[]) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.#worker = worker;
    this.#declared = { inputs: inputs.map((p) => p.name), outputs: outputs.map((p) => p.name) };
    worker.on("message", (reply: Reply) => this.#settle(reply));
    worker.on("error", (cause) => this.#end(cause.message));
    worker.on("exit", () => this.#end("its thread has ended"));
    worker.unref();
  }

  /** Throws `EngineMissing`, `EngineLibraryMissing`, `EngineRejectedModel` or `InvalidArgument`. */
  static async create(model: Uint8Array | string, options: WorkerSessionOptions = {}): Promise<WorkerSession> {
    const packageFile = join(findPackage(), "package.json");
    const checked: WorkerSessionOptions = {
      ...options,
      intraOpThreads: options.intraOpThreads === undefined ? defaultThreads() : checkThreads("intraOpThreads", options.intraOpThreads),
      interOpThreads: checkThreads("interOpThreads", options.interOpThreads ?? 1),
    };
    const log = logLevel();
    const gate = openGate();
    const worker = startProgram(new URL("./worker-main.js", import.meta.url), {
      packageFile,
      model,
      options: checked,
      log,
      gate,
    } satisfies WorkerStart);
    worker.once("exit", () => closeGate(gate));
    const first = await new Promise<Reply>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
      worker.once("exit", (status) =>
        reject(ingotError("EngineLibraryMissing", { path: packageFile, why: `its thread ended (${status})` })),
      );
    });
    if (first.kind === "unloadable") throw ingotError("EngineLibraryMissing", { path: packageFile, why: first.message });
    if (first.kind !== "ready") throw ingotError("EngineRejectedModel", { message: first.kind === "failed" ? first.message : first.kind });
    return new WorkerSession(worker, first.inputs, first.outputs);
  }

  /** As `OrtSession.run`; an aborted run that has begun goes on in its thread, but nobody waits for it. */
  async run(
    feeds: ReadonlyMap<string, OrtData>,
    outputNames: readonly string[] = this.#declared.outputs,
    { signal }: OrtRunOptions = {},
  ): Promise<OrtData[]> {
    if (this.#closing) throw ingotError("EngineClosed", { action: "run" });
    this.#check(feeds, outputNames);
    if (signal?.aborted) throw abortError(signal);
    if (this.#ended !== undefined) throw ingotError("EngineRunFailed", { message: this.#ended });
    if (signal) setMaxListeners(0, signal);
    const id = this.#nextId++;
    const request: Request = { kind: "run", id, feeds: [...feeds], outputNames };
    let abort: (() => void) | undefined;
    try {
      return await new Promise<OrtData[]>((resolve, reject) => {
        abort = () => {
          const cancel: Request = { kind: "cancel", id };
          this.#worker.postMessage(cancel);
          reject(abortError(signal));
        };
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
      if (this.#ended !== undefined) return resolve();
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

  #check(feeds: ReadonlyMap<string, OrtData>, outputNames: readonly string[]): void {
    checkNames(this.#declared, feeds, outputNames);
    for (const [name, data] of feeds) {
      const fail = inputError(name, this.#declared.inputs);
      if (!("shape" in data)) throw fail("sequences and maps cannot be handed to a session in a worker thread");
      checkTensor(data, fail);
      if (!bindingTypes.has(data.dtype)) throw fail(`element type ${data.dtype} cannot be handed to a session in a worker thread`);
    }
  }

  #settle(reply: Reply): void {
    if (reply.kind !== "done" && reply.kind !== "failed") return;
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0 && !this.#closing) this.#worker.unref();
    if (reply.kind === "done") waiting?.resolve([...reply.outputs]);
    else waiting?.reject(ingotError("EngineRunFailed", { message: reply.message }));
  }

  #end(message: string): void {
    this.#ended ??= message;
    for (const { reject } of this.#waiting.values()) reject(ingotError("EngineRunFailed", { message }));
    this.#waiting.clear();
  }
}
