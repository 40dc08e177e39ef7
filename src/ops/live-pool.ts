// Memory reuse for the graph loop: counts the live values on each buffer and hands a buffer out again when its last value died.
import type { BufferPool } from "../tensor/allocate.ts";
import { Storage } from "../tensor/storage.ts";
import { contentsOf, type RuntimeValue } from "./runtime-value.ts";

/** Only buffers that this pool has handed out are ever reused: inputs, weights and buffers made elsewhere are never touched. */
export class LivePool implements BufferPool {
  readonly #live = new Map<ArrayBuffer, number>();
  readonly #own = new WeakSet<ArrayBuffer>();
  readonly #free = new Map<number, ArrayBuffer[]>();
  /** Bytes handed out anew, for the memory report. */
  allocatedBytes = 0;

  /** How many buffers hold values now. */
  get liveBuffers(): number {
    return this.#live.size;
  }

  take(bytes: number): ArrayBuffer | undefined {
    // Tiny buffers cost less to make than to track.
    if (bytes < 1024) return undefined;
    const buffer = this.#free.get(bytes)?.pop();
    if (buffer) return buffer;
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
      this.#live.delete(buffer);
      if (!this.#own.has(buffer)) return;
      const list = this.#free.get(buffer.byteLength);
      if (list) list.push(buffer);
      else this.#free.set(buffer.byteLength, [buffer]);
    });
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

  #each(value: RuntimeValue, visit: (buffer: ArrayBuffer) => void): void {
    if (value instanceof Storage) {
      if (!Array.isArray(value.data)) visit(value.data.buffer);
    } else for (const v of contentsOf(value)) this.#each(v, visit);
  }
}
