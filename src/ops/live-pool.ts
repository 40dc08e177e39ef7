// Memory reuse for the graph loop: counts the live values on each buffer and hands a buffer out again when its last value died.
import type { BufferPool } from "../tensor/allocate.ts";
import { Storage } from "../tensor/storage.ts";
import { contentsOf, type RuntimeValue } from "./runtime-value.ts";

/** Tiny buffers cost less to make than to track. */
const smallest = 1024;
/**
 * A buffer serves requests down to this part of its size. Networks halve their activations from stage to stage: with exact sizes only, the
 * buffers of every stage would stay beside those of the next; without any bound, a small value that lives long would hold a large buffer.
 * Measured on ResNet-152 in largest live sets (`npm run bench -- operators/eager-memory`): a half 1.3, a quarter 1.2.
 */
const smallestPart = 1 / 4;

/** Only buffers that this pool has handed out are ever reused: inputs, weights and buffers made elsewhere are never touched. */
export class LivePool implements BufferPool {
  readonly #live = new Map<ArrayBuffer, number>();
  readonly #own = new WeakSet<ArrayBuffer>();
  /** Smallest first. */
  readonly #free: ArrayBuffer[] = [];
  /** Bytes handed out anew, for the memory report. */
  allocatedBytes = 0;

  /** How many buffers hold values now. */
  get liveBuffers(): number {
    return this.#live.size;
  }

  take(bytes: number): ArrayBuffer | undefined {
    if (bytes < smallest) return undefined;
    const at = this.#firstFrom(bytes);
    const fit = this.#free[at];
    if (fit && fit.byteLength * smallestPart <= bytes) {
      this.#free.splice(at, 1);
      return fit;
    }
    this.allocatedBytes += bytes;
    const fresh = new ArrayBuffer(bytes);
    this.#own.add(fresh);
    return fresh;
  }

  /** A value on a buffer came to life. Views of one buffer count each. */
  hold(value: RuntimeValue): void {
    this.#each(value, (buffer) => this.#live.set(buffer, (this.#live.get(buffer) ?? 0) + 1));
  }

  /** A value died; its buffer is free once no other value lives on it. */
  release(value: RuntimeValue): void {
    this.#each(value, (buffer) => {
      const n = (this.#live.get(buffer) ?? 1) - 1;
      if (n > 0) {
        this.#live.set(buffer, n);
        return;
      }
      this.free(buffer);
    });
  }

  /** Nothing lives on a buffer any more. */
  free(buffer: ArrayBuffer): void {
    this.#live.delete(buffer);
    if (this.#own.has(buffer)) this.#free.splice(this.#firstFrom(buffer.byteLength), 0, buffer);
  }

  /**
   * A body has ended, and hands a value on to the loop around it, which keeps it as long as it likes: the buffer is never handed out again,
   * and is the garbage collector's.
   */
  letGo(value: RuntimeValue): void {
    this.#each(value, (buffer) => {
      this.#own.delete(buffer);
      const n = (this.#live.get(buffer) ?? 1) - 1;
      if (n > 0) this.#live.set(buffer, n);
      else this.#live.delete(buffer);
    });
  }

  /** Where the first free buffer of at least `bytes` stands. */
  #firstFrom(bytes: number): number {
    let low = 0;
    for (let high = this.#free.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((this.#free[middle] as ArrayBuffer).byteLength < bytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #each(value: RuntimeValue, visit: (buffer: ArrayBuffer) => void): void {
    if (value instanceof Storage) {
      if (!Array.isArray(value.data)) visit(value.data.buffer);
    } else for (const v of contentsOf(value)) this.#each(v, visit);
  }
}
