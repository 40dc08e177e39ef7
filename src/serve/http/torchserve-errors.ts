// How TorchServe tells a client that something went wrong.
import type { OutgoingHttpHeaders } from "node:http";
import { faultOf, refuse } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Exchange } from "./exchange.ts";

/** `{"code": 404, "type": "ModelNotFoundException", "message": "…"}`; a body that is too large gets no body, as in TorchServe. */
export function replyTorchServeError(exchange: Exchange, error: unknown, parts: ServerParts): void {
  const fault = faultOf(error);
  if (fault.message === "Internal server error.") parts.log.error("request", { request: exchange.requestId, error: String(error) });
  const { status, type, message, retryAfter } = fault;
  const headers: OutgoingHttpHeaders = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  if (type === "PayloadTooLargeException") exchange.reply(status, headers, "");
  else exchange.replyJson(status, { code: status, type, message }, headers);
}

/** The path is known, the method is not; in TorchServe's words. */
export const methodNotAllowed = () => refuse("MethodNotAllowedException", "Requested method is not allowed, please refer to API document.");

/** No route has the path; in TorchServe's words. */
export const resourceNotFound = () => refuse("ResourceNotFoundException", "Requested resource is not found, please refer to API document.");
