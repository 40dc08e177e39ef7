// The program of the load generator's process: keeps so many connections busy with one and the same request for a while, as cheaply as it
// can, because it shares the machine with what it measures.
import { connect } from "node:net";
import { setPriority } from "node:os";
import process from "node:process";
import type { Load, LoadResult } from "./load.ts";

// It stands for other machines, which take no core from the server.
setPriority(15);
process.on("message", async (load: Load) => {
  process.send?.(await generate(load));
});
process.on("disconnect", () => process.exit());
process.send?.("ready");

async function generate({ port, path, headers, body, connections, seconds }: Load): Promise<LoadResult> {
  const bytes = Buffer.from(body, "base64");
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers, "content-length": bytes.byteLength });
  const head = `POST ${path} HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join("")}\r\n`;
  const request = Buffer.concat([Buffer.from(head, "latin1"), bytes]);
  const end = performance.now() + seconds * 1000;
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const since = performance.now();
  await Promise.all(
    Array.from({ length: connections }, () =>
      keepBusy(port, request, end, (status, ms) => {
        statuses[status] = (statuses[status] ?? 0) + 1;
        latencies.push(ms);
      }),
    ),
  );
  return { latencies, statuses, seconds: (performance.now() - since) / 1000 };
}

/** One connection; opened again where the server closes it. */
function keepBusy(port: number, request: Buffer, end: number, answered: (status: string, ms: number) => void): Promise<void> {
  return new Promise((resolve) => {
    const open = () => {
      const socket = connect(port, "127.0.0.1");
      socket.setNoDelay(true);
      let sent = 0;
      let pending = Buffer.alloc(0);
      let left = -1;
      let status = "";
      const send = () => {
        sent = performance.now();
        socket.write(request);
      };
      socket.on("connect", send);
      socket.on("data", (chunk) => {
        if (left < 0) {
          pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
          const blank = pending.indexOf("\r\n\r\n");
          if (blank < 0) return;
          const head = pending.toString("latin1", 0, blank);
          status = head.slice(9, 12);
          left = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0) - (pending.length - blank - 4);
          pending = Buffer.alloc(0);
        } else left -= chunk.length;
        if (left > 0) return;
        left = -1;
        answered(status, performance.now() - sent);
        if (performance.now() < end) send();
        else socket.destroy();
      });
      socket.on("error", () => {});
      socket.on("close", () => (performance.now() < end ? open() : resolve()));
    };
    open();
  });
}
