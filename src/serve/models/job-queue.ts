// The requests of one model that wait for a worker. Bounded; what is cancelled or too late leaves it without ever reaching a worker.
import type { Shipment, WorkerAnswer } from "./worker-process.ts";

/** A request that waits, or runs. */
export interface Job {
  readonly shipment: Shipment;
  /** The client named the version. */
  readonly named: boolean;
  /** On the clock of `performance.now()`, in ms. */
  readonly queuedAt: number;
  /** When the client stops waiting, on the same clock; Infinity where it does not say. */
  readonly deadline: number;
  readonly isCancelled: () => boolean;
  readonly answer: (answer: WorkerAnswer) => void;
  /** Workers that died while it waited in them. */
  readonly losses: number;
}

/** First in, first out. */
export class JobQueue {
  #jobs: Job[] = [];
  #head = 0;

  get length(): number {
    return this.#jobs.length - this.#head;
  }
  /** The one that waits longest. */
  get first(): Job | undefined {
    return this.#jobs[this.#head];
  }

  push(job: Job): void {
    this.#jobs.push(job);
  }

  /** Puts jobs back in front of the others. */
  unshift(jobs: readonly Job[]): void {
    this.#jobs = [...jobs, ...this.drain()];
  }

  /** Takes one out; undefined when there is none. */
  shift(): Job | undefined {
    const job = this.#jobs[this.#head];
    if (job === undefined) return undefined;
    this.#head++;
    // Copying half of it away now and then keeps both time and memory in proportion.
    if (this.#head > 64 && this.#head * 2 > this.#jobs.length) {
      this.#jobs = this.#jobs.slice(this.#head);
      this.#head = 0;
    }
    return job;
  }

  /** Takes all out. */
  drain(): Job[] {
    const rest = this.#jobs.slice(this.#head);
    this.#jobs = [];
    this.#head = 0;
    return rest;
  }

  /** Drops what is cancelled: a client that went away must not hold a place. */
  dropCancelled(): void {
    this.#jobs = this.drain().filter((job) => !job.isCancelled());
  }
}
