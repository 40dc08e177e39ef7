// The body of a request, in the chunks in which it came: nothing here looks into it. Bounded for one request and for all together.
import { refuse } from "../fault.ts";
import type { Exchange } from "./exchange.ts";

export interface Body {
  readonly chunks: readonly Uint8Array[];
  readonly bytes: number;
}

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
    const chunks: Uint8Array[] = [];
    exchange.whenOver(() => {
      inFlight.give(bytes);
      bytes = 0;
      reject(refuse("BadRequestException", "The request broke off before its end."));
    });
    const stop = (error: unknown) => {
      request.removeAllListeners("data");
      request.pause();
      chunks.length = 0;
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
      chunks.push(chunk);
    });
    request.on("end", () => resolve({ chunks, bytes }));
    request.on("error", () => reject(refuse("BadRequestException", "The request broke off before its end.")));
    exchange.inviteBody();
  });
}

/** A body as one piece. Management requests are small; bodies of predictions are never put together here. */
export function wholeBody({ chunks, bytes }: Body): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, bytes);
}
