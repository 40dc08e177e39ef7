// `npm run interop [-- PEER… --all]`: what other programs make of the files that Ingot writes, and Ingot of theirs. See README.md.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { models } from "../src/index.ts";
import { compareArchives } from "./archive.ts";
import { judgeDeployments } from "./deploy.ts";
import { type Answer, ask, findPython } from "./python.ts";
import { saveModels } from "./saved-models.ts";
import { compareTokenizers } from "./tokenizers.ts";
import { compareWithTorch } from "./torch.ts";
import { compareWithTorchServe } from "./torchserve.ts";
import { compareWithTransformers } from "./transformers.ts";
import { askTritonClients } from "./triton-client.ts";
import { compareWeights } from "./weights.ts";

/** Largest error over largest value. */
const limit = 1e-4;
const few = ["resnet18", "resnet50", "mobilenet_v2", "vit_b_16"];

interface Peer {
  /** What it imports. */
  readonly packages: readonly string[];
  /** Packages of which it reads files only. */
  readonly installed?: readonly string[];
  /** For pip. */
  readonly install: string;
  /** Whether it reads the models that Ingot saves, which `saved` in the folder lists. */
  readonly readsModels?: boolean;
  readonly answers: (python: string, folder: string) => AsyncIterable<Answer>;
}

const saved = "manifest.json";
/** A program that runs the saved models. */
const runsModels = (program: string) =>
  ({ readsModels: true, answers: (python, folder) => ask(python, program, [join(folder, saved)]) }) satisfies Partial<Peer>;

const peers = {
  onnx: { packages: ["onnx", "numpy"], install: "onnx", ...runsModels("onnx_peer.py") },
  onnxruntime: { packages: ["onnxruntime", "numpy"], install: "onnxruntime", ...runsModels("onnxruntime_peer.py") },
  openvino: { packages: ["openvino", "numpy"], install: "openvino", ...runsModels("openvino_peer.py") },
  tract: { packages: ["tract", "numpy"], install: "tract", ...runsModels("tract_peer.py") },
  weights: { packages: ["numpy", "safetensors"], install: "numpy safetensors", answers: compareWeights },
  archive: { packages: ["model_archiver"], install: "torch-model-archiver==0.12.0", answers: compareArchives },
  tritonclient: {
    packages: ["tritonclient.http", "tritonclient.grpc", "numpy", "ml_dtypes"],
    install: "'tritonclient[http,grpc]' grpcio-reflection ml_dtypes",
    answers: askTritonClients,
  },
  deploy: {
    packages: [
      "yaml",
      "jsonschema",
      "dockerfile_parse",
      "tritonclient.grpc",
      "google.protobuf",
      "onnx",
      "pydantic",
      "dateutil",
      "six",
      "urllib3",
    ],
    // Their schemas are files; to import them all would take what their clients take.
    installed: ["kserve", "kubernetes", "docker", "compose"],
    install:
      "pyyaml jsonschema dockerfile-parse 'tritonclient[grpc]' onnx pydantic python-dateutil six urllib3 && interop/.venv/bin/pip install --no-deps -r interop/requirements-schemas.txt",
    answers: judgeDeployments,
  },
  torchserve: {
    packages: ["ts", "model_archiver", "torch", "torchvision", "onnxruntime", "psutil", "captum"],
    install: "torchserve==0.12.0 torch-model-archiver==0.12.0 torch torchvision onnxruntime psutil captum pyyaml setuptools",
    answers: compareWithTorchServe,
  },
  tokenizers: { packages: ["tokenizers"], install: "tokenizers", answers: compareTokenizers },
  torch: { packages: ["torch", "torchvision", "numpy"], install: "torch torchvision", answers: torch },
  transformers: { packages: ["torch", "transformers", "numpy"], install: "torch transformers", answers: compareWithTransformers },
} satisfies Readonly<Record<string, Peer>>;
type PeerName = keyof typeof peers;
const peerOf = (name: PeerName): Peer => peers[name];
const isPeer = (name: string): name is PeerName => Object.hasOwn(peers, name);

const args = process.argv.slice(2);
const all = args.includes("--all");
/** Several by one name. */
const groups: Readonly<Record<string, readonly string[]>> = { serve: ["archive", "tritonclient", "deploy", "torchserve", "tokenizers"] };
const asked = args.filter((arg) => arg !== "--all").flatMap((arg) => groups[arg] ?? [arg]);
const unknown = asked.filter((name) => !isPeer(name));
if (unknown.length > 0) {
  console.error(`interop: ${unknown.join(", ")}: the peers are ${[...Object.keys(peers), ...Object.keys(groups)].join(", ")}`);
  process.exit(2);
}
const chosen = asked.length > 0 ? asked.filter(isPeer) : Object.keys(peers).filter(isPeer);

const counts = { passed: 0, failed: 0, skipped: 0 };
const folder = mkdtempSync(join(tmpdir(), "ingot-interop-"));
try {
  const pythons = chosen.map((name) => ({ name, python: findPython(peerOf(name).packages, peerOf(name).installed) }));
  for (const { name, python } of pythons) if (!python) skip(name);
  const present = pythons.filter((p): p is { name: PeerName; python: string } => p.python !== undefined);
  if (present.some(({ name }) => peerOf(name).readsModels))
    writeFileSync(join(folder, saved), JSON.stringify(await saveModels(folder, (what) => console.log(`  ${what} …`))));
  for (const { name, python } of present) {
    try {
      for await (const answer of peerOf(name).answers(python, folder))
        if (answer.version) console.log(`${name} ${answer.version}`);
        else report(answer);
    } catch (error) {
      report({ model: name, problem: error instanceof Error ? error.message : String(error) });
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;

/** torchvision's models into ours, and what it exports into `load()`. */
async function* torch(python: string, folder: string): AsyncIterable<Answer> {
  const names = all ? models.modelNames : few;
  for await (const answer of ask(python, "torch_peer.py", [folder, ...names])) {
    const { model, exports } = answer;
    if (model === undefined || exports === undefined) {
      yield answer;
      continue;
    }
    try {
      yield* compareWithTorch(folder, model, exports);
    } catch (error) {
      yield { model, problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

function skip(name: PeerName): void {
  counts.skipped++;
  console.log(
    `!!! SKIPPED ${name}: no Python here has it. python3 -m venv interop/.venv && interop/.venv/bin/pip install ${peers[name].install}`,
  );
}

function report({ model, error, top5, problem, note, skipped }: Answer): void {
  if (skipped !== undefined) {
    counts.skipped++;
    console.log(`  !!! SKIPPED ${model}: ${skipped}`);
    return;
  }
  const good = problem === undefined && (error === undefined || (error <= limit && top5 !== false));
  counts[good ? "passed" : "failed"]++;
  const figures = error === undefined ? (note ?? "") : `error ${error.toExponential(1)}, top-5 ${top5 ? "equal" : "DIFFER"}`;
  console.log(`  ${good ? "ok  " : "FAIL"} ${model}  ${problem ?? figures}`);
}
