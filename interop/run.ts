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
  readonly program: string;
  /** For pip. */
  readonly install: string;
}
const peers = {
  onnx: { packages: ["onnx", "numpy"], program: "onnx_peer.py", install: "onnx" },
  onnxruntime: { packages: ["onnxruntime", "numpy"], program: "onnxruntime_peer.py", install: "onnxruntime" },
  openvino: { packages: ["openvino", "numpy"], program: "openvino_peer.py", install: "openvino" },
  tract: { packages: ["tract", "numpy"], program: "tract_peer.py", install: "tract" },
  weights: { packages: ["numpy", "safetensors"], program: "weights_peer.py", install: "numpy safetensors" },
  archive: { packages: ["model_archiver"], program: "archive_peer.py", install: "torch-model-archiver==0.12.0" },
  tritonclient: {
    packages: ["tritonclient.http", "tritonclient.grpc", "numpy", "ml_dtypes"],
    program: "triton_client_peer.py",
    install: "'tritonclient[http,grpc]' grpcio-reflection ml_dtypes",
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
    program: "deploy_peer.py",
    install:
      "pyyaml jsonschema dockerfile-parse 'tritonclient[grpc]' onnx pydantic python-dateutil six urllib3 && interop/.venv/bin/pip install --no-deps -r interop/requirements-schemas.txt",
  },
  torchserve: {
    packages: ["ts", "model_archiver", "torch", "torchvision", "onnxruntime", "psutil", "captum"],
    program: "",
    install: "torchserve==0.12.0 torch-model-archiver==0.12.0 torch torchvision onnxruntime psutil captum pyyaml setuptools",
  },
  tokenizers: { packages: ["tokenizers"], program: "tokenizers_peer.py", install: "tokenizers" },
  torch: { packages: ["torch", "torchvision", "numpy"], program: "torch_peer.py", install: "torch torchvision" },
  transformers: { packages: ["torch", "transformers", "numpy"], program: "transformers_peer.py", install: "torch transformers" },
} as const satisfies Readonly<Record<string, Peer>>;
type PeerName = keyof typeof peers;
/** Those that do not read the models that Ingot saves. */
const withoutModels: ReadonlySet<PeerName> = new Set([
  "weights",
  "archive",
  "tritonclient",
  "deploy",
  "torchserve",
  "tokenizers",
  "torch",
  "transformers",
]);
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
  const pythons = chosen.map((name) => ({ name, python: pythonOf(peers[name]) }));
  for (const { name, python } of pythons) if (!python) skip(name);
  const present = pythons.filter((p): p is { name: PeerName; python: string } => p.python !== undefined);
  const manifest = join(folder, "manifest.json");
  if (present.some(({ name }) => !withoutModels.has(name)))
    writeFileSync(manifest, JSON.stringify(await saveModels(folder, (what) => console.log(`  ${what} …`))));
  for (const { name, python } of present) {
    try {
      if (name === "torch") await torch(python);
      else if (name === "torchserve") await judgeAnswers(name, compareWithTorchServe(python, folder));
      else if (name === "weights") await judgeAnswers(name, compareWeights(python, folder));
      else if (name === "archive") await judgeAnswers(name, compareArchives(python, folder));
      else if (name === "tritonclient") await judgeAnswers(name, askTritonClients(python, folder));
      else if (name === "deploy") await judgeAnswers(name, judgeDeployments(python));
      else if (name === "tokenizers") await judgeAnswers(name, compareTokenizers(python, folder));
      else if (name === "transformers") await judgeAnswers(name, compareWithTransformers(python, folder));
      else await judgeAnswers(name, ask(python, peers[name].program, [manifest]));
    } catch (error) {
      report({ model: name, problem: error instanceof Error ? error.message : String(error) });
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;

function pythonOf({ packages, installed }: Peer): string | undefined {
  return findPython(packages, installed);
}

async function judgeAnswers(name: PeerName, answers: AsyncIterable<Answer>): Promise<void> {
  for await (const answer of answers)
    if (answer.version) console.log(`${name} ${answer.version}`);
    else report(answer);
}

async function torch(python: string): Promise<void> {
  const names = all ? models.modelNames : few;
  for await (const answer of ask(python, peers.torch.program, [folder, ...names])) {
    if (answer.version) console.log(`torch ${answer.version}`);
    if (!answer.model) continue;
    if (!answer.exports) {
      report(answer);
      continue;
    }
    try {
      for await (const compared of compareWithTorch(folder, answer.model, answer.exports)) report(compared);
    } catch (error) {
      report({ model: answer.model, problem: error instanceof Error ? error.message : String(error) });
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
