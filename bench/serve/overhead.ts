// What the server itself costs: a model that does next to nothing, and one of the size that reads handwritten digits.

import type { Measured } from "../figure.ts";
import { median } from "../figure.ts";
import { benchServer } from "./bench-server.ts";
import { generate, type Load, p50, rangeOf, startProcess, throughput } from "./load.ts";
import { mlp } from "./models.ts";

const rounds = 5;
const json = { "content-type": "application/json" };

export async function* overhead(progress: (what: string) => void): AsyncIterable<Measured> {
  progress("starting");
  const server = await benchServer({ noop: {}, digits: { model: await mlp(784, 128, 10) } }, { default_workers_per_model: "2" });
  const generator = await startProcess("load-main.ts");
  const load = (path: string, body: string, connections: number): Load => ({
    port: server.port,
    path,
    headers: json,
    body: Buffer.from(body).toString("base64"),
    connections,
    seconds: 3,
  });
  try {
    const noop = "[1, 2, 3]";
    await generate(generator, load("/predictions/noop", noop, 8));
    const [alone, many, digits]: [number[], number[], number[]] = [[], [], []];
    const image = JSON.stringify(Array.from({ length: 784 }, (_, i) => (i % 7) / 7));
    for (let r = 0; r < rounds; r++) {
      progress(`round ${r + 1} of ${rounds}`);
      alone.push(p50(await generate(generator, load("/predictions/noop", noop, 1))));
      many.push(throughput(await generate(generator, load("/predictions/noop", noop, 64))));
      digits.push(throughput(await generate(generator, load("/predictions/digits", image, 64))));
    }
    yield { name: "a no-op model, concurrency 1: p50", value: median(alone), unit: "ms", bar: "≤ 1", spread: rangeOf(alone) };
    yield { name: "a no-op model, concurrency 64", value: median(many), unit: "requests/s", bar: "≥ 5000", spread: rangeOf(many) };
    yield {
      name: "a model for 28×28 digits, concurrency 64",
      value: median(digits),
      unit: "requests/s",
      bar: "≥ 3300",
      spread: rangeOf(digits),
    };
  } finally {
    generator.disconnect();
    await server.close();
  }
}
