// How long a worker of a model that was compiled before takes to be ready, in the built package as users run it, and whether the requests
// that are running meanwhile notice.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { storeModel } from "../../test/support/model-store.ts";
import type { Measured } from "../figure.ts";
import { median, quantile } from "../figure.ts";
import { generate, rangeOf, startProcess } from "./load.ts";
import { resnet152 } from "./models.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const [inference, management] = [18080, 18081];
const rounds = 7;

export async function* hotStart(progress: (what: string) => void): AsyncIterable<Measured> {
  progress("building the package");
  const built = spawnSync(process.execPath, [join(root, "scripts/build.mjs")], { stdio: ["ignore", "inherit", "inherit"] });
  if (built.status !== 0) throw new Error("the package could not be built");
  const folder = mkdtempSync(join(tmpdir(), "ingot-hot-"));
  const store = join(folder, "store");
  mkdirSync(store);
  progress("tracing ResNet-152");
  storeModel(store, "resnet152", { model: await resnet152() });
  storeModel(store, "noop");
  const config = join(folder, "config.properties");
  const address = (port: number) => `http://127.0.0.1:${port}`;
  writeFileSync(
    config,
    `inference_address=${address(inference)}\nmanagement_address=${address(management)}\nenable_metrics_api=false\ngrpc_inference_port=0\ngrpc_management_port=0\n`,
  );
  const args = ["serve", "--start", "--foreground", "--ncs", "--dt", "--ts-config", config, "--model-store", store, "--state-dir", folder];
  progress("compiling it");
  const server = spawn(process.execPath, [join(root, "dist/cli/main.js"), ...args, "--models", "all"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const generator = await startProcess("load-main.ts");
  try {
    await untilReady(["resnet152", "noop"]);
    await scale(1);
    const starts: number[] = [];
    const slow: number[] = [];
    for (let r = 0; r < rounds; r++) {
      progress(`round ${r + 1} of ${rounds}`);
      const body = Buffer.from("[1, 2, 3]").toString("base64");
      const headers = { "content-type": "application/json" };
      const load = generate(generator, { port: inference, path: "/predictions/noop", headers, body, connections: 1, seconds: 2 });
      const since = performance.now();
      await scale(2);
      starts.push(performance.now() - since);
      slow.push(quantile((await load).latencies, 0.99));
      await scale(1);
    }
    yield {
      name: "ResNet-152, compiled before: one worker more",
      value: median(starts) / 1000,
      unit: "s",
      bar: "≤ 0.5",
      spread: rangeOf(starts),
    };
    yield { name: "p99 of another model's requests meanwhile", value: median(slow), unit: "ms", bar: "", spread: rangeOf(slow) };
  } finally {
    generator.disconnect();
    server.kill("SIGTERM");
    await once(server, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function scale(workers: number): Promise<void> {
  const url = `http://127.0.0.1:${management}/models/resnet152?min_worker=${workers}&max_worker=${workers}&synchronous=true`;
  const response = await fetch(url, { method: "PUT" });
  if (!response.ok) throw new Error(`scaling to ${workers}: ${response.status} ${await response.text()}`);
}

/** Asks until the models are there; the server says nothing by itself that a program could wait for. */
async function untilReady(names: readonly string[]): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    const listed = await fetch(`http://127.0.0.1:${management}/models`)
      .then((r) => r.text())
      .catch(() => "");
    const described = await fetch(`http://127.0.0.1:${management}/models/${names[0]}`)
      .then((r) => r.text())
      .catch(() => "");
    if (names.every((n) => listed.includes(`"${n}"`)) && described.includes('"READY"')) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the server did not load its models");
}
