// How gRPC tells a client that something went wrong.
import type { ServerErrorResponse } from "@grpc/grpc-js";
import { type Fault, faultOf } from "../fault.ts";
import { oipStatus } from "../http/oip-errors.ts";
import type { ServerParts } from "../server-parts.ts";
import type { GrpcJs } from "./packages.ts";

/** Which clients are spoken to: TorchServe has a code of its own for a wrong token. */
export type Dialect = "oip" | "torchserve";

/** By HTTP status. */
const codes: Readonly<Record<number, keyof GrpcJs["status"]>> = {
  400: "INVALID_ARGUMENT",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  408: "DEADLINE_EXCEEDED",
  409: "ABORTED",
  413: "RESOURCE_EXHAUSTED",
  429: "RESOURCE_EXHAUSTED",
  501: "UNIMPLEMENTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
  507: "RESOURCE_EXHAUSTED",
};

function codeOf(fault: Fault, dialect: Dialect): keyof GrpcJs["status"] {
  if (fault.type === "InvalidKeyException") return dialect === "torchserve" ? "CANCELLED" : "UNAUTHENTICATED";
  const http = oipStatus(fault);
  return codes[http] ?? (http < 500 ? "FAILED_PRECONDITION" : "INTERNAL");
}

export function grpcError(
  { Metadata, status }: GrpcJs,
  error: unknown,
  dialect: Dialect,
  { log }: ServerParts,
  requestId: string,
): ServerErrorResponse {
  const fault = faultOf(error);
  if (fault.message === "Internal server error.") log.error("request", { request: requestId, error: String(error) });
  const metadata = new Metadata();
  metadata.set("x-request-id", requestId);
  // What gRPC's retry policies read: ms until the next attempt.
  if (fault.retryAfter !== undefined) metadata.set("grpc-retry-pushback-ms", String(fault.retryAfter * 1000));
  return Object.assign(new Error(fault.message), { code: status[codeOf(fault, dialect)], details: fault.message, metadata });
}
