// How gRPC tells a client that something went wrong.
import { Metadata, type ServerErrorResponse, status } from "@grpc/grpc-js";
import { type Fault, faultOf } from "../fault.ts";
import { oipStatus } from "../http/oip-errors.ts";
import type { ServerParts } from "../server-parts.ts";

/** Which clients are spoken to: TorchServe has a code of its own for a wrong token. */
export type Dialect = "oip" | "torchserve";

const codes: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  408: status.DEADLINE_EXCEEDED,
  409: status.ABORTED,
  413: status.RESOURCE_EXHAUSTED,
  429: status.RESOURCE_EXHAUSTED,
  501: status.UNIMPLEMENTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
  507: status.RESOURCE_EXHAUSTED,
};

function codeOf(fault: Fault, dialect: Dialect): status {
  if (fault.type === "InvalidKeyException") return dialect === "torchserve" ? status.CANCELLED : status.UNAUTHENTICATED;
  const http = oipStatus(fault);
  return codes[http] ?? (http < 500 ? status.FAILED_PRECONDITION : status.INTERNAL);
}

export function grpcError(error: unknown, dialect: Dialect, { log }: ServerParts, requestId: string): ServerErrorResponse {
  const fault = faultOf(error);
  if (fault.message === "Internal server error.") log.error("request", { request: requestId, error: String(error) });
  const metadata = new Metadata();
  metadata.set("x-request-id", requestId);
  // What gRPC's retry policies read: ms until the next attempt.
  if (fault.retryAfter !== undefined) metadata.set("grpc-retry-pushback-ms", String(fault.retryAfter * 1000));
  return Object.assign(new Error(fault.message), { code: codeOf(fault, dialect), details: fault.message, metadata });
}
