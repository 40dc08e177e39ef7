// A place for a worker: starts its process, starts it again when it dies, later each time (Fibonacci seconds), and gives up after a while.
import type { Observer } from "../observer.ts";
import type { ModelIo, WorkerModel } from "../wire/messages.ts";
import { BackOff } from "./back-off.ts";
import type { VersionSettings } from "./version-settings.ts";
import { type BatchResult, type Shipment, scaledDown, WorkerProcess, workerDied } from "./worker-process.ts";
import type { WorkerSpawner } from "./worker-spawner.ts";

export type SlotStatus = "STARTING" | "READY" | "RETRYING" | "FAILED" | "STOPPED";

interface SlotParts {
  readonly id: number;
  readonly model: WorkerModel;
  readonly settings: VersionSettings;
  readonly observer: Observer;
  readonly spawner: WorkerSpawner;
  /** Called whenever its status changes. */
  readonly changed: () => void;
}

export class WorkerSlot {
  readonly id: number;
  readonly #parts: SlotParts;
  #process: WorkerProcess | undefined;
  #status: SlotStatus = "STARTING";
  #io: ModelIo | undefined;
  #failure = "";
  #timer: NodeJS.Timeout | undefined;
  readonly #backOff = new BackOff();
  #failingSince: number | undefined;
  #settled: (() => void)[] = [];

  constructor(parts: SlotParts) {
    this.id = parts.id;
    this.#parts = parts;
    this.#start();
  }

  get status(): SlotStatus {
    return this.#status;
  }
  get io(): ModelIo | undefined {
    return this.#io;
  }
  /** Why it failed. */
  get failure(): string {
    return this.#failure;
  }
  get process(): WorkerProcess | undefined {
    return this.#process;
  }
  /** Batches that were sent and not answered; Infinity while it is not ready. */
  get outstanding(): number {
    return this.#status === "READY" ? (this.#process?.outstanding ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  }
  /** Ready, or still being tried. */
  get isHealthy(): boolean {
    return this.#status !== "FAILED" && this.#status !== "STOPPED";
  }

  /** Resolves once it is known whether the worker starts; at its first death too, after which it is tried again. */
  settled(): Promise<void> {
    if (this.#status !== "STARTING") return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  /** Sends a batch; it must be ready. Never rejects. */
  async run(requests: readonly Shipment[]): Promise<BatchResult> {
    const process = this.#process as WorkerProcess;
    if (process.outstanding === 0) this.#watch(process);
    const result = await process.run(requests);
    // Only an answer shows that it works: a process that died over the batch is another one by now, or none.
    if (this.#process === process && this.#status === "READY") {
      this.#backOff.reset();
      if (process.outstanding > 0) this.#watch(process);
      else clearTimeout(this.#timer);
    }
    return result;
  }

  /** Ends a process that has not answered a batch in time; from now on, as that is when it began with it. */
  #watch(process: WorkerProcess): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => process.kill(workerDied), this.#parts.settings.responseTimeout);
  }

  /** Ends the worker; what is in it is answered with `Worker scaled down.`. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#become("STOPPED");
    this.#process?.kill(scaledDown);
    this.#tell("stopped");
  }

  #start(): void {
    const { id, model, settings, spawner } = this.#parts;
    const since = performance.now();
    this.#tell("starting");
    this.#timer = setTimeout(() => this.#process?.kill(workerDied), settings.startupTimeout);
    this.#process = new WorkerProcess(id, spawner.take(), model, {
      ready: (io) => {
        clearTimeout(this.#timer);
        this.#io = io;
        this.#failingSince = undefined;
        this.#become("READY");
        this.#tell("ready", undefined, performance.now() - since);
      },
      failed: (message) => {
        clearTimeout(this.#timer);
        this.#failure = message;
        this.#become("FAILED");
        this.#tell("failed", message);
        this.#process?.kill();
      },
      gone: (how) => this.#gone(how),
      log: (level, message) => this.#tell(level === "warn" ? "warning" : "error", message),
    });
  }

  #gone(how: string): void {
    clearTimeout(this.#timer);
    this.#process = undefined;
    if (this.#status === "STOPPED" || this.#status === "FAILED") return;
    this.#tell("died", how);
    this.#failingSince ??= performance.now();
    if (performance.now() - this.#failingSince > this.#parts.settings.maxRetryTimeout) {
      this.#failure = how;
      this.#become("FAILED");
      this.#tell("gave up", how);
      return;
    }
    this.#become("RETRYING");
    this.#timer = setTimeout(() => this.#start(), this.#backOff.next() * 1000);
  }

  #become(status: SlotStatus): void {
    this.#status = status;
    for (const resolve of this.#settled.splice(0)) resolve();
    this.#parts.changed();
  }

  #tell(what: Parameters<Observer["worker"]>[0]["what"], detail?: string, ms?: number): void {
    const { observer, model } = this.#parts;
    observer.worker({
      model: model.name,
      version: model.version,
      worker: this.id,
      what,
      ...(detail !== undefined && { detail }),
      ...(ms !== undefined && { ms }),
    });
  }
}
