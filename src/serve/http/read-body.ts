// The body of a request, in pieces: nothing here looks into it. Bounded for one request and for all together.
import { refuse } from "../fault.ts";
import type { Exchange } from "./exchange.ts";
import { readInTurn } from "./reading-turn.ts";
import { Slabs } from "./slabs.ts";

export interface Body {
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
  /** Gives the memory of a large body to the next one. Only when nobody reads it any more: it is the next client's from then on. */
  release(): void;
}

/** Bodies larger than this are copied into slabs; smaller ones stay as they came. */
const smallBody = 128 * 1024;

/** What all requests of a process hold in memory together. */
export class BytesInFlight {
  readonly #most: number;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#bytes;
  }

  /** Throws 503 where there is no room for `bytes` more. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#most)
      throw refuse("ServiceUnavailableException", "The server holds as many bytes of requests as it may; try again.", { retryAfter: 1 });
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * Reads the body. Throws 413 at `limit` bytes, without reading at all where the request says beforehand that it is larger; 400 where the client
 * breaks off. The bytes are counted in `inFlight` as they come, until the answer is sent: what a client only announces takes nobody's place.
 */
export function readBody(exchange: Exchange, limit: number, inFlight: BytesInFlight): Promise<Body> {
  const { request } = exchange;
  const declared = Number(request.headers["content-length"] ?? 0);
  const tooLarge = () => refuse("PayloadTooLargeException", `The body is larger than max_request_size, which is ${limit} bytes.`);
  return new Promise((resolve, reject) => {
    if (declared > limit) return reject(tooLarge());
    let bytes = 0;
    let chunks: Uint8Array[] = [];
    const slabs = new Slabs();
    let isRead = false;
    exchange.whenOver(() => {
      inFlight.give(bytes);
      bytes = 0;
      if (isRead) return;
      slabs.release();
      reject(refuse("BadRequestException", "The request broke off before its end."));
    });
    const stop = (error: unknown) => {
      request.removeAllListeners("data");
      request.pause();
      chunks = [];
      slabs.release();
      reject(error);
    };
    request.on("data", (chunk: Buffer) => {
      if (exchange.isGone) return;
      if (bytes + chunk.byteLength > limit) return stop(tooLarge());
      try {
        inFlight.take(chunk.byteLength);
      } catch (error) {
        return stop(error);
      }
      bytes += chunk.byteLength;
      if (bytes <= smallBody) {
        chunks.push(chunk);
        return;
      }
      for (const piece of [...chunks, chunk]) slabs.add(piece);
      chunks = [];
      readInTurn(request, chunk.byteLength);
    });
    request.on("end", () => {
      if (exchange.isGone) return;
      isRead = true;
      resolve({ chunks: bytes > smallBody ? slabs.parts : chunks, bytes, release: () => slabs.release() });
    });
    request.on("error", () => reject(refuse("BadRequestException", "The request broke off before its end.")));
    exchange.inviteBody();
  });
}

/** A body as one piece. Management requests are small; bodies of predictions are never put together here. */
export function wholeBody({ chunks, bytes }: Omit<Body, "release">): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, bytes);
}
