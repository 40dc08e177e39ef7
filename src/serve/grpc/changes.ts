// Tells those that watch the server's health when it may have changed.
import { type Observer, observing } from "../observer.ts";

export class Changes {
  readonly #watchers = new Set<() => void>();
  #closed = false;

  /** Hears of what happens to workers and models. */
  readonly observer: Observer = observing({ worker: () => this.notify(), modelsChanged: () => this.notify() });

  /** Something has changed. */
  notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** No watcher is left waiting. */
  close(): void {
    this.#closed = true;
    this.notify();
  }

  /** Calls `isDone` now and after each change; resolves when it says true, or at the end of the server. */
  until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isDone() && !this.#closed) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }
}
