// What happened in the last minutes, for the pages: figures by second and model version, and the newest errors. Memory is bounded by the
// number of models, whatever the load.
import { type Answered, type Observer, observing, type Served } from "../observer.ts";
import { addTo, emptyHistogram, type Histogram, note, percentile } from "./latency-histogram.ts";
import type { LiveError, LiveFigures, LiveModel } from "./live-figures.ts";

const window = 120;
const mostErrors = 200;
/** Characters of an error's message that are kept. */
const longestMessage = 500;

interface Second {
  at: number;
  requests: number;
  errors: number;
  measured: number;
  queue: number;
  preprocess: number;
  inference: number;
  postprocess: number;
  latencies: Histogram;
  batches: Map<number, number>;
}

/** Keeps the figures of the last two minutes; `clock` gives ms since 1970. */
export class Live {
  readonly observer: Observer = observing({
    served: (event) => this.#note(event),
    answered: (event) => this.#refused(event),
  });
  readonly #clock: () => number;
  readonly #models = new Map<string, { readonly model: string; readonly version: string; readonly ring: (Second | undefined)[] }>();
  readonly #errors: LiveError[] = [];

  constructor(clock: () => number = Date.now) {
    this.#clock = clock;
  }

  /** The figures of now. */
  figures(): LiveFigures {
    const now = Math.floor(this.#clock() / 1000);
    const models: LiveModel[] = [];
    for (const [key, { model, version, ring }] of this.#models) {
      const seconds = ring.filter((s): s is Second => s !== undefined && s.at > now - window).sort((a, b) => a.at - b.at);
      // A version without a request in the window costs nothing any more: it may be gone.
      if (seconds.length === 0) this.#models.delete(key);
      else models.push({ model, version, ...summary(seconds) });
    }
    return { now, window, models, errors: [...this.#errors].reverse() };
  }

  #note({ model, version, queue, worker, timing, status, requestId, problem }: Served): void {
    const ms = this.#clock();
    const second = this.#second(model, version, Math.floor(ms / 1000));
    second.requests++;
    second.queue += queue;
    note(second.latencies, queue + worker);
    if (timing) {
      second.measured++;
      second.preprocess += timing.preprocess;
      second.inference += timing.inference;
      second.postprocess += timing.postprocess;
      second.batches.set(timing.batch, (second.batches.get(timing.batch) ?? 0) + 1);
    }
    if (status < 400) return;
    second.errors++;
    this.#error({ at: ms, what: `${model} ${version}`, status, requestId, message: problem ?? "" });
  }

  /** Requests that were refused before a worker saw them; what the pages ask for themselves is nobody's error. */
  #refused({ method, path, status, requestId, problem }: Answered): void {
    if (status < 400 || (path.startsWith("/ui") && !path.startsWith("/ui/api/predict/"))) return;
    if (this.#errors.some((e) => e.requestId === requestId)) return;
    this.#error({ at: this.#clock(), what: `${method} ${path.slice(0, 200)}`, status, requestId, message: problem ?? "" });
  }

  #error(error: LiveError): void {
    this.#errors.push({ ...error, message: error.message.slice(0, longestMessage) });
    if (this.#errors.length > mostErrors) this.#errors.shift();
  }

  #second(model: string, version: string, at: number): Second {
    const key = JSON.stringify([model, version]);
    let entry = this.#models.get(key);
    if (!entry) {
      entry = { model, version, ring: new Array<Second | undefined>(window) };
      this.#models.set(key, entry);
    }
    const found = entry.ring[at % window];
    if (found?.at === at) return found;
    const fresh: Second = {
      at,
      requests: 0,
      errors: 0,
      measured: 0,
      queue: 0,
      preprocess: 0,
      inference: 0,
      postprocess: 0,
      latencies: emptyHistogram(),
      batches: new Map(),
    };
    entry.ring[at % window] = fresh;
    return fresh;
  }
}

function summary(seconds: readonly Second[]): Omit<LiveModel, "model" | "version"> {
  const latencies = emptyHistogram();
  const batches = new Map<number, number>();
  for (const s of seconds) {
    addTo(latencies, s.latencies);
    for (const [size, requests] of s.batches) batches.set(size, (batches.get(size) ?? 0) + requests);
  }
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(latencies, share));
  return {
    seconds: seconds.map((s) => {
      const mean = (sum: number) => (s.measured === 0 ? 0 : sum / s.measured);
      return {
        at: s.at,
        requests: s.requests,
        errors: s.errors,
        queue: s.queue / s.requests,
        preprocess: mean(s.preprocess),
        inference: mean(s.inference),
        postprocess: mean(s.postprocess),
      };
    }),
    batches: [...batches].sort((a, b) => a[0] - b[0]),
    ...(p50 !== undefined && { p50 }),
    ...(p95 !== undefined && { p95 }),
    ...(p99 !== undefined && { p99 }),
  };
}
