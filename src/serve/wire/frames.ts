// Frames between the acceptor and a worker: a JSON head, and bytes after it. 4 bytes length of the head, 8 bytes length of the body, both
// little-endian, head, body. The body is read into one buffer of its own, aligned, so that tensors can be views of it.
import type { Socket } from "node:net";
import { dropped } from "./young-memory.ts";

const prefixBytes = 12;
/** A head larger than this is not one of ours. */
const largestHead = 64 * 1024 * 1024;

/** Writes one frame; false when the receiver is behind and the caller may wait for `drain`. */
export function writeFrame(socket: Socket, head: unknown, body: readonly Uint8Array[] = []): boolean {
  const text = Buffer.from(JSON.stringify(head));
  let length = 0;
  for (const part of body) length += part.byteLength;
  const prefix = Buffer.allocUnsafe(prefixBytes);
  prefix.writeUInt32LE(text.byteLength, 0);
  prefix.writeBigUInt64LE(BigInt(length), 4);
  socket.cork();
  socket.write(prefix);
  let ready = socket.write(text);
  for (const part of body) if (part.byteLength > 0) ready = socket.write(part);
  socket.uncork();
  return ready;
}

/** Puts frames together again from the chunks in which they come. */
export class FrameReader {
  readonly #each: (head: unknown, body: Uint8Array<ArrayBuffer>) => void;
  readonly #prefix = Buffer.alloc(prefixBytes);
  #into: Uint8Array = this.#prefix;
  #filled = 0;
  #head: Buffer | undefined;
  #body: Uint8Array<ArrayBuffer> | undefined;

  constructor(each: (head: unknown, body: Uint8Array<ArrayBuffer>) => void) {
    this.#each = each;
  }

  /** Takes the next bytes; throws RangeError for a stream that is not of frames, SyntaxError for a head that is not JSON. */
  push(chunk: Uint8Array): void {
    let at = 0;
    for (;;) {
      const count = Math.min(this.#into.byteLength - this.#filled, chunk.byteLength - at);
      this.#into.set(chunk.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < this.#into.byteLength) break;
      this.#next();
    }
    dropped(chunk.byteLength);
  }

  /** What was being read is complete: prefix, then head, then body. */
  #next(): void {
    this.#filled = 0;
    if (this.#into === this.#prefix) {
      const head = this.#prefix.readUInt32LE(0);
      if (head > largestHead) throw new RangeError(`a frame says that its head has ${head} bytes`);
      this.#head = Buffer.allocUnsafe(head);
      this.#into = this.#head;
    } else if (this.#body === undefined) {
      // Memory of its own, so that it begins where any element type may.
      this.#body = new Uint8Array(Buffer.allocUnsafeSlow(Number(this.#prefix.readBigUInt64LE(4))).buffer as ArrayBuffer);
      this.#into = this.#body;
    } else {
      const head: unknown = JSON.parse((this.#head as Buffer).toString("utf8"));
      const body = this.#body;
      this.#body = undefined;
      this.#into = this.#prefix;
      this.#each(head, body);
    }
  }
}
