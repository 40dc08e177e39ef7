// How late a 1 ms timer comes while the model runs: the event loop must stay free.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { randn, trace } from "../../src/index.ts";
import { resnet152 } from "../../src/models/index.ts";
import type { Measured } from "../figure.ts";
import { quantile } from "../figure.ts";

const runs = 25;

export async function* lateness(progress: (what: string) => void): AsyncIterable<Measured> {
  const x = randn([1, 3, 224, 224], { seed: 1 });
  const model = resnet152({ seed: 0 }).eval();
  for (const threads of [1, 2]) {
    progress(`${threads} engine thread${threads > 1 ? "s" : ""}`);
    const traced = await trace(model, x, { threads });
    await traced.run(x);
    const own = await withTimer(async () => {
      for (let i = 0; i < runs; i++) await traced.run(x);
    });
    await traced.close();
    const p = quantile(own, 0.999);
    const spread = `${own.length} ticks, median ${quantile(own, 0.5).toFixed(1)} ms, largest ${Math.max(...own).toFixed(1)} ms`;
    const name = `99.9th percentile of a 1 ms timer's lateness during run(), ${threads} engine thread${threads > 1 ? "s" : ""}`;
    if (threads === 1) {
      yield { name, value: p, unit: "ms", bar: "≤ 20", spread };
      continue;
    }
    progress("the same timer beside an equal load in another process");
    const other = await besideLoad(threads);
    yield {
      name: `${name}, beyond that beside an equal load in another process`,
      value: p - quantile(other, 0.999),
      unit: "ms",
      bar: "≤ 20",
      spread: `${spread}; beside the other process ${quantile(other, 0.999).toFixed(1)} ms`,
    };
  }
}

/** Lateness in ms of each tick of a 1 ms timer while `body` runs. */
async function withTimer(body: () => Promise<unknown>): Promise<number[]> {
  const late: number[] = [];
  let due = performance.now() + 1;
  let timer: NodeJS.Timeout;
  const tick = () => {
    const now = performance.now();
    late.push(Math.max(0, now - due));
    due = performance.now() + 1;
    timer = setTimeout(tick, 1);
  };
  timer = setTimeout(tick, 1);
  await body();
  clearTimeout(timer);
  return late;
}

async function besideLoad(threads: number): Promise<number[]> {
  const script = fileURLToPath(new URL("./load-child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, String(threads), String(runs)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const exit = once(child, "exit");
  return withTimer(() => exit);
}
