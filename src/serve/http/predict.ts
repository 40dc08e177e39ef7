// A request for a model, from the body as it comes to the answer as it goes: the acceptor looks into neither.
import { refuse, ServeFault } from "../fault.ts";
import type { ServedVersion } from "../models/served-version.ts";
import type { WorkerAnswer } from "../models/worker-process.ts";
import type { ServerParts } from "../server-parts.ts";
import type { Protocol } from "../wire/messages.ts";
import { monotonicMs } from "../wire/monotonic.ts";
import type { Exchange } from "./exchange.ts";
import { readBody } from "./read-body.ts";

export interface Prediction {
  readonly protocol: Protocol;
  readonly served: ServedVersion;
  /** The client named the version. */
  readonly named: boolean;
  readonly urlPath?: string;
  readonly explain?: boolean;
  /** ms that the client waits; 0: as long as the model's settings say. */
  readonly timeout?: number;
}

/** Headers that concern the connection only, or that no handler may see. */
const hidden = new Set(["connection", "keep-alive", "transfer-encoding", "expect", "authorization", "cookie", "proxy-authorization"]);

/** Reads the body, has a worker answer, and sends the answer. Throws ServeFault for whatever the worker says went wrong. */
export async function predict(exchange: Exchange, prediction: Prediction, parts: ServerParts): Promise<void> {
  const { served, named, protocol, urlPath, explain, timeout } = prediction;
  const arrivedAt = monotonicMs();
  const body = await readBody(exchange, parts.config.maxRequestSize, parts.inFlight);
  const head = {
    protocol,
    headers: headersOf(exchange),
    requestId: exchange.requestId,
    arrivedAt,
    ...(urlPath !== undefined && { urlPath }),
    ...(explain && { explain }),
  };
  const options = { named, isCancelled: () => exchange.isGone, ...(timeout !== undefined && { timeout }) };
  let reply: WorkerAnswer;
  try {
    reply = await served.submit({ head, body: body.chunks, bytes: body.bytes }, options);
  } finally {
    // A worker that has answered, or is dead, has read what it will ever read.
    body.release();
  }
  const { head: answer, body: bytes } = reply;
  if (answer.fault) throw new ServeFault(answer.fault);
  if (bytes.byteLength > parts.config.maxResponseSize) throw tooLarge(bytes.byteLength, parts.config.maxResponseSize);
  exchange.reply(answer.status, answer.headers, bytes);
}

function headersOf(exchange: Exchange): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(exchange.headers))
    if (value !== undefined && !hidden.has(name)) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return headers;
}

function tooLarge(bytes: number, limit: number): ServeFault {
  const message = `The answer has ${bytes} bytes, and max_response_size is ${limit}.`;
  return refuse("InternalServerException", message);
}
