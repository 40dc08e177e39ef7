// One HTTP request and its answer, as every route sees it.
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";

/** Answers may not be kept by anybody on the way; the three lines are TorchServe's. */
const uncached = {
  pragma: "no-cache",
  "cache-control": "no-cache; no-store, must-revalidate, private",
  expires: "Thu, 01 Jan 1970 00:00:00 UTC",
} as const;

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId = randomUUID();
  /** The path without the query, not decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Headers that every answer to this request gets besides (CORS). */
  readonly extraHeaders: OutgoingHttpHeaders = {};
  #gone = false;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
    const url = request.url ?? "/";
    const question = url.indexOf("?");
    this.path = question < 0 ? url : url.slice(0, question);
    this.query = new URLSearchParams(question < 0 ? "" : url.slice(question + 1));
    response.on("close", () => {
      this.#gone = !response.writableFinished;
    });
  }

  get method(): string {
    return this.request.method ?? "GET";
  }
  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }
  /** Whether the client went away before its answer was sent. */
  get isGone(): boolean {
    return this.#gone;
  }

  /** Sends the answer. From status 400 on the connection is closed after it, as TorchServe does. */
  reply(status: number, headers: OutgoingHttpHeaders, body: Uint8Array | string): void {
    const { response } = this;
    if (response.headersSent || response.destroyed) return;
    const close = status >= 400 || response.getHeader("connection") === "close";
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    response.writeHead(status, {
      ...headers,
      "x-request-id": this.requestId,
      ...uncached,
      ...this.extraHeaders,
      "content-length": length,
      connection: close ? "close" : "keep-alive",
    });
    response.end(this.method === "HEAD" ? undefined : body);
  }

  /** A JSON answer, indented by two and with a line end, as TorchServe's. */
  replyJson(status: number, value: unknown, headers: OutgoingHttpHeaders = {}): void {
    this.reply(status, { ...headers, "content-type": "application/json" }, `${JSON.stringify(value, null, 2)}\n`);
  }
}
