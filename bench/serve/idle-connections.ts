// Ten thousand connections that were used once and are kept open: what the acceptor's memory is with them, and whether others are served as before.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Measured } from "../figure.ts";
import { benchServer, residentOf } from "./bench-server.ts";
import { generate, p50, startProcess } from "./load.ts";

const connections = 10_000;
/** That are opened at a time. */
const atOnce = 200;

export async function* idleConnections(progress: (what: string) => void): AsyncIterable<Measured> {
  const server = await benchServer({ noop: {} }, { default_workers_per_model: "2" });
  const generator = await startProcess("load-main.ts");
  const load = {
    port: server.port,
    path: "/predictions/noop",
    headers: { "content-type": "application/json" },
    body: Buffer.from("[1, 2, 3]").toString("base64"),
    connections: 1,
    seconds: 3,
  };
  const open: Socket[] = [];
  try {
    await generate(generator, load);
    const before = p50(await generate(generator, load));
    const memory = residentOf(server.child.pid);
    progress(`opening ${connections} connections`);
    while (open.length < connections) open.push(...(await Promise.all(Array.from({ length: atOnce }, () => usedOnce(server.port)))));
    const with10k = residentOf(server.child.pid) - memory;
    const beside = await generate(generator, load);
    const kept = open.filter((socket) => socket.readyState === "open").length;
    const others = beside.latencies.length - (beside.statuses["200"] ?? 0);
    yield { name: "idle connections that stay open", value: kept, unit: "", bar: `= ${connections}`, spread: "" };
    yield {
      name: "requests beside them that are not answered 200",
      value: others,
      unit: "",
      bar: "= 0",
      spread: `${beside.latencies.length} requests`,
    };
    yield {
      name: "p50 beside them, over p50 before",
      value: p50(beside) / before,
      unit: "×",
      bar: "",
      spread: `${before.toFixed(2)} ms before`,
    };
    yield { name: "memory of an idle connection", value: with10k / connections / 1024, unit: "KiB", bar: "", spread: "" };
  } finally {
    for (const socket of open) socket.destroy();
    generator.disconnect();
    await server.close();
  }
}

/** A connection over which /ping was answered. */
async function usedOnce(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write("GET /ping HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
  await once(socket, "data");
  return socket;
}
