// Compressed bodies: requests that are, and answers that may be.
import { promisify } from "node:util";
import { deflate, gunzip, gzip, inflate, inflateRaw } from "node:zlib";
import { refuse } from "../fault.ts";

export type Coding = "gzip" | "deflate";

/** A smaller answer is no faster when compressed. */
const smallest = 1024;
const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) } as const;

/**
 * The body of a request as it was before compression. Throws ServeFault 413 beyond `limit` bytes, before they are all there; 400 for
 * damaged data and codings other than gzip and deflate.
 */
export async function decompress(
  body: Uint8Array<ArrayBuffer>,
  coding: string | undefined,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const name = (coding ?? "").trim().toLowerCase();
  if (name === "" || name === "identity") return body;
  if (name !== "gzip" && name !== "deflate")
    throw refuse("BadRequestException", `Content-Encoding ${name} is not supported: send gzip, deflate, or the body as it is.`);
  try {
    return aligned(await expand(name, body, limit));
  } catch (cause) {
    if (cause instanceof RangeError || (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE")
      throw refuse("PayloadTooLargeException", `The decompressed body is larger than max_request_size, which is ${limit} bytes.`, {
        cause,
      });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refuse("BadRequestException", `The body is damaged, it is not ${name}: ${why}.`, { cause });
  }
}

function expand(name: Coding, body: Uint8Array, limit: number): Promise<Buffer> {
  const options = { maxOutputLength: Math.max(1, limit) };
  if (name === "gzip") return promisify(gunzip)(body, options);
  // Some clients send the bare stream, without zlib's header, and call it deflate too.
  const hasHeader = ((body[0] ?? 0) & 0x0f) === 8 && (((body[0] ?? 0) << 8) + (body[1] ?? 0)) % 31 === 0;
  return hasHeader ? promisify(inflate)(body, options) : promisify(inflateRaw)(body, options);
}

/** Memory in which any element type may begin. */
function aligned(bytes: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = bytes;
  return buffer instanceof ArrayBuffer && byteOffset % 8 === 0 ? new Uint8Array(buffer, byteOffset, byteLength) : new Uint8Array(bytes);
}

/**
 * How to compress an answer; undefined: not at all. A client that names several codings is one whose HTTP library does so of itself: it gets
 * text compressed, and tensors, which hardly become smaller, as they are.
 */
export function chooseCoding(accepted: string | undefined, bytes: number, isText: boolean): Coding | undefined {
  if (accepted === undefined || bytes < smallest) return undefined;
  const named = accepted
    .toLowerCase()
    .split(",")
    .map((part) => part.split(";").map((p) => p.trim()))
    .filter(([, quality]) => quality === undefined || !/^q=0(\.0*)?$/.test(quality))
    .map(([name]) => name);
  if (!isText && named.length > 1) return undefined;
  return named.includes("gzip") ? "gzip" : named.includes("deflate") ? "deflate" : undefined;
}

/** Fast rather than small: it is done for each answer. */
export const compress = (bytes: Uint8Array, coding: Coding): Promise<Uint8Array> => compressors[coding](bytes, { level: 1 });
