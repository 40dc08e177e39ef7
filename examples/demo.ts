// The main job on a real picture: build ResNet-152, run it eagerly, trace, optimise, prove, save, run the file on ONNX Runtime, compare the
// top-5 of all of them, and time eager against compiled.
//
//     npm run demo
//     npm run demo -- my_cat.jpg --weights resnet152.safetensors
//     npm run demo -- --model resnet18 --output out/small.onnx
import { existsSync, mkdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ProgressLine } from "../src/cli/console.ts";
import { fileError } from "../src/errors/file-error.ts";
import { IngotError, image, load, models, nn, readWeights, Tensor, Timer, topk, trace } from "../src/index.ts";

const usage = "usage: npm run demo -- [picture.jpg] [--weights FILE] [--model NAME] [--output FILE.onnx]";

interface Order {
  readonly picture: string;
  readonly model: models.ModelName;
  readonly weights: string | undefined;
  readonly output: string;
}

/** The command line; a mistake in it ends the process with status 2. */
function readOrder(): Order {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { weights: { type: "string" }, model: { type: "string", default: "resnet152" }, output: { type: "string" } },
    });
    const model = models.modelNames.find((name) => name === values.model);
    if (!model) throw new Error(`there is no model ${values.model}; there are ${models.modelNames.join(", ")}`);
    if (positionals.length > 1) throw new Error(`one picture at a time, not ${positionals.join(" and ")}`);
    const picture = positionals[0] ?? fileURLToPath(new URL("./images/scene.jpg", import.meta.url));
    return { picture, model, weights: values.weights, output: values.output ?? `out/${model}.onnx` };
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

const progress = new ProgressLine({});
const onProgress = ({ stage }: { readonly stage: string }) => progress.show(stage);

/** Runs one step with progress, and prints what came of it with its time. */
async function step<T>(what: string, body: () => T | Promise<T>, tell: (result: T) => string): Promise<T> {
  progress.show(what);
  const since = performance.now();
  const result = await body();
  progress.done();
  console.log(`${what.padEnd(34)} ${`${((performance.now() - since) / 1000).toFixed(2)} s`.padStart(8)}   ${tell(result)}`);
  return result;
}

const rendered = (seed: number) => Tensor.fromStorage(image.preprocessRgb(image.renderImage(seed)));
const top5 = (logits: Tensor) => (topk(logits, 5).indices.reshape(-1).toArray() as number[]).join(", ");

/** Random weights tell pictures apart only with statistics that fit them. */
function calibrate(model: Parameters<typeof nn.calibrate>[0]): void {
  const pictures = Array.from({ length: 16 }, (_, i) => rendered(1000 + i));
  nn.calibrate(model, pictures, {
    onProgress: ({ batch, batches }) => progress.show("calibrate BatchNorm", `image ${batch} of ${batches}`),
  });
}

async function main({ picture, model: name, weights, output }: Order): Promise<boolean> {
  console.log(`Ingot: ${name} from a model to a proven, saved, running graph\n`);
  try {
    if (!existsSync(dirname(output))) mkdirSync(dirname(output));
  } catch (cause) {
    throw fileError("write", output, cause);
  }
  const x = await step(
    `decode ${basename(picture)}`,
    () => image.preprocess(picture),
    (t) => `[${t.shape.join(", ")}], as torchvision preprocesses`,
  );
  const model = await step(
    weights ? `load ${basename(weights)}` : `build ${name}, random weights`,
    async () => models.byName(name)(weights ? { weights: await readWeights(weights) } : { seed: 0 }),
    (m) => `${[...m.parameters()].reduce((n, p) => n + p.numel(), 0).toLocaleString("en")} parameters`,
  );
  if (!weights && [...model.modules()].some((m) => m instanceof nn.BatchNorm2d))
    await step(
      "calibrate BatchNorm",
      () => calibrate(model),
      () => "one pass in train mode over 16 rendered images",
    );
  model.eval();
  const eager = await step(
    "run eagerly",
    () => model.forward(x),
    (y) => `top-5 ${top5(y)}`,
  );

  const traced = await step(
    "trace, optimise, prove",
    () => trace(model, x, { dynamic: { x: { 0: "batch" } }, onProgress }),
    (m) => `${m.report.passes.nodesBefore} → ${m.report.passes.nodesAfter} nodes (${m.loweredGraph.nodeCount} on ${m.engine})`,
  );
  console.log(`\n${String(traced.report)}\n`);

  const compiled = await step(
    "run compiled",
    () => traced.run(x),
    (y) => `top-5 ${top5(y)}`,
  );
  await step(
    `save ${output}`,
    () => traced.save(output),
    (s) => `${(s.bytes / 2 ** 20).toFixed(0)} MiB, opset ${s.opsets["ai.onnx"]}, IR version ${s.irVersion}`,
  );
  const again = await step(
    "load it again and run it",
    async () => {
      const module = await load(output, { onProgress });
      const y = (await module.run(x)) as Tensor;
      await module.close();
      return { y, engine: module.engine };
    },
    ({ y, engine }) => `top-5 ${top5(y)} (${engine})`,
  );

  const timer = new Timer(
    { eager: () => model.forward(x), compiled: () => traced.run(x) },
    { onProgress: ({ part }) => progress.show("timing", `${(part * 100).toFixed(0)} %`) },
  );
  progress.show("timing");
  const comparison = await timer.compare();
  progress.done();
  console.log(`\n${String(comparison)}\n`);
  await traced.close();

  const [first, second, third] = [top5(eager), top5(compiled), top5(again.y)];
  const agree = first === second && second === third;
  console.log(
    agree
      ? `The top-5 of eager, traced and reloaded agree: ${first}`
      : `The top-5 DIFFER: eager ${first}; traced ${second}; reloaded ${third}`,
  );
  return agree;
}

try {
  process.exitCode = (await main(readOrder())) ? 0 : 1;
} catch (error) {
  progress.done();
  if (!(error instanceof IngotError)) throw error;
  console.error(`\n${error.name} ${error.code}: ${error.message}`);
  process.exitCode = 1;
}
