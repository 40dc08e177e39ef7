// One worker process as the acceptor sees it: started, ready, at work on one batch while others wait in it, gone. It never throws: whatever
// becomes of the process, each batch is answered once.
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { type Fault, refuse } from "../fault.ts";
import { FrameReader, writeFrame } from "../wire/frames.ts";
import type { AnswerHead, FromWorker, ModelIo, RequestHead, WorkerModel } from "../wire/messages.ts";

/** One request on its way to a worker. */
export interface Shipment {
  readonly head: Omit<RequestHead, "bytes">;
  readonly body: readonly Uint8Array[];
  readonly bytes: number;
}

export interface WorkerAnswer {
  readonly head: AnswerHead;
  readonly body: Uint8Array;
}

export interface WorkerEvents {
  ready(io: ModelIo): void;
  /** The model cannot be opened: starting again will not help. */
  failed(message: string): void;
  /** The process is gone, for whatever reason; `fault` is what its batch was answered with. */
  gone(how: string): void;
  log(level: "warn" | "error", message: string): void;
}

/** What becomes of a batch: answers, or nothing, because the worker died before it came to it. */
export type BatchResult = readonly WorkerAnswer[] | "not begun";

interface Batch {
  readonly done: (result: BatchResult) => void;
  readonly count: number;
}

/** The last lines of a worker's own output are told when it dies. */
const keptOutput = 4000;

export class WorkerProcess {
  readonly id: number;
  readonly startedAt = new Date();
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  readonly #events: WorkerEvents;
  /** In the order in which they were sent, which is that in which the worker runs them. */
  readonly #batches = new Map<number, Batch>();
  #describing = new Map<number, (value: unknown) => void>();
  #next = 1;
  #output = "";
  #gone = false;
  #ending: Fault | undefined;

  /** Gives `model` to `child`, a process of `WorkerSpawner`. */
  constructor(id: number, child: ChildProcess, model: WorkerModel, events: WorkerEvents) {
    this.id = id;
    this.#events = events;
    this.#child = child;
    this.#socket = this.#child.stdio[3] as Socket;
    const reader = new FrameReader((head, body) => this.#receive(head as FromWorker, body));
    this.#socket.on("data", (chunk) => reader.push(chunk));
    this.#socket.on("error", () => {});
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-keptOutput);
      });
    this.#child.on("error", (error) => this.#end(error.message, undefined));
    this.#child.on("exit", (code, signal) =>
      this.#end(
        signal ?? `exit code ${code}`,
        signal === "SIGKILL" || code === 137 || /heap out of memory|bad_alloc/.test(this.#output) ? "killed" : "died",
      ),
    );
    writeFrame(this.#socket, { kind: "start", model });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }
  /** Batches that it has not answered. */
  get outstanding(): number {
    return this.#batches.size;
  }

  /** Sends a batch; resolves with one answer per request, also when the process dies over it. It is run when those before it are done. */
  run(requests: readonly Shipment[]): Promise<BatchResult> {
    const id = this.#next++;
    return new Promise((done) => {
      if (this.#gone) return done("not begun");
      this.#batches.set(id, { done, count: requests.length });
      const heads = requests.map(({ head, bytes }) => ({ ...head, bytes }));
      writeFrame(
        this.#socket,
        { kind: "batch", id, requests: heads },
        requests.flatMap((r) => r.body),
      );
    });
  }

  /** What the worker says of its model; undefined if it dies first. */
  describe(): Promise<unknown> {
    if (this.#gone) return Promise.resolve(undefined);
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#describing.set(id, resolve);
      writeFrame(this.#socket, { kind: "describe", id });
    });
  }

  /** Ends the process at once; a batch in it is answered with `fault`. */
  kill(fault: Fault = workerDied): void {
    this.#ending = fault;
    this.#child.kill("SIGKILL");
  }

  #receive(message: FromWorker, body: Uint8Array): void {
    if (message.kind === "ready") this.#events.ready(message.io);
    else if (message.kind === "failed") this.#events.failed(message.message);
    else if (message.kind === "log") this.#events.log(message.level, message.message);
    else if (message.kind === "description") {
      this.#describing.get(message.id)?.(message.value);
      this.#describing.delete(message.id);
    } else {
      let at = 0;
      const answers = message.answers.map((head) => {
        const part = body.subarray(at, at + head.bytes);
        at += head.bytes;
        return { head, body: part };
      });
      const batch = this.#batches.get(message.id);
      this.#batches.delete(message.id);
      batch?.done(answers);
    }
  }

  #end(how: string, kind: "killed" | "died" | undefined): void {
    if (this.#gone) return;
    this.#gone = true;
    // Killed by somebody else: the system had no memory left; or the process said so itself.
    this.#answerAll(this.#ending ?? (kind === "killed" ? outOfMemory : workerDied));
    for (const resolve of this.#describing.values()) resolve(undefined);
    this.#describing.clear();
    this.#events.gone(this.#output === "" ? how : `${how}; its last output: ${this.#output.trim()}`);
  }

  /** The batch that it was at work on is answered with `fault`; the others are as they were. */
  #answerAll(fault: Fault): void {
    const [current, ...others] = this.#batches.values();
    this.#batches.clear();
    current?.done(Array.from({ length: current.count }, () => faultAnswer(fault)));
    for (const batch of others) batch.done("not begun");
  }
}

/** The answer that a fault is. */
export function faultAnswer(fault: Fault): WorkerAnswer {
  return { head: { status: fault.status, headers: {}, bytes: 0, fault }, body: new Uint8Array() };
}

export const workerDied = refuse("InternalServerException", "Worker died.").fault;
export const scaledDown = refuse("InternalServerException", "Worker scaled down.").fault;
const outOfMemory = refuse("InternalServerException", "Worker died.", { status: 507 }).fault;
