// ResNet-18 through the server beside the same model in a loop of its own, in turns: raw tensors by the binary protocol, and pictures.
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { randn } from "../../src/index.ts";
import type { Measured } from "../figure.ts";
import { median, pairedRatio } from "../figure.ts";
import type { BareLoop } from "./bare-main.ts";
import { benchServer } from "./bench-server.ts";
import { generate, type Load, startProcess, throughput } from "./load.ts";
import { resnet18 } from "./models.ts";

const rounds = 5;
const seconds = 3;
const connections = 16;
const picture = fileURLToPath(new URL("../../examples/images/scene.jpg", import.meta.url));

export async function* resnet(progress: (what: string) => void): AsyncIterable<Measured> {
  progress("starting");
  const model = await resnet18();
  const folder = mkdtempSync(join(tmpdir(), "ingot-bare-"));
  writeFileSync(join(folder, "m.onnx"), model);
  const bare = await startProcess("bare-main.ts", [join(folder, "m.onnx")]);
  const server = await benchServer(
    { raw: { model }, pictures: { model, handler: "image_classifier" } },
    { default_workers_per_model: "2" },
  );
  const generator = await startProcess("load-main.ts");
  const tensors: Load = { port: server.port, ...binaryInfer("raw"), connections, seconds };
  const jpegs: Load = {
    port: server.port,
    path: "/predictions/pictures",
    headers: { "content-type": "image/jpeg" },
    body: readFileSync(picture).toString("base64"),
    connections,
    seconds,
  };
  const loop = async (what: BareLoop): Promise<number> => {
    bare.send(what);
    return ((await once(bare, "message")) as [number])[0];
  };
  try {
    for (const warm of [tensors, jpegs]) await generate(generator, warm);
    const figures: Record<"bare" | "served" | "bareJpeg" | "servedJpeg", number[]> = { bare: [], served: [], bareJpeg: [], servedJpeg: [] };
    for (let r = 0; r < rounds; r++) {
      progress(`round ${r + 1} of ${rounds}`);
      figures.bare.push(await loop({ seconds }));
      figures.served.push(throughput(await generate(generator, tensors)));
      figures.bareJpeg.push(await loop({ seconds, picture }));
      figures.servedJpeg.push(throughput(await generate(generator, jpegs)));
    }
    const { bare: b, served, bareJpeg, servedJpeg } = figures;
    const tensorName = "ResNet-18, float32 tensors over v2 binary, concurrency 16: throughput over the bare loop's";
    yield { name: tensorName, unit: "×", bar: "≥ 0.85", ...pairedRatio(served, b) };
    const jpegName = "ResNet-18, JPEGs, concurrency 16: throughput over a loop of preprocess and run";
    yield { name: jpegName, unit: "×", bar: "≥ 0.9", ...pairedRatio(servedJpeg, bareJpeg) };
    yield { name: "ResNet-18, float32 tensors over v2 binary", value: median(served), unit: "requests/s", bar: "", spread: "" };
  } finally {
    generator.disconnect();
    bare.disconnect();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A request for `x: [1, 3, 224, 224]` with its elements behind the JSON. */
function binaryInfer(model: string): Pick<Load, "path" | "headers" | "body"> {
  const elements = randn([1, 3, 224, 224], { seed: 1 }).storage.dense() as Float32Array;
  const bytes = Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength);
  const input = { name: "x", shape: [1, 3, 224, 224], datatype: "FP32", parameters: { binary_data_size: bytes.byteLength } };
  const json = Buffer.from(JSON.stringify({ inputs: [input], parameters: { binary_data_output: true } }));
  return {
    path: `/v2/models/${model}/infer`,
    headers: { "content-type": "application/octet-stream", "inference-header-content-length": String(json.byteLength) },
    body: Buffer.concat([json, bytes]).toString("base64"),
  };
}
