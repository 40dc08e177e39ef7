// One HTTP listener: limits against clients that are slow, large or many, and the way from a request to its route.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { type Address, formatAddress } from "../config/address.ts";
import { faultOf } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";
import { answerPreflight, corsHeaders } from "./cors.ts";
import { Exchange } from "./exchange.ts";
import type { Route, Router } from "./router.ts";
import { methodNotAllowed, replyTorchServeError, resourceNotFound } from "./torchserve-errors.ts";

/** Guards run before a route: each throws for a request that may not pass. */
export type Guard = (exchange: Exchange, route: Route, parts: ServerParts) => void;

export interface TlsFiles {
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly pfx?: Buffer;
  readonly passphrase?: string;
}

/** Times in ms, as `node:http` has them. */
const limits = {
  headersTimeout: 20_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 32 * 1024,
} as const;
/** Connections at once: one more is closed, and those that are there go on. */
const mostConnections = 20_000;

/** Methods that no route takes, also those that take any. */
const refusedMethods = new Set(["HEAD", "TRACE", "PATCH"]);

export class Listener {
  readonly server: Server;
  readonly #router: Router;
  readonly #parts: ServerParts;
  readonly #guards: readonly Guard[];

  constructor(router: Router, guards: readonly Guard[], parts: ServerParts, tls: TlsFiles | undefined) {
    this.#router = router;
    this.#parts = parts;
    this.#guards = guards;
    const handle = (request: IncomingMessage, response: ServerResponse) => void this.#handle(request, response);
    this.server = tls ? createTlsServer({ ...limits, ...tls }, handle) : createServer(limits, handle);
    this.server.maxConnections = mostConnections;
    this.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      // Told to go on only if its body may come.
      if (Number(request.headers["content-length"] ?? 0) <= parts.config.maxRequestSize) response.writeContinue();
      handle(request, response);
    });
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => refuseConnection(error, socket));
  }

  /** Binds; resolves with the address, its port known. Throws what `listen` throws, such as EADDRINUSE. */
  listen(address: Address): Promise<Address> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      const bound = () => {
        this.server.removeListener("error", reject);
        const found = this.server.address();
        resolve(address.kind === "tcp" && typeof found === "object" && found ? { ...address, port: found.port } : address);
      };
      if (address.kind === "unix") this.server.listen(address.path, bound);
      else this.server.listen({ host: address.host, port: address.port, backlog: 1024 }, bound);
    });
  }

  /** Takes no more connections; resolves when those that are open have had their answers. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeIdleConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = new Exchange(request, response);
    const since = performance.now();
    const { observer, config } = this.#parts;
    let problem: string | undefined;
    response.on("finish", () => {
      const { method, path, requestId } = exchange;
      const ms = performance.now() - since;
      observer.answered({ method, path, requestId, status: response.statusCode, ms, ...(problem !== undefined && { problem }) });
    });
    Object.assign(exchange.extraHeaders, corsHeaders(config));
    let fail: NonNullable<Route["errors"]> = replyTorchServeError;
    try {
      if (answerPreflight(exchange, config)) return;
      let seen: Route | undefined;
      for (const { route, params } of this.#router.matches(exchange.path)) {
        seen = route;
        if (!takes(route, exchange.method)) continue;
        fail = route.errors ?? replyTorchServeError;
        for (const guard of this.#guards) guard(exchange, route, this.#parts);
        await route.handle(exchange, params, this.#parts);
        return;
      }
      fail = seen?.errors ?? replyTorchServeError;
      throw seen ? methodNotAllowed() : resourceNotFound();
    } catch (error) {
      problem = faultOf(error).message;
      fail(exchange, error, this.#parts);
    }
  }
}

const takes = ({ methods }: Route, method: string) => (methods ? methods.includes(method) : !refusedMethods.has(method));

/** What is no HTTP gets a short answer, and its connection is closed. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Where a listener is, as in a log. */
export const placeOf = formatAddress;
