// One version of a model: its queue, its workers, and how requests get from one to the other.
import { availableParallelism } from "node:os";
import { refuse, type ServeFault } from "../fault.ts";
import type { Observer } from "../observer.ts";
import type { ModelIo, WorkerModel } from "../wire/messages.ts";
import { BatchSize } from "./batch-size.ts";
import { type Job, JobQueue } from "./job-queue.ts";
import type { VersionSettings } from "./version-settings.ts";
import { VersionStatistics } from "./version-statistics.ts";
import { faultAnswer, type Shipment, scaledDown, type WorkerAnswer, workerDied } from "./worker-process.ts";
import { WorkerSlot } from "./worker-slot.ts";
import type { WorkerSpawner } from "./worker-spawner.ts";

export interface VersionParts {
  readonly model: Omit<WorkerModel, "threads">;
  /** How its archive was named when it was registered. */
  readonly url: string;
  /** The archive's file, where the server downloaded it: it goes with the model. */
  readonly downloaded?: string;
  /** What the archive says runs it; only shown. */
  readonly runtime: string;
  readonly loadedAtStartup: boolean;
  readonly settings: VersionSettings;
  readonly observer: Observer;
  readonly spawner: WorkerSpawner;
  readonly nextWorkerId: () => number;
  /** Whether the model's compiled file is there already. */
  readonly isCompiled: () => boolean;
}

export interface SubmitOptions {
  /** The client named the version. */
  readonly named: boolean;
  /** ms from now; 0 or absent: the version's own client timeout. */
  readonly timeout?: number;
  readonly isCancelled: () => boolean;
}

export class ServedVersion {
  readonly parts: VersionParts;
  readonly statistics = new VersionStatistics();
  #settings: VersionSettings;
  readonly #queue = new JobQueue();
  #slots: WorkerSlot[] = [];
  readonly #sizes: BatchSize;
  #delay: NodeJS.Timeout | undefined;
  #running = 0;
  #closing = false;
  #idle: (() => void)[] = [];

  constructor(parts: VersionParts) {
    this.parts = parts;
    this.#settings = parts.settings;
    this.#sizes = new BatchSize(parts.settings.batchSize);
  }

  get name(): string {
    return this.parts.model.name;
  }
  get version(): string {
    return this.parts.model.version;
  }
  get settings(): VersionSettings {
    return this.#settings;
  }
  get slots(): readonly WorkerSlot[] {
    return this.#slots;
  }
  get queued(): number {
    return this.#queue.length;
  }
  /** What the model takes and gives, once a worker was ready. */
  get io(): ModelIo | undefined {
    return this.#slots.find((s) => s.io)?.io;
  }
  get isReady(): boolean {
    return this.#slots.some((s) => s.status === "READY");
  }
  /** What a worker that is ready says of the model; undefined where there is none. */
  async describe(): Promise<unknown> {
    return this.#slots.find((s) => s.status === "READY")?.process?.describe();
  }

  /** As many workers as it should have are ready or still being tried. */
  get isHealthy(): boolean {
    return this.#slots.filter((s) => s.isHealthy).length >= this.#settings.minWorkers;
  }

