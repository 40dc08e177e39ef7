// What `ingot deploy` writes, beside the schemas that its platforms publish: KServe's and Kubernetes' classes, the Compose Specification, Triton's
// protocol buffers, and systemd's own check.
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { datatypes } from "../src/serve/worker/v2-datatypes.ts";
import { type DType, dtypes } from "../src/tensor/dtype.ts";
import { Workplace } from "../test/cli/command-line.ts";
import { storeModel } from "../test/support/model-store.ts";
import { type TinyValue, tinyModel } from "../test/support/tiny-models.ts";
import { type Answer, ask } from "./python.ts";

/** One deployment: the words for `ingot deploy`, and what the peer must read back. */
interface Case {
  readonly title: string;
  readonly kind: "kserve" | "triton" | "compose" | "systemd";
  /** In the workplace. */
  readonly model: string;
  readonly words: readonly string[];
  /** By the names that the peer has for them. */
  readonly facts: Readonly<Record<string, unknown>>;
}

const image = "registry.example:5000/a/ingot:1.2";

const kserve: readonly Case[] = [
  ...["v1", "v2", "grpc-v2"].map(
    (protocol): Case => ({
      title: `kserve ${protocol}`,
      kind: "kserve",
      model: "doubler",
      words: ["--storage-uri", "s3://models/doubler.mar", "--protocol", protocol],
      facts: { expected: { name: "doubler", file: "doubler.mar", uri: "s3://models/doubler.mar" } },
    }),
  ),
  // Names that YAML 1.1, which Kubernetes reads, takes for a boolean and for a number of base 60.
  {
    title: "kserve with options",
    kind: "kserve",
    model: "doubler",
    words: [
      ...["--name", "no", "--storage-uri", "pvc://claim/deep/12:30", "--image", image, "--cpu", "0.5", "--memory", "1.5Gi"],
      ...["--min-replicas", "0", "--max-replicas", "9", "--scale-target", "1", "--workers", "4"],
    ],
    facts: { expected: { name: "no", file: "12:30", uri: "pvc://claim/deep/12:30" } },
  },
];

/** What Triton's files say where neither model nor words do. */
const plain = { version: "1", maxBatchSize: 0, workers: 1, delayMicroseconds: 0 };

const triton: readonly Case[] = [
  {
    title: "triton, all types, batched",
    kind: "triton",
    model: "batched",
    words: ["--workers", "3", "--max-batch-size", "16"],
    facts: { ...plain, name: "batched", version: "7", maxBatchSize: 16, workers: 3 },
  },
  {
    title: "triton, all types, the model's own batches",
    kind: "triton",
    model: "batched",
    words: ["--max-batch-size", "0"],
    facts: { ...plain, name: "batched", version: "7" },
  },
  {
    title: "triton, no batch axis",
    kind: "triton",
    model: "fixed",
    words: [],
    facts: { ...plain, name: "fixed" },
  },
  {
    title: "triton, the archive's configuration",
    kind: "triton",
    model: "configured",
    words: ["--name", "Other.Name-1_x"],
    facts: { ...plain, name: "Other.Name-1_x", maxBatchSize: 4, delayMicroseconds: 250_000 },
  },
];

const compose: readonly Case[] = [
  {
    title: "compose",
    kind: "compose",
    model: "doubler",
    words: ["--image", image],
    facts: { expected: { project: "doubler", models: "doubler=doubler", image } },
  },
  // `$` begins a variable in a compose file.
  {
    title: "compose with options",
    kind: "compose",
    model: "a$b$$c",
    words: ["--name", "on", "--port", "9000", "--cpu", "1.5", "--memory", "1500Mi", "--workers", "2", "--image", image],
    facts: { expected: { project: "on", models: "on=a$b$$c", image } },
  },
];

const systemd: readonly Case[] = [
  { title: "systemd", kind: "systemd", model: "doubler", words: ["--program", "./ingot"], facts: { unit: "ingot-doubler.service" } },
  {
    title: "systemd with options",
    kind: "systemd",
    model: "a$b$$c",
    words: [
      "--program",
      "./with blanks 100%",
      "--install-dir",
      '/srv/my models/50% "$HOME" \\\'',
      "--cpu",
      "0.5",
      "--name",
      "Dots.And_More",
    ],
    facts: { unit: "ingot-dots-and-more.service" },
  },
];

/** Writes every deployment and has the peer judge them. */
export async function* judgeDeployments(python: string): AsyncIterable<Answer> {
  const place = new Workplace();
  try {
    writeInputs(place);
    const written: unknown[] = [];
    for (const { title, kind, model, words, facts } of [...kserve, ...triton, ...compose, ...systemd]) {
      const folder = place.path(title.replaceAll(/\W+/g, "-"));
      const { status, err } = await place.ingot("deploy", kind, `./${model}`, ...words, "-o", folder);
      assert.equal(status, 0, `${title}: ${err}`);
      written.push({ title, kind, folder, ...facts });
    }
    place.write("cases.json", JSON.stringify(written));
    yield* ask(python, "deploy_peer.py", [place.path("cases.json")]);
  } finally {
    place.remove();
  }
}

function writeInputs(place: Workplace): void {
  const { folder } = place;
  storeModel(folder, "doubler");
  storeModel(folder, "weird", { folder: "a$b$$c" });
  storeModel(folder, "batched", { version: "7.1", model: everyType((i) => ["n", ...([[], [3, "h"], [2]][i % 3] ?? [])]) });
  storeModel(folder, "fixed", { model: everyType((i) => [[], [4, 3], ["rows", 5, "columns"]][i % 3] ?? []) });
  storeModel(folder, "configured", { config: "batchSize: 4\nmaxBatchDelay: 250\n" });
  for (const name of ["ingot", "with blanks 100%"]) {
    writeFileSync(place.path(name), "#!/bin/sh\n");
    chmodSync(place.path(name), 0o755);
  }
}

/** An input of each type of Triton and it again as an output, with names that must be quoted. */
function everyType(shapeOf: (index: number) => readonly (number | string)[]): Uint8Array {
  const types: readonly (readonly [string, DType])[] = Object.entries(datatypes);
  const values = (suffix: string) =>
    types.map(([name, dtype], i): TinyValue => ({ name: `${name} "ö\\'${suffix}`, dtype: dtypes[dtype].onnx, shape: shapeOf(i) }));
  const [inputs, outputs] = [values(""), values("/out\t")];
  const nodes = inputs.map(({ name }, i) => ({ op: "Identity", inputs: [name], outputs: [outputs[i]?.name ?? name] }));
  return tinyModel({ inputs, outputs, nodes });
}
