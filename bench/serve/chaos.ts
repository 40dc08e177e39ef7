// A long mixed load while workers are killed: what was lost, and whether the acceptor's memory stays where it was.
import process from "node:process";
import { doublerKinds, mixedLoad } from "../../test/support/mixed-load.ts";
import type { Measured } from "../figure.ts";
import { benchServer, residentOf } from "./bench-server.ts";

/** s; INGOT_CHAOS_SECONDS is another time. */
const duration = Number(process.env.INGOT_CHAOS_SECONDS ?? 1800);
const warmUp = 60;

export async function* chaos(progress: (what: string) => void): AsyncIterable<Measured> {
  const config = "batchSize: 4\n";
  const server = await benchServer({ first: { config }, second: { config } }, { default_workers_per_model: "2" });
  const load = {
    inference: `http://127.0.0.1:${server.port}`,
    management: `http://127.0.0.1:${server.managementPort}`,
    models: ["first", "second"],
    kinds: [...doublerKinds("first"), ...doublerKinds("second")],
    clients: 16,
    killEvery: 10,
  };
  try {
    progress("warming up");
    await mixedLoad({ ...load, seconds: Math.min(warmUp, duration / 4) });
    const before = residentOf(server.child.pid);
    progress(`${duration} s of load`);
    const { right, wrong, died, lost, others, kills, unhealthy } = await mixedLoad({ ...load, seconds: duration });
    const after = residentOf(server.child.pid);
    const spread = `${right} right answers, ${kills} workers killed`;
    yield { name: "requests without an answer, or with a wrong one", value: lost + wrong, unit: "", bar: "= 0", spread };
    const texts = [...others].map(([text, n]) => `${n} × ${text}`).join("; ");
    yield { name: "answers other than 200 and Worker died.", value: others.size, unit: "", bar: "= 0", spread: texts };
    yield { name: "requests that died with a worker, per worker", value: died / Math.max(1, kills), unit: "", bar: "≤ 4", spread: "" };
    yield { name: "/ping not healthy while workers are started again", value: unhealthy, unit: "", bar: "= 0", spread: "" };
    yield {
      name: "the acceptor's memory after the load, over before",
      value: after / before,
      unit: "×",
      bar: "≤ 1.25",
      spread: `${mib(before)} to ${mib(after)}`,
    };
  } finally {
    await server.close();
  }
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
