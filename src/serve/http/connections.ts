// What is under way on each connection, and the end of those that cannot go on: what is no HTTP, too large a head, too slow a request.
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Exchange } from "./exchange.ts";
import { closeSlowly, type LingerLimits } from "./linger.ts";

export class Connections {
  readonly #limits: LingerLimits;
  readonly #refusal: (status: number, problem: string) => void;
  readonly #open = new Map<Socket, Set<Exchange>>();
  readonly #refused = new WeakSet<Socket>();

  /** `refusal` is told what was answered to what is no request. */
  constructor(limits: LingerLimits, refusal: (status: number, problem: string) => void) {
    this.#limits = limits;
    this.#refusal = refusal;
  }

  /** Notes a connection until it is closed. */
  open(socket: Socket): void {
    this.#open.set(socket, new Set());
    // One for each pipelined request.
    socket.setMaxListeners(0);
    socket.once("close", () => this.#open.delete(socket));
    // A client that closes its side is taken for gone, as Netty and nginx do: one that ended looks no different from one that only waits.
    socket.once("end", () => this.#ended(socket));
  }

  #ended(socket: Socket): void {
    const open = [...(this.#open.get(socket) ?? [])];
    const waiting = open.filter(({ response }) => !response.headersSent);
    for (const exchange of waiting) exchange.abandon();
    if (open.length > 0 && waiting.length === open.length) socket.destroy();
  }

  /** Notes a request until it is over. */
  add(exchange: Exchange): void {
    const exchanges = this.#open.get(exchange.request.socket);
    exchanges?.add(exchange);
    exchange.whenOver(() => exchanges?.delete(exchange));
  }

  /** Closes those without a request that could still be answered: idle ones, and ones whose request is not there yet. */
  closeUnanswered(): void {
    for (const [socket, open] of this.#open) if ([...open].every((exchange) => !exchange.request.complete)) socket.destroy();
  }

  /** Answers what Node could not read, behind the answers to the requests that it could, and closes the connection. */
  async refuse(error: NodeJS.ErrnoException, socket: Socket): Promise<void> {
    // What follows on the connection is no better.
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    const open = [...(this.#open.get(socket) ?? [])];
    // The request that the error is in: its body is not complete.
    const broken = open.find((exchange) => !exchange.request.complete);
    const isAnswered = broken?.response.headersSent === true;
    broken?.abandon();
    if (error.code === "ECONNRESET" || !socket.writable || isAnswered) {
      socket.destroy();
      return;
    }
    await Promise.all(open.filter((e) => e !== broken).map((e) => new Promise<void>((resolve) => e.whenOver(resolve))));
    if (!socket.writable) return;
    const status = statusOf(error);
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    this.#refusal(status, error.message);
    closeSlowly(socket, this.#limits);
  }
}

function statusOf({ code }: NodeJS.ErrnoException): number {
  if (code === "HPE_HEADER_OVERFLOW") return 431;
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}
