// Lets a test know when a worker has begun something, and keeps it there: `hold PORT` of the fault handler connects here and waits.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

export interface Gate {
  /** What a request to the fault handler says. */
  readonly request: string;
  /** Resolves when a worker has come to the gate. */
  arrived(): Promise<void>;
  /** Lets all go on that are there. */
  release(): void;
  close(): Promise<void>;
}

export async function openGate(): Promise<Gate> {
  const waiting: Socket[] = [];
  const listeners: (() => void)[] = [];
  let unseen = 0;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    waiting.push(socket);
    unseen++;
    for (const tell of listeners.splice(0)) tell();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    request: `hold ${(server.address() as AddressInfo).port}`,
    async arrived() {
      while (unseen === 0) await new Promise<void>((resolve) => listeners.push(resolve));
      unseen--;
    },
    release() {
      for (const socket of waiting.splice(0)) socket.destroy();
    },
    async close() {
      for (const socket of waiting.splice(0)) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
