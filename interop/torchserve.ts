// TorchServe itself beside `ingot serve`: it serves an archive of ours, we serve one of torch-model-archiver's, and the answers for one picture are
// compared. TorchServe's own handlers call an ONNX model as if it were PyTorch's, so it gets the handler that its documentation asks for.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { archive } from "../src/archive/archive.ts";
import { models, randn, trace } from "../src/index.ts";
import { serveStore } from "../test/support/model-store.ts";
import type { Answer } from "./python.ts";

type Scores = Readonly<Record<string, number>>;

const picture = join(import.meta.dirname, "../examples/images/scene.jpg");
/** Largest difference of two scores over the largest score: a pixel may be rounded otherwise. */
const limit = 1e-2;
/** ms that TorchServe may take to start Java, Python and PyTorch. */
const patience = 90_000;

const handler = `from ts.torch_handler.image_classifier import ImageClassifier
import torch


class OnnxImageClassifier(ImageClassifier):
    def inference(self, data, *args, **kwargs):
        name = self.model.get_inputs()[0].name
        return torch.from_numpy(self.model.run(None, {name: data.cpu().numpy()})[0])
`;

/** Answers for each direction. `folder` is for files; `python` has torchserve, torch-model-archiver, torch, torchvision and onnxruntime. */
export async function* compareWithTorchServe(python: string, folder: string): AsyncIterable<Answer> {
  if (spawnSync("java", ["-version"]).error) {
    yield { model: "torchserve", skipped: "there is no `java` here (version 11 or later; Debian: openjdk-17-jre-headless)" };
    return;
  }
  const home = join(folder, "torchserve");
  const store = join(home, "store");
  mkdirSync(store, { recursive: true });
  await writeInputs(home);
  const from = (name: string) => join(home, name);
  const common = { version: "1.0", serializedFile: from("net.onnx"), extraFiles: from("index_to_name.json"), exportPath: store };
  await archive({ ...common, modelName: "ours", handler: from("onnx_image_classifier.py") });
  await archive({ ...common, modelName: "plain", handler: "image_classifier" });
  archiveByTheirs(python, home, store);

  const server = await serveStore(store, { enable_model_api: "true", load_models: "plain.mar,theirs.mar" });
  let plain: Scores;
  try {
    const { inference, management } = server.addresses;
    plain = await classify(inference, "plain");
    yield compare("an archive of torch-model-archiver, served here", plain, await classify(inference, "theirs"));
    const url = `${management}/models?url=ours.mar&handler=image_classifier&initial_workers=1`;
    assert.equal((await fetch(url, { method: "POST" })).status, 200);
    yield compare("an archive with TorchServe's handler, served here by ours", plain, await classify(inference, "ours"));
  } finally {
    await server.close();
  }

  // TorchServe reads every archive of its store only where it is told to.
  const theirs = await startTorchServe(python, home, store, ["ours=ours.mar"]);
  try {
    yield compare("an archive of ours, served by TorchServe", plain, await classify(theirs.inference, "ours"));
  } finally {
    theirs.stop();
  }
}

async function writeInputs(home: string): Promise<void> {
  const net = await trace(models.squeezenet1_1({ seed: 0 }), randn([1, 3, 224, 224], { seed: 1 }), { dynamic: { x: { 0: "batch" } } });
  await net.save(join(home, "net.onnx"));
  await net.close();
  const labels = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [String(i), [`n${i}`, `class ${i}`]]));
  writeFileSync(join(home, "index_to_name.json"), JSON.stringify(labels));
  writeFileSync(join(home, "onnx_image_classifier.py"), handler);
}

function archiveByTheirs(python: string, home: string, store: string): void {
  const flags = {
    "--model-name": "theirs",
    "--version": "1.0",
    "--serialized-file": join(home, "net.onnx"),
    "--extra-files": join(home, "index_to_name.json"),
    "--handler": "image_classifier",
    "--export-path": store,
  };
  mkdirSync(join(home, "tmp"), { recursive: true });
  const env = { ...process.env, TMPDIR: join(home, "tmp") };
  const ran = spawnSync(python, ["-m", "model_archiver.model_packaging", ...Object.entries(flags).flat()], { env, encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stderr);
}

async function classify(inference: string, model: string): Promise<Scores> {
  const answer = await fetch(`${inference}/predictions/${model}`, { method: "PUT", body: readFileSync(picture) });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${model}: ${answer.status} ${text}`);
  return JSON.parse(text) as Scores;
}

/** Compares scores by label. */
function compare(model: string, ours: Scores, theirs: Scores): Answer {
  const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  const largest = Math.max(...Object.values(ours));
  const error = Math.max(...[...names].map((name) => Math.abs((ours[name] ?? 0) - (theirs[name] ?? 0)))) / largest;
  if (Object.keys(ours).length !== 5 || !(error <= limit))
    return { model, problem: `scores differ: ${JSON.stringify(ours)}, ${JSON.stringify(theirs)}` };
  return { model, note: `five scores, largest difference ${error.toExponential(1)} of the largest` };
}

async function startTorchServe(python: string, home: string, store: string, names: readonly string[]) {
  const [inference, management, metrics, grpcInference, grpcManagement] = await freePorts(5);
  const keys = {
    inference_address: `http://127.0.0.1:${inference}`,
    management_address: `http://127.0.0.1:${management}`,
    metrics_address: `http://127.0.0.1:${metrics}`,
    grpc_inference_port: grpcInference,
    grpc_management_port: grpcManagement,
    default_workers_per_model: 1,
    disable_system_metrics: true,
  };
  const config = join(home, "config.properties");
  writeFileSync(
    config,
    Object.entries(keys)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(""),
  );
  const run = join(home, "run");
  mkdirSync(run);
  const args = ["--start", "--ncs", "--disable-token-auth", "--model-store", store, "--ts-config", config, "--models", ...names];
  // Its workers take the first Python of the PATH, and its pid file lies among the temporary files.
  const env = { ...process.env, PATH: `${dirname(python)}${delimiter}${process.env.PATH ?? ""}`, TMPDIR: run, TEMP: run };
  const log = join(run, "output.log");
  const output = openSync(log, "w");
  // The launcher ends when it has started Java, which goes on; it is ended by what the launcher wrote down.
  const launched = spawnSync(python, ["-c", "from ts.model_server import start; start()", ...args], {
    cwd: run,
    env,
    stdio: ["ignore", output, output],
    timeout: 60_000,
  });
  closeSync(output);
  if (launched.status !== 0) throw new Error(`TorchServe did not start:\n${readFileSync(log, "utf8").slice(-5000)}`);
  const pid = Number(readFileSync(join(run, ".model_server.pid"), "utf8"));
  const stop = () => process.kill(pid, "SIGTERM");
  const since = performance.now();
  for (;;) {
    const ready = await fetch(`${keys.management_address}/models/ours`)
      .then(async (answer) => answer.ok && /"status": "READY"/.test(await answer.text()))
      .catch(() => false);
    if (ready) return { inference: keys.inference_address, stop };
    if (performance.now() - since > patience) {
      stop();
      throw new Error(`TorchServe's model was not ready in time:\n${workerLines(log)}`);
    }
    await wait(500);
  }
}

/** What TorchServe's worker said last. */
const workerLines = (log: string): string =>
  readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => /MODEL_LOG|WARN|ERROR/.test(line))
    .slice(-30)
    .join("\n");

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  await Promise.all(servers.map((server) => once(server, "close")));
  return ports;
}
