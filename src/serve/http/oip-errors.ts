// How the Open Inference Protocol tells a client that something went wrong: `{"error": "..."}`.
import { type Fault, faultOf } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Exchange } from "./exchange.ts";

export function replyOipError(exchange: Exchange, error: unknown, parts: ServerParts): void {
  const fault = faultOf(error);
  if (fault.message === "Internal server error.") parts.log.error("request", { request: exchange.requestId, error: String(error) });
  const { message, retryAfter } = fault;
  const headers = { "content-type": "application/json", ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }) };
  exchange.reply(oipStatus(fault), headers, JSON.stringify({ error: message }));
}

/** TorchServe's statuses that mean something else here: a full queue is 429, a deadline 504, and a failing model 500. */
export function oipStatus({ type, status, retryAfter }: Fault): number {
  if (type === "ServiceUnavailableException" && retryAfter !== undefined) return 429;
  if (type === "RequestTimeoutException") return 504;
  return type === "InternalServerException" && status === 503 ? 500 : status;
}
