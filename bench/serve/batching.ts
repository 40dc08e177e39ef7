// What putting requests together brings, and what it costs a client that is alone: a model whose weights take longer to read than to use.
import type { Measured } from "../figure.ts";
import { median, pairedRatio } from "../figure.ts";
import { benchServer } from "./bench-server.ts";
import { generate, type Load, p50, startProcess, throughput } from "./load.ts";
import { mlp } from "./models.ts";

const rounds = 6;
const names = ["single", "batched"] as const;
type Name = (typeof names)[number];

export async function* batching(progress: (what: string) => void): AsyncIterable<Measured> {
  progress("starting");
  const model = await mlp(784, 4096, 4096, 10);
  const server = await benchServer(
    { single: { model }, batched: { model, config: "batchSize: 32\n" } },
    { default_workers_per_model: "1" },
  );
  const generator = await startProcess("load-main.ts");
  const body = Buffer.from(JSON.stringify(Array.from({ length: 784 }, (_, i) => (i % 7) / 7))).toString("base64");
  const load = (name: string, connections: number, seconds: number): Load => ({
    port: server.port,
    path: `/predictions/${name}`,
    headers: { "content-type": "application/json" },
    body,
    connections,
    seconds,
  });
  try {
    for (const name of names) await generate(generator, load(name, 64, 3));
    const many: Record<Name, number[]> = { single: [], batched: [] };
    const alone: Record<Name, number[]> = { single: [], batched: [] };
    for (let r = 0; r < rounds; r++) {
      progress(`round ${r + 1} of ${rounds}`);
      // Every other round backwards, so that neither always runs behind the other.
      for (const name of r % 2 === 0 ? names : names.toReversed()) {
        many[name].push(throughput(await generate(generator, load(name, 64, 3))));
        alone[name].push(p50(await generate(generator, load(name, 1, 2))));
      }
    }
    const unit = "×";
    yield {
      name: "MLP 784–4096–4096–10: throughput with batches up to 32, over without",
      unit,
      bar: "≥ 2",
      ...pairedRatio(many.batched, many.single),
    };
    yield {
      name: "MLP 784–4096–4096–10: p50 alone with batches, over without",
      unit,
      bar: "≤ 1.05",
      ...pairedRatio(alone.batched, alone.single),
    };
    yield { name: "MLP 784–4096–4096–10 with batches", value: median(many.batched), unit: "requests/s", bar: "", spread: "" };
  } finally {
    generator.disconnect();
    await server.close();
  }
}
