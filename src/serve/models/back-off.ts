// How long to wait before a worker that died is started again: TorchServe's row, Fibonacci's numbers from 0, so that the first try is at once.

/** Seconds to wait, longer each time until it is reset. */
export class BackOff {
  #wait = 0;
  #after = 1;

  /** 0, 1, 1, 2, 3, 5, 8, … */
  next(): number {
    const wait = this.#wait;
    [this.#wait, this.#after] = [this.#after, wait + this.#after];
    return wait;
  }

  /** It worked: the next failure is a first one. */
  reset(): void {
    this.#wait = 0;
    this.#after = 1;
  }
}
