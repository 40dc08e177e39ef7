// What the parts of the server tell those who count and log: one interface, so that none of them knows who listens.
import type { Timing } from "./wire/messages.ts";

/** A request that reached a worker and came back. Times in ms. */
export interface Served {
  readonly model: string;
  readonly version: string;
  /** Whether the client named the version. */
  readonly queue: number;
  readonly timing: Timing | undefined;
  readonly status: number;
  readonly requestId: string;
}

export interface WorkerEvent {
  readonly model: string;
  readonly version: string;
  readonly worker: number;
  readonly what: "starting" | "ready" | "failed" | "died" | "stopped" | "gave up" | "warning" | "error";
  readonly detail?: string;
  /** For `ready`: how long it took to start. */
  readonly ms?: number;
}

export interface Observer {
  served(event: Served): void;
  worker(event: WorkerEvent): void;
}
