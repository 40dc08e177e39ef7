// What a handler may say besides a value: that a request is wrong, that a prediction failed in a way of its own, or a status and headers.
import { validateHeaderName, validateHeaderValue } from "node:http";
import { refuse, type ServeFault } from "../fault.ts";

/**
 * The error of a request that is the client's mistake: status 400 and the message. For that request only: the others of its batch are answered.
 *
 * @example throw badRequest(`"age" must be a number, got ${typeof age}`);
 */
export function badRequest(message: string): ServeFault {
  return refuse("BadRequestException", message);
}

/**
 * The error of a prediction that failed in a way that the client should know of: its message with a status from 400 to 599. As `PredictionException`
 * of TorchServe. Throws RangeError for another status.
 *
 * @example throw predictionError("the index is being rebuilt", 503);
 */
export function predictionError(message: string, status = 512): ServeFault {
  if (!Number.isInteger(status) || status < 400 || status > 599)
    throw new RangeError(`predictionError: status must be a whole number from 400 to 599, got ${status}`);
  return refuse("InternalServerException", message, { status });
}

/** An answer with a status and headers of the handler's choice. */
export class HandlerReply {
  readonly value: unknown;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(value: unknown, status: number, headers: Readonly<Record<string, string>>) {
    this.value = value;
    this.status = status;
    this.headers = headers;
  }
}

export interface ReplyOptions {
  /** From 200 to 599; 200 by default. */
  readonly status?: number;
  /** A `content-type` among them replaces the one that the value would have. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Those that the server itself must say. */
const reserved: readonly string[] = ["connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade"];

/**
 * An answer with status and headers, for `postprocess` to return. Throws RangeError and TypeError for what HTTP does not allow.
 *
 * @example return reply(png, { headers: { "content-type": "image/png" } });
 */
export function reply(value: unknown, { status = 200, headers = {} }: ReplyOptions = {}): HandlerReply {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new RangeError(`reply: status must be a whole number from 200 to 599, got ${status}`);
  const named = Object.entries(headers).map(([name, text]): [string, string] => {
    validateHeaderName(name);
    validateHeaderValue(name, text);
    const lower = name.toLowerCase();
    if (reserved.includes(lower)) throw new TypeError(`reply: the header ${lower} is set by the server`);
    return [lower, text];
  });
  return new HandlerReply(value, status, Object.fromEntries(named));
}
