// One HTTP listener: limits against clients that are slow, large or many, and the way from a request to its route.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Address } from "../config/address.ts";
import { faultOf } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";
import { Connections } from "./connections.ts";
import { answerPreflight, corsHeaders } from "./cors.ts";
import { Exchange } from "./exchange.ts";
import type { LingerLimits } from "./linger.ts";
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

/** What a connection may take. Times in ms, sizes in bytes; the first five as `node:http` has them. */
export interface ListenerLimits extends LingerLimits {
  /** For the head of a request; beyond it 408. */
  readonly headersTimeout: number;
  /** For a whole request, its body too; beyond it 408. */
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  /** How often the times above are looked at. */
  readonly connectionsCheckingInterval: number;
  /** Of the head of a request; beyond it 431. */
  readonly maxHeaderSize: number;
  /** Connections at once: one more is closed, and those that are there go on. */
  readonly maxConnections: number;
  /** For connections without a complete request when the server goes down. */
  readonly closeGrace: number;
}

const defaultLimits: ListenerLimits = {
  headersTimeout: 20_000,
  requestTimeout: 120_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 32 * 1024,
  maxConnections: 20_000,
  closeGrace: 1_000,
  lingerTime: 5_000,
  lingerBytes: 64 * 2 ** 20,
};

/** Methods that no route takes, also those that take any. */
const refusedMethods = new Set(["HEAD", "TRACE", "PATCH"]);

export class Listener {
  readonly server: Server;
  readonly #router: Router;
  readonly #parts: ServerParts;
  readonly #guards: readonly Guard[];
  readonly #limits: ListenerLimits;
  readonly #connections: Connections;

  /** `limits` are the defaults where it says nothing. */
  constructor(
    router: Router,
    guards: readonly Guard[],
    parts: ServerParts,
    tls: TlsFiles | undefined,
    limits: Partial<ListenerLimits> = {},
  ) {
    this.#router = router;
    this.#parts = parts;
    this.#guards = guards;
    this.#limits = { ...defaultLimits, ...limits };
    const { observer } = parts;
    // Nothing of it was read: it has no method, path or id.
    this.#connections = new Connections(this.#limits, (status, problem) =>
      observer.answered({ method: "-", path: "-", requestId: "", status, ms: 0, problem }),
    );
    const handle = (request: IncomingMessage, response: ServerResponse) => void this.#handle(request, response, false);
    this.server = tls ? createTlsServer({ ...this.#limits, ...tls }, handle) : createServer(this.#limits, handle);
    this.server.maxConnections = this.#limits.maxConnections;
    // Told to go on only when its body is wanted.
    this.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => void this.#handle(request, response, true));
    this.server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) =>
      new Exchange(request, response, { ...this.#limits, waitsForContinue: true }).reply(417, {}, ""),
    );
    this.server.on(tls ? "secureConnection" : "connection", (socket: Socket) => this.#connections.open(socket));
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => void this.#connections.refuse(error, socket));
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

  /** Takes no more connections; resolves when those that are open have had their answers, and those without a request have had their time. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      // Node does not count a connection as idle that has sent nothing yet, or half a request.
      const timer = setTimeout(() => this.#connections.closeUnanswered(), this.#limits.closeGrace);
      this.server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      this.server.closeIdleConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse, waitsForContinue: boolean): Promise<void> {
    const exchange = new Exchange(request, response, { ...this.#limits, waitsForContinue });
    this.#connections.add(exchange);
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
