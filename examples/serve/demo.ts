// Two models become servers as a user would do it: archived, served, asked, stopped, by the command line alone. One is SqueezeNet with TorchServe's
// image_classifier on a real picture; the other recognises handwritten digits with a handler of our own (digit-handler.ts).
//
//     npm run demo:serve
//     npm run demo:serve -- my_cat.jpg --weights squeezenet1_1.safetensors --folder out/serve
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { models, readWeights, trace } from "../../src/index.ts";
import { testDigits, trainedNet } from "../digits/model.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { weights: { type: "string" }, folder: { type: "string" } },
});
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const picture = resolve(positionals[0] ?? here("../images/scene.jpg"));
const folder = values.folder ? resolve(values.folder) : mkdtempSync(join(tmpdir(), "ingot-serve-"));
mkdirSync(join(folder, "model_store"), { recursive: true });

/** The command line of this checkout, run in the folder; the line is printed as a user would type it. */
function ingot(...args: readonly string[]): string {
  console.log(`$ ingot ${args.map((a) => basename(a)).join(" ")}`);
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const program = ["--import", loader, here("../../src/cli/main.ts"), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { cwd: folder, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`ingot ${args[0]} ended with status ${status}: ${stderr}${stdout}`);
  return stdout;
}

/** Sends a file as `curl -T` does, and prints what comes back. */
async function ask(address: string, model: string, file: string): Promise<unknown> {
  console.log(`$ curl ${address}/predictions/${model} -T ${basename(file)}`);
  const response = await fetch(`${address}/predictions/${model}`, { method: "PUT", body: readFileSync(file) });
  const text = await response.text();
  console.log(text.trimEnd());
  if (!response.ok) throw new Error(`${model} answered ${response.status}`);
  return JSON.parse(text);
}

async function saveModels(): Promise<void> {
  const { weights } = values;
  const classifier = models.squeezenet1_1(weights ? { weights: await readWeights(weights) } : { seed: 0 }).eval();
  for (const [file, module] of [
    ["squeezenet.onnx", await trace(classifier, "float32[batch=2, 3, 224, 224]")],
    ["digits.onnx", await trace(await trainedNet(), "float32[batch=2, 1, 8, 8]")],
  ] as const) {
    await module.save(join(folder, file));
    await module.close();
  }
}

/** The first test digit as a picture, and what it shows. */
async function saveDigit(file: string): Promise<number> {
  const { images, labels } = testDigits();
  const levels = images.select(0, 0).mul(255).reshape(-1).toArray() as number[];
  await sharp(Uint8Array.from(levels, Math.round), { raw: { width: 8, height: 8, channels: 1 } })
    .png()
    .toFile(file);
  return labels[0] as number;
}

console.log(
  `Ingot: two models from a file to a server\n${values.weights ? "" : "(SqueezeNet has random weights here, so its classes mean nothing.)\n"}`,
);
await saveModels();
const digitFile = join(folder, "digit.png");
const digit = await saveDigit(digitFile);
// Any free ports, so that the demo disturbs nobody.
const ports = ["inference", "management", "metrics"].map((api) => `${api}_address=http://127.0.0.1:0\n`).join("");
writeFileSync(join(folder, "config.properties"), `${ports}grpc_inference_port=0\ngrpc_management_port=0\ndefault_workers_per_model=1\n`);
writeFileSync(join(folder, "index_to_name.json"), ingot("labels", "imagenet"));

const toStore = ["--version", "1.0", "--export-path", "model_store", "--force"];
ingot(
  "archive",
  "--model-name",
  "squeezenet",
  "--serialized-file",
  "squeezenet.onnx",
  "--extra-files",
  "index_to_name.json",
  "--handler",
  "image_classifier",
  ...toStore,
);
ingot("archive", "--model-name", "digits", "--serialized-file", "digits.onnx", "--handler", here("digit-handler.ts"), ...toStore);
// Its pid file, tokens and log too are the demo's own.
const state = ["--state-dir", "."];
const handler = `digit-handler=${here("digit-handler.ts")}`;
const started = JSON.parse(
  ingot("serve", "--start", "--ncs", "--model-store", "model_store", "--models", "all", "--handler-module", handler, ...state, "--json"),
);
try {
  const { inference } = (started as { addresses: { inference: string } }).addresses;
  const classes = await ask(inference, "squeezenet", picture);
  const seen = (await ask(inference, "digits", digitFile)) as { digit: number };
  writeFileSync(join(folder, "answers.json"), JSON.stringify({ classes, seen, digit }));
  console.log(`\nThe digit is a ${digit}; the server says ${seen.digit}.`);
} finally {
  console.log(ingot("serve", "--stop", ...state).trimEnd());
}
if (!values.folder) rmSync(folder, { recursive: true, force: true });
