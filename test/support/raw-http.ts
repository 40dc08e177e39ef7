// HTTP by hand over a socket, for clients that no library would be: what is sent is what is written, and what comes back is kept as it came.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawConnection {
  readonly socket: Socket;
  /** All that has come so far. */
  readonly received: () => string;
  send(text: string | Uint8Array): void;
  /** Resolves with all that has come once it contains `text`; rejects when the connection ends before. */
  until(text: string): Promise<string>;
  /** Resolves with all that has come when the server has closed the connection; rejects where it was reset. */
  closed(): Promise<string>;
}

/** Connects to `http://HOST:PORT`; ours stays open until the caller ends it. */
export async function rawConnection(address: string): Promise<RawConnection> {
  const { hostname, port } = new URL(address);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let text = "";
  let failure: Error | undefined;
  const changed: (() => void)[] = [];
  const tell = () => {
    for (const wake of changed.splice(0)) wake();
  };
  let isOver = false;
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    tell();
  });
  socket.on("error", (error) => {
    failure = error;
    isOver = true;
    tell();
  });
  for (const event of ["end", "close"])
    socket.on(event, () => {
      isOver = true;
      tell();
    });
  await once(socket, "connect");
  const wait = () => new Promise<void>((resolve) => changed.push(resolve));
  return {
    socket,
    received: () => text,
    send: (data) => void socket.write(data),
    async until(wanted) {
      while (!text.includes(wanted)) {
        if (isOver) throw failure ?? new Error(`the connection ended before ${JSON.stringify(wanted)} came: ${JSON.stringify(text)}`);
        await wait();
      }
      return text;
    },
    async closed() {
      while (!isOver) await wait();
      if (failure) throw failure;
      return text;
    },
  };
}

/** The status lines of the answers in a text. */
export const statuses = (text: string): number[] => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((m) => Number(m[1]));

/** The text of a request with a body, or without one. */
export function rawRequest(method: string, path: string, headers: Readonly<Record<string, string | number>> = {}, body = ""): string {
  const lines = Object.entries({ host: "127.0.0.1", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}
