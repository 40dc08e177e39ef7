// How many requests to put into one batch: as many as are there, up to the size from which more no longer makes one cheaper.

/** A doubling of the batch has to save this share of the time of each request, or it only makes all of them wait longer. */
const worthwhile = 0.03;
/** The weight of the newest measurement. */
const weight = 0.2;
/** Every so many batches a larger one is tried again: what was measured may have been a noisy moment. */
const tryAgain = 50;

/** Learns from the batches of one model how large they should be. */
export class BatchSize {
  readonly #most: number;
  /** ms per request of batches of 2^i up to 2^(i+1) − 1 requests. */
  readonly #cost: (number | undefined)[] = [];
  #batches = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The most requests that the next batch should have. */
  get limit(): number {
    if (this.#batches % tryAgain === tryAgain - 1) return this.#most;
    for (let i = 0; 2 ** (i + 1) <= this.#most; i++) {
      const [small, large] = [this.#cost[i], this.#cost[i + 1]];
      if (small !== undefined && large !== undefined && large > small * (1 - worthwhile)) return 2 ** (i + 1) - 1;
    }
    return this.#most;
  }

  /** Notes that a batch of `count` requests took `ms`. */
  note(count: number, ms: number): void {
    this.#batches++;
    const i = Math.floor(Math.log2(count));
    const before = this.#cost[i];
    this.#cost[i] = before === undefined ? ms / count : before + weight * (ms / count - before);
  }

  /** ms that a full batch takes; undefined before the first. */
  get costPerBatch(): number | undefined {
    const i = this.#cost.findLastIndex((c) => c !== undefined);
    return i < 0 ? undefined : (this.#cost[i] as number) * 2 ** i;
  }

  /** ms that a request costs in the largest batches seen so far; undefined before the first. */
  get costPerRequest(): number | undefined {
    return this.#cost.findLast((c) => c !== undefined);
  }
}
