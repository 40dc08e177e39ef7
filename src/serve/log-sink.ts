// Where lines of the log go. Writing is left to libuv's threads, one write at a time: on Linux a write to a pipe blocks until its reader
// reads, and a log that nobody reads must not stop a server. What waits is bounded; what goes over is dropped and counted.
import { close as closeFile, mkdirSync, openSync, write as writeFile } from "node:fs";
import { dirname } from "node:path";
import { fileError } from "../errors/file-error.ts";

/** Takes lines, with their line feed. Never throws, never waits. */
export interface Sink {
  write(line: string): void;
  /** Resolves when all is written, or after `ms`. */
  flush(ms: number): Promise<void>;
}

/** Bytes that wait at most. */
const capacity = 4 * 2 ** 20;

interface SinkOptions {
  /** ms after which a full disk is tried again. */
  readonly pause?: number;
  /** Writes as `fs.write` does. */
  readonly write?: Write;
}

type Write = (fd: number, bytes: Uint8Array, done: (error: NodeJS.ErrnoException | null, written: number) => void) => void;

/** Lines to a file that is open already; 2 is standard error. A reader that went away (EPIPE) ends it without a word. */
export const fileDescriptorSink = (fd: number, options?: SinkOptions): Sink => new WritingSink(fd, options);

/** Lines to the end of a file, which is made with its folder where it is not there. Throws `FileNotWritable`. */
export function fileSink(path: string): Sink & { close(): void } {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const fd = openSync(path, "a", 0o640);
    const sink = new WritingSink(fd);
    return { write: (line) => sink.write(line), flush: (ms) => sink.flush(ms), close: () => closeFile(fd, () => {}) };
  } catch (cause) {
    throw fileError("write", path, cause);
  }
}

class WritingSink implements Sink {
  readonly #fd: number;
  readonly #pause: number;
  readonly #write: Write;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #dropped = 0;
  #busy = false;
  #broken = false;
  #idle: (() => void)[] = [];

  constructor(fd: number, { pause = 1000, write = writeFile }: SinkOptions = {}) {
    this.#fd = fd;
    this.#pause = pause;
    this.#write = write;
  }

  write(line: string): void {
    if (this.#broken) return;
    const bytes = Buffer.from(line);
    if (this.#bytes + bytes.length > capacity) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (!this.#busy) this.#next();
  }

  flush(ms: number): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #next(): void {
    if (this.#dropped > 0 && this.#bytes < capacity / 2) {
      this.#waiting.push(Buffer.from(`${this.#dropped} lines of the log were dropped here: nothing could be written\n`));
      this.#dropped = 0;
    }
    const chunk = Buffer.concat(this.#waiting);
    this.#waiting = [];
    if (chunk.length === 0) return this.#rest();
    this.#busy = true;
    this.#put(chunk);
  }

  #put(chunk: Buffer): void {
    this.#write(this.#fd, chunk, (error, written) => {
      if (!error) {
        this.#bytes = Math.max(0, this.#bytes - written);
        if (written < chunk.length) this.#put(chunk.subarray(written));
        else this.#next();
      } else if (error.code === "EAGAIN" || error.code === "ENOSPC" || error.code === "EDQUOT" || error.code === "EINTR") {
        // A pipe without room, or a disk: both may have some later. The process does not live on for it.
        setTimeout(() => this.#put(chunk), error.code === "EAGAIN" ? 10 : this.#pause).unref();
      } else {
        this.#broken = true;
        this.#waiting = [];
        this.#rest();
      }
    });
  }

  #rest(): void {
    this.#busy = false;
    this.#bytes = 0;
    for (const done of this.#idle.splice(0)) done();
  }
}