  /**
   * Queues a request. Resolves with the answer, whatever it is; throws ServeFault where it is refused: no workers, the queue is full, or the
   * client would not wait long enough.
   */
  submit(shipment: Shipment, { named, timeout, isCancelled }: SubmitOptions): Promise<WorkerAnswer> {
    this.parts.observer.asked({ model: this.name, version: this.version, named });
    if (this.#closing || !this.#slots.some((s) => s.isHealthy)) throw this.#noWorker(named);
    if (this.#queue.length >= this.#settings.queueSize) {
      this.#queue.dropCancelled();
      if (this.#queue.length >= this.#settings.queueSize) throw this.#noWorker(named, this.#secondsUntilRoom());
    }
    const wait = timeout || this.#settings.clientTimeout || Number.POSITIVE_INFINITY;
    const expected = this.#expectedWait();
    if (expected > wait) throw tooLate(`The request would wait about ${Math.ceil(expected)} ms, and its client only waits ${wait} ms.`);
    const queuedAt = performance.now();
    return new Promise((answer) => {
      this.#queue.push({ shipment, named, queuedAt, deadline: queuedAt + wait, isCancelled, answer, losses: 0 });
      this.#dispatch();
    });
  }

  /** Sets how many workers there are; resolves once the new ones have started or failed. True when all that should be there are ready. */
  async scale(minWorkers: number, maxWorkers: number): Promise<boolean> {
    this.#settings = { ...this.#settings, minWorkers, maxWorkers };
    // One that gave up is in the way of another try.
    for (const slot of this.#slots.filter((s) => s.status === "FAILED")) slot.stop();
    this.#slots = this.#slots.filter((s) => s.status !== "STOPPED");
    while (this.#slots.length > minWorkers) this.#slots.pop()?.stop();
    // The first one compiles; the others find what it has made.
    if (this.#slots.length < minWorkers && !this.parts.isCompiled()) {
      this.#addSlot();
      await this.#slots.at(-1)?.settled();
    }
    const failed = () => this.#slots.some((s) => s.status === "FAILED");
    while (this.#slots.length < this.#settings.minWorkers && !failed() && !this.#closing) this.#addSlot();
    await Promise.all(this.#slots.map((s) => s.settled()));
    return this.#slots.length >= minWorkers && this.#slots.every((s) => s.status === "READY");
  }

  /** Why a worker could not start; empty when none failed. */
  get failure(): string {
    return this.#slots.find((s) => s.failure !== "")?.failure ?? "";
  }

  /** Takes no more requests, waits up to `grace` ms for those it has, and ends the workers. False when some were cut off. */
  async close(grace: number): Promise<boolean> {
    this.#closing = true;
    let timer: NodeJS.Timeout | undefined;
    if (this.#running > 0 || this.#queue.length > 0) {
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, grace);
      });
      await Promise.race([new Promise<void>((resolve) => this.#idle.push(resolve)), late]);
      clearTimeout(timer);
    }
    const clean = this.#running === 0 && this.#queue.length === 0;
    for (const job of this.#queue.drain()) job.answer(faultAnswer(scaledDown));
    for (const slot of this.#slots.splice(0)) slot.stop();
    return clean;
  }

  #addSlot(): void {
    const { model, observer, spawner, nextWorkerId } = this.parts;
    const share = Math.floor(availableParallelism() / Math.max(1, this.#settings.minWorkers));
    const threads = this.#settings.threads || Math.max(1, share);
    const slot = new WorkerSlot({
      id: nextWorkerId(),
      model: { ...model, threads },
      settings: this.#settings,
      observer,
      spawner,
      changed: () => this.#dispatch(),
    });
    this.#slots.push(slot);
  }

  /** Gives workers what waits: an idle one whatever is there, a busy one full batches ahead, so that it need not wait for the next. */
  #dispatch(): void {
    for (;;) {
      if (this.#queue.length === 0 || this.#slots.length === 0 || this.#waitsForMore()) break;
      const slot = this.#slots.reduce((a, b) => (b.outstanding < a.outstanding ? b : a));
      const most = this.#batchLimit();
      if (slot.outstanding > 0 && (slot.outstanding >= this.#depth() || this.#queue.length < most)) break;
      const jobs = this.#takeBatch(most);
      if (jobs.length > 0) void this.#run(slot, jobs);
    }
    if (this.#running === 0 && this.#queue.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #batchLimit(): number {
    const { batchPolicy, batchSize } = this.#settings;
    return batchPolicy === "ingot" ? Math.min(this.#sizes.limit, batchSize) : batchSize;
  }

  /** Batches in one worker: as many as it answers in about 10 ms, so that the way there and back costs no time, and at least the next one. */
  #depth(): number {
    return Math.min(16, Math.max(2, Math.floor(10 / (this.#sizes.costPerBatch ?? 10))));
  }

  /** TorchServe's policy: a batch that is not full waits until its first request has waited long enough. */
  #waitsForMore(): boolean {
    const { batchPolicy, batchSize, maxBatchDelay } = this.#settings;
    const first = this.#queue.first;
    if (batchPolicy !== "torchserve" || first === undefined || this.#queue.length >= batchSize) return false;
    const left = first.queuedAt + maxBatchDelay - performance.now();
    if (left <= 0) return false;
    this.#delay ??= setTimeout(() => {
      this.#delay = undefined;
      this.#dispatch();
    }, left);
    return true;
  }

  #takeBatch(most: number): Job[] {
    const now = performance.now();
    const jobs: Job[] = [];
    while (jobs.length < most) {
      const job = this.#queue.shift();
      if (job === undefined) break;
      if (job.isCancelled()) job.answer(faultAnswer(gone.fault));
      else if (now > job.deadline) job.answer(faultAnswer(tooLate("The client's time was over before a worker was free.").fault));
      else jobs.push(job);
    }
    return jobs;
  }

  async #run(slot: WorkerSlot, jobs: readonly Job[]): Promise<void> {
    const since = performance.now();
    this.#running += jobs.length;
    const result = await slot.run(jobs.map((j) => j.shipment));
    this.#running -= jobs.length;
    if (result === "not begun") this.#putBack(jobs);
    else {
      const timing = result.find((answer) => answer.head.timing)?.head.timing;
      if (timing) this.#sizes.note(jobs.length, timing.preprocess + timing.inference + timing.postprocess);
      for (const [i, job] of jobs.entries()) this.#finish(job, result[i] as WorkerAnswer, since);
    }
    this.#dispatch();
  }

  /** `since` is when a worker was given the job. */
  #finish(job: Job, answer: WorkerAnswer, since: number): void {
    const { status, timing, fault } = answer.head;
    const queue = since - job.queuedAt;
    this.statistics.note(status, queue, performance.now() - job.queuedAt, timing);
    this.parts.observer.served({
      model: this.name,
      version: this.version,
      named: job.named,
      queue,
      worker: performance.now() - since,
      timing,
      status,
      requestId: job.shipment.head.requestId,
      ...(fault && { problem: fault.message }),
    });
    job.answer(answer);
  }

  /** Requests that waited in a worker that died go to another one, once: what kills a worker that only reads it must not go round for ever. */
  #putBack(jobs: readonly Job[]): void {
    const fault = this.#closing ? scaledDown : workerDied;
    const again = jobs.filter((job) => job.losses === 0 && !this.#closing);
    for (const job of jobs) if (!again.includes(job)) this.#finish(job, faultAnswer(fault), performance.now());
    this.#queue.unshift(again.map((job) => ({ ...job, losses: 1 })));
  }

  /** ms until a request that came now would be answered, going by the batches so far. */
  #expectedWait(): number {
    const cost = this.#sizes.costPerRequest;
    if (cost === undefined) return 0;
    return ((this.#queue.length + this.#running) * cost) / Math.max(1, this.#slots.length);
  }

  #secondsUntilRoom(): number {
    return Math.max(1, Math.ceil(this.#expectedWait() / 1000));
  }

  /** TorchServe has one text for no workers and a full queue. */
  #noWorker(named: boolean, retryAfter?: number): ServeFault {
    const which = named ? `Model "${this.name}" Version ${this.version}` : `Model "${this.name}"`;
    const rest =
      "has no worker to serve inference request. Please use scale workers API to add workers. If this is a sequence inference, please check if it is closed, or expired; or exceeds maxSequenceJobQueueSize";
    return refuse("ServiceUnavailableException", `${which} ${rest}`, retryAfter === undefined ? {} : { retryAfter });
  }
}

const tooLate = (message: string) => refuse("RequestTimeoutException", message);
const gone = refuse("RequestTimeoutException", "The client is gone.");
