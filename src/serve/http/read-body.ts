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
 * Reads the body. Throws 413 at `limit` bytes, without reading on where the request says beforehand that it is larger; 400 where the client
 * breaks off. The bytes are counted in `inFlight` until the answer is sent.
 */
export function readBody(exchange: Exchange, limit: number, inFlight: BytesInFlight): Promise<Body> {
  const { request, response } = exchange;
  const declared = Number(request.headers["content-length"] ?? 0);
  const tooLarge = () => refuse("PayloadTooLargeException", `The body is larger than max_request_size, which is ${limit} bytes.`);
  return new Promise((resolve, reject) => {
    if (declared > limit) return reject(tooLarge());
    let held = 0;
    const hold = (bytes: number) => {
      inFlight.take(bytes);
      held += bytes;
    };
    response.on("close", () => inFlight.give(held));
    try {
      hold(declared);
    } catch (error) {
      return reject(error);
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const stop = (error: unknown) => {
      request.removeAllListeners("data");
      request.pause();
      reject(error);
    };
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > limit) return stop(tooLarge());
      try {
        if (bytes > held) hold(bytes - held);
      } catch (error) {
        return stop(error);
      }
      chunks.push(chunk);
    });
    request.on("end", () => resolve({ chunks, bytes }));
    request.on("error", () => reject(refuse("BadRequestException", "The request broke off before its end.")));
  });
}

/** A body as one piece. Management requests are small; bodies of predictions are never put together here. */
export function wholeBody({ chunks, bytes }: Body): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, bytes);
}
