// One HTTP request and its answer, as every route sees it.
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { type LingerLimits, lingerAfterAnswer } from "./linger.ts";

/** Answers may not be kept by anybody on the way; the three lines are TorchServe's. */
const uncached = {
  pragma: "no-cache",
  "cache-control": "no-cache; no-store, must-revalidate, private",
  expires: "Thu, 01 Jan 1970 00:00:00 UTC",
} as const;

export interface ExchangeOptions extends LingerLimits {
  /** The client waits for `100 Continue` before it sends the body. */
  readonly waitsForContinue: boolean;
}

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId = randomUUID();
  /** The path without the query, not decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Headers that every answer to this request gets besides (CORS). */
  readonly extraHeaders: OutgoingHttpHeaders = {};
  readonly #options: ExchangeOptions;
  #waitsForContinue: boolean;
  #gone = false;
  #over = false;
  readonly #atEnd: (() => void)[] = [];

  constructor(request: IncomingMessage, response: ServerResponse, options: ExchangeOptions) {
    this.request = request;
    this.response = response;
    this.#options = options;
    this.#waitsForContinue = options.waitsForContinue;
    const url = request.url ?? "/";
    const question = url.indexOf("?");
    this.path = question < 0 ? url : url.slice(0, question);
    this.query = new URLSearchParams(question < 0 ? "" : url.slice(question + 1));
    const { socket } = request;
    const end = () => {
      response.removeListener("close", end);
      socket.removeListener("close", end);
      this.#end(!response.writableFinished);
    };
    // The answer to a pipelined request that is not its turn yet is not told when the connection closes.
    response.on("close", end);
    socket.on("close", end);
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

  /** Runs `work` once, when the answer is sent or the client is gone. */
  whenOver(work: () => void): void {
    if (this.#over) work();
    else this.#atEnd.push(work);
  }

  /** Gives up on the request: it gets no answer from here. */
  abandon(): void {
    this.#end(true);
  }

  /** Lets a client that waits for it send its body. */
  inviteBody(): void {
    if (this.#waitsForContinue && !this.response.headersSent) this.response.writeContinue();
    this.#waitsForContinue = false;
  }

  /** Sends the answer. From status 400 on the connection is closed after it, as TorchServe does. */
  reply(status: number, headers: OutgoingHttpHeaders, body: Uint8Array | string): void {
    const { request, response } = this;
    if (this.#gone || response.headersSent || response.destroyed) return;
    // A client that was not invited may send its body or its next request: nobody could tell which.
    const close = status >= 400 || this.#waitsForContinue || !response.shouldKeepAlive;
    const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
    response.writeHead(status, {
      ...headers,
      "x-request-id": this.requestId,
      ...uncached,
      ...this.extraHeaders,
      "content-length": length,
      connection: close ? "close" : "keep-alive",
    });
    if (close && !request.complete) lingerAfterAnswer(request, this.#options);
    response.end(this.method === "HEAD" ? undefined : body);
  }

  /** A JSON answer, indented by two and with a line end, as TorchServe's. */
  replyJson(status: number, value: unknown, headers: OutgoingHttpHeaders = {}): void {
    this.reply(status, { ...headers, "content-type": "application/json" }, `${JSON.stringify(value, null, 2)}\n`);
  }

  #end(gone: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#gone = gone;
    for (const work of this.#atEnd.splice(0)) work();
  }
}
