// What the parts of the server tell those who count and log: one interface, so that none of them knows who listens.
import type { Timing } from "./wire/messages.ts";

/** Which version of a model a request is for. */
export interface Asked {
  readonly model: string;
  readonly version: string;
  /** Whether the client named the version. */
  readonly named: boolean;
}

/** A request that reached a worker and came back. Times in ms. */
export interface Served extends Asked {
  /** In the queue, before a worker took it. */
  readonly queue: number;
  /** From when a worker was given its batch until its answer was there. */
  readonly worker: number;
  /** What the worker measured; undefined where the request failed. */
  readonly timing: Timing | undefined;
  readonly status: number;
  readonly requestId: string;
  /** What the client was told went wrong. */
  readonly problem?: string;
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

/** An HTTP request of any route, once its answer is sent. */
export interface Answered {
  readonly method: string;
  /** Without the query, which may hold what is nobody's business. */
  readonly path: string;
  readonly status: number;
  /** From its headers to the end of its answer. */
  readonly ms: number;
  readonly requestId: string;
  /** What the client was told went wrong. */
  readonly problem?: string;
}

export interface Observer {
  /** A request for a model came, whether it will be served or not. */
  asked(event: Asked): void;
  served(event: Served): void;
  worker(event: WorkerEvent): void;
  answered(event: Answered): void;
  /** Which models there are, their settings or their default versions are not what they were. */
  modelsChanged(): void;
}

/** One observer that tells all of them, in their order. */
export function observers(...all: readonly Observer[]): Observer {
  return {
    asked(event) {
      for (const o of all) o.asked(event);
    },
    served(event) {
      for (const o of all) o.served(event);
    },
    worker(event) {
      for (const o of all) o.worker(event);
    },
    answered(event) {
      for (const o of all) o.answered(event);
    },
    modelsChanged() {
      for (const o of all) o.modelsChanged();
    },
  };
}

const nothing = () => {};

/** An observer that listens to some events only. */
export const observing = (some: Partial<Observer>): Observer => ({
  asked: nothing,
  served: nothing,
  worker: nothing,
  answered: nothing,
  modelsChanged: nothing,
  ...some,
});
