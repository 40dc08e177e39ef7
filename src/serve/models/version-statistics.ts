// What one version of a model has done since it was registered: counts and times, as Triton's statistics extension asks for them.
import type { Timing } from "../wire/messages.ts";

/** How often, and how long together, in ms. */
export interface Duration {
  readonly count: number;
  readonly ms: number;
}

export type Stage = "success" | "fail" | "queue" | "preprocess" | "inference" | "postprocess";

/** The times of runs of one size. */
export interface BatchDurations {
  readonly size: number;
  readonly stages: Readonly<Record<"preprocess" | "inference" | "postprocess", Duration>>;
}

export class VersionStatistics {
  readonly #stages = new Map<Stage, { count: number; ms: number }>();
  /** By requests in a run. Of each run the requests add a share: its count is fractional until all of them are noted. */
  readonly #batches = new Map<number, { runs: number; preprocess: number; inference: number; postprocess: number }>();
  #lastAt = 0;

  /** Notes an answered request; `queue` and `total` in ms. */
  note(status: number, queue: number, total: number, timing: Timing | undefined): void {
    this.#lastAt = Date.now();
    if (status >= 400 || !timing) return this.#add("fail", total);
    this.#add("success", total);
    this.#add("queue", queue);
    const { preprocess, inference, postprocess, batch } = timing;
    this.#add("preprocess", preprocess);
    this.#add("inference", inference);
    this.#add("postprocess", postprocess);
    const runs = this.#batches.get(batch) ?? { runs: 0, preprocess: 0, inference: 0, postprocess: 0 };
    runs.runs += 1 / batch;
    runs.preprocess += preprocess;
    // All requests of a run have its whole time.
    runs.inference += inference / batch;
    runs.postprocess += postprocess;
    this.#batches.set(batch, runs);
  }

  /** When the last request was answered, in ms since 1970; 0: never. */
  get lastAt(): number {
    return this.#lastAt;
  }

  stage(stage: Stage): Duration {
    return this.#stages.get(stage) ?? { count: 0, ms: 0 };
  }

  /** Smallest first. */
  get batches(): BatchDurations[] {
    return [...this.#batches]
      .sort(([a], [b]) => a - b)
      .map(([size, { runs, ...ms }]) => {
        const count = Math.round(runs);
        const stages = {
          preprocess: { count, ms: ms.preprocess },
          inference: { count, ms: ms.inference },
          postprocess: { count, ms: ms.postprocess },
        };
        return { size, stages };
      });
  }

  #add(stage: Stage, ms: number): void {
    const sum = this.#stages.get(stage) ?? { count: 0, ms: 0 };
    sum.count++;
    sum.ms += ms;
    this.#stages.set(stage, sum);
  }
}
