// The main job on a real picture: build ResNet-152, run it eagerly, trace, optimise, prove, save, run the file on ONNX Runtime, compare the
// top-5 of all of them, and time eager against compiled.
//
//     npm run demo
//     npm run demo -- my_cat.jpg --weights resnet152.safetensors
import { existsSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ProgressLine } from "../src/cli/console.ts";
import { IngotError, image, load, models, nn, Tensor, Timer, topk, trace } from "../src/index.ts";
import { readSafetensorsSync } from "../src/weights/safetensors.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { weights: { type: "string" }, output: { type: "string", default: "out/resnet152.onnx" } },
});

const progress = new ProgressLine({});
/** Runs one step with progress, and prints what came of it with its time. */
async function step<T>(what: string, body: () => T | Promise<T>, tell: (result: T) => string): Promise<T> {
  progress.show(what);
  const since = performance.now();
  const result = await body();
  progress.done();
  console.log(`${what.padEnd(34)} ${`${((performance.now() - since) / 1000).toFixed(2)} s`.padStart(8)}   ${tell(result)}`);
  return result;
}

const readWeights = (path: string) => new Map([...readSafetensorsSync(path).tensors].map(([name, s]) => [name, Tensor.fromStorage(s)]));
const picture = (seed: number) => Tensor.fromStorage(image.preprocessRgb(image.renderImage(seed)));
const top5 = (logits: Tensor) => topk(logits, 5).indices.reshape(-1).toArray() as number[];

async function main(): Promise<boolean> {
  const file = positionals[0] ?? fileURLToPath(new URL("./images/scene.jpg", import.meta.url));
  const { weights } = values;
  console.log("Ingot: ResNet-152 from a model to a proven, saved, running graph\n");

  const model = await step(
    weights ? `load ${weights}` : "build ResNet-152, random weights",
    () => models.resnet152(weights ? { weights: readWeights(weights) } : { seed: 0 }),
    (m) => `${[...m.parameters()].reduce((n, p) => n + p.numel(), 0).toLocaleString("en")} parameters`,
  );
  if (!weights) {
    const pictures = Array.from({ length: 16 }, (_, i) => picture(1000 + i));
    await step(
      "calibrate BatchNorm",
      () => nn.calibrate(model, pictures),
      () => "one pass in train mode over 16 rendered images",
    );
  }
  model.eval();
  const x = await step(
    `decode ${file.split(/[\\/]/).pop()}`,
    () => image.preprocess(file),
    (t) => `[${t.shape.join(", ")}], as torchvision preprocesses`,
  );
  const eager = await step(
    "run eagerly",
    () => model.forward(x),
    (y) => `top-5 ${top5(y).join(", ")}`,
  );

  const since = performance.now();
  const traced = await trace(model, x, { dynamic: { x: { 0: "batch" } }, onProgress: ({ stage }) => progress.show(stage) });
  progress.done();
  const { report } = traced;
  console.log(
    `${"trace, optimise, prove".padEnd(34)} ${`${((performance.now() - since) / 1000).toFixed(2)} s`.padStart(8)}   ${report.passes.nodesBefore} → ${report.passes.nodesAfter} nodes (${traced.loweredGraph.nodeCount} on ${traced.engine})\n`,
  );
  console.log(`${String(report)}\n`);

  const compiled = await step(
    "run compiled",
    () => traced.run(x),
    (y) => `top-5 ${top5(y).join(", ")}`,
  );
  if (!existsSync("out")) mkdirSync("out");
  await step(
    `save ${values.output}`,
    () => traced.save(values.output),
    (s) => `${(s.bytes / 2 ** 20).toFixed(0)} MiB, opset ${s.opsets["ai.onnx"]}, IR version ${s.irVersion}`,
  );
  const again = await step(
    "load it again and run it",
    async () => {
      const module = await load(values.output, { onProgress: ({ stage }) => progress.show(stage) });
      const y = (await module.run(x)) as Tensor;
      await module.close();
      return { y, engine: module.engine };
    },
    ({ y, engine }) => `top-5 ${top5(y).join(", ")} (${engine})`,
  );

  progress.show("timing");
  const timer = new Timer({ eager: () => model.forward(x), compiled: () => traced.run(x) });
  const comparison = await timer.compare();
  progress.done();
  console.log(`\n${String(comparison)}\n`);
  await traced.close();

  const lists = [eager, compiled, again.y].map((y) => top5(y).join(", "));
  const agree = lists.every((l) => l === lists[0]);
  console.log(
    agree
      ? `The top-5 of eager, traced and reloaded agree: ${lists[0]}`
      : `The top-5 DIFFER: eager ${lists[0]}; traced ${lists[1]}; reloaded ${lists[2]}`,
  );
  return agree;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  progress.done();
  if (!(error instanceof IngotError)) throw error;
  console.error(`\n${error.name} ${error.code}: ${error.message}`);
  process.exitCode = 1;
}
