// Memory that large bodies are gathered in, used again and again. Kept in the chunks in which they come, they would live just long enough to be
// collected as old objects, and that holds the event loop up for longer than any of its work.
import { dropped } from "../wire/young-memory.ts";

/** Bytes of a slab. */
export const slabBytes = 1 << 20;
/** Slabs that are kept while nobody needs them. */
const mostIdle = 64;

const idle: Uint8Array<ArrayBuffer>[] = [];

/** Pieces of one body, in slabs. */
export class Slabs {
  readonly #slabs: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;

  /** Copies the next piece. */
  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.byteLength; ) {
      const from = this.#bytes % slabBytes;
      if (from === 0) this.#slabs.push(idle.pop() ?? new Uint8Array(Buffer.allocUnsafeSlow(slabBytes).buffer as ArrayBuffer));
      const count = Math.min(slabBytes - from, chunk.byteLength - at);
      (this.#slabs.at(-1) as Uint8Array).set(chunk.subarray(at, at + count), from);
      at += count;
      this.#bytes += count;
    }
    dropped(chunk.byteLength);
  }

  /** What was added, as views of the slabs. */
  get parts(): Uint8Array[] {
    return this.#slabs.map((slab, i) => slab.subarray(0, Math.min(slabBytes, this.#bytes - i * slabBytes)));
  }

  /** Gives the slabs to the next body; nobody may read `parts` any more. */
  release(): void {
    for (const slab of this.#slabs.splice(0)) if (idle.length < mostIdle) idle.push(slab);
    this.#bytes = 0;
  }
}
