// The last minutes of each model, for people who look at it now: where the time of its requests went, how many there were, how they were batched,
// and what went wrong. Bounded: seconds that are over are forgotten, and so are models that nobody asks any more.
import { type Answered, type Asked, type Observer, observing, type Served } from "../observer.ts";
import type { Timing } from "../wire/messages.ts";
import type { LiveError, LiveModel, LiveSecond, LiveView } from "./live-figures.ts";

const windowSeconds = 300;
const mostModels = 1000;
const mostErrors = 100;
/** Of a message of an error: whatever a client sends may be quoted in it. */
const longestMessage = 500;
const longestPath = 200;

const stages = ["queue", "preprocess", "inference", "postprocess"] as const;

/** One second, while it is added to. */
class Second {
  readonly at: number;
  requests = 0;
  errors = 0;
  readonly sums = { queue: 0, preprocess: 0, inference: 0, postprocess: 0 };
  readonly batches = new Map<number, number>();
  /** Requests by the logarithm of their time. */
  readonly times = new Map<number, number>();

  constructor(at: number) {
    this.at = at;
  }

  add({ status, queue, worker, timing }: Served): void {
    this.requests++;
    if (status >= 400) this.errors++;
    count(this.times, timeClass(queue + worker), 1);
    if (timing) this.#addTiming(queue, timing);
  }

  #addTiming(queue: number, timing: Timing): void {
    this.sums.queue += queue;
    this.sums.preprocess += timing.preprocess;
    this.sums.inference += timing.inference;
    this.sums.postprocess += timing.postprocess;
    count(this.batches, timing.batch, 1);
  }

  get view(): LiveSecond {
    const timed = sum(this.batches.values());
    const mean = (stage: (typeof stages)[number]) => (timed === 0 ? 0 : this.sums[stage] / timed);
    const { at, requests, errors } = this;
    return {
      at,
      requests,
      errors,
      queue: mean("queue"),
      preprocess: mean("preprocess"),
      inference: mean("inference"),
      postprocess: mean("postprocess"),
    };
  }
}

export class LiveWindow {
  /** By name and version; the one that was asked last comes last. */
  readonly #models = new Map<string, { readonly asked: Pick<Asked, "model" | "version">; seconds: Second[] }>();
  readonly #errors: LiveError[] = [];
  readonly #now: () => number;

  /** `now` gives ms since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  readonly observer: Observer = observing({
    served: (event) => this.#add(event),
    answered: (event) => this.#refused(event),
  });

  /** What the window has now. */
  view(): LiveView {
    const now = Math.floor(this.#now() / 1000);
    const models = [...this.#models.values()].flatMap(({ asked, seconds }) => {
      const recent = seconds.filter((second) => second.at > now - windowSeconds);
      return recent.length === 0 ? [] : [modelView(asked.model, asked.version, recent)];
    });
    const byName = (a: LiveModel, b: LiveModel) => (a.model === b.model ? compare(a.version, b.version) : compare(a.model, b.model));
    return { now, window: windowSeconds, models: models.sort(byName), errors: this.#errors.toReversed() };
  }

  #add(event: Served): void {
    const { model, version, status, requestId, problem = "" } = event;
    const at = this.#now();
    const key = `${model}\n${version}`;
    const entry = this.#models.get(key) ?? { asked: { model, version }, seconds: [] };
    this.#models.delete(key);
    this.#models.set(key, entry);
    const [oldest] = this.#models.keys();
    if (this.#models.size > mostModels && oldest !== undefined) this.#models.delete(oldest);
    const second = Math.floor(at / 1000);
    // A clock that was set back adds to the newest second.
    if ((entry.seconds.at(-1)?.at ?? 0) < second) {
      entry.seconds.push(new Second(second));
      const begin = entry.seconds.findIndex((s) => s.at > second - windowSeconds);
      if (begin > 0) entry.seconds.splice(0, begin);
    }
    entry.seconds.at(-1)?.add(event);
    if (status < 400) return;
    this.#error({ at, what: `${model} ${version}`, status, requestId, message: problem });
  }

  /** Requests that were refused before a worker had them; what the pages ask for themselves is nobody's error. */
  #refused({ method, path, status, requestId, problem = "" }: Answered): void {
    if (status < 400 || (path.startsWith("/ui") && !path.startsWith("/ui/api/predict/"))) return;
    if (this.#errors.some((e) => e.requestId === requestId)) return;
    this.#error({ at: this.#now(), what: `${method} ${path.slice(0, longestPath)}`, status, requestId, message: problem });
  }

  #error(error: LiveError): void {
    this.#errors.push({ ...error, message: error.message.slice(0, longestMessage) });
    if (this.#errors.length > mostErrors) this.#errors.shift();
  }
}

function modelView(model: string, version: string, seconds: readonly Second[]): LiveModel {
  const batches = new Map<number, number>();
  const times = new Map<number, number>();
  for (const second of seconds) {
    for (const [size, requests] of second.batches) count(batches, size, requests);
    for (const [of, requests] of second.times) count(times, of, requests);
  }
  const ordered = [...times].sort(([a], [b]) => a - b);
  return {
    model,
    version,
    seconds: seconds.map((second) => second.view),
    batches: [...batches].sort(([a], [b]) => a - b),
    p50: percentile(ordered, 0.5),
    p95: percentile(ordered, 0.95),
    p99: percentile(ordered, 0.99),
  };
}

/** Classes of times are 10 % wide, so that their middle is within 5 %. */
const width = Math.log(1.1);
const timeClass = (ms: number) => Math.round(Math.log(Math.max(ms, 1e-3)) / width);

/** The time that a share of the requests had at most. */
function percentile(ordered: readonly (readonly [number, number])[], share: number): number {
  const wanted = share * sum(ordered.map(([, requests]) => requests));
  let seen = 0;
  for (const [of, requests] of ordered) {
    seen += requests;
    if (seen >= wanted) return Math.exp(of * width);
  }
  return 0;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

const count = (into: Map<number, number>, key: number, by: number) => into.set(key, (into.get(key) ?? 0) + by);
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
