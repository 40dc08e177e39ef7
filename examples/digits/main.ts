// A trained model all the way: the same hundred handwritten digits through eager code, the compiled module and the saved file.
//
//     npx tsx examples/digits/main.ts
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load, type Tensor, topk, trace } from "../../src/index.ts";
import { countRight, testDigits, trainedNet } from "./model.ts";

const { images, labels, right } = testDigits();
const net = await trainedNet();
const traced = await trace(net, "float32[batch=2, 1, 8, 8]", { check: { inputs: [images] } });
const folder = await mkdtemp(join(tmpdir(), "digits-"));
const file = join(folder, "digits.onnx");
await traced.save(file);
const saved = await load(file);

const results = {
  "PyTorch, when it was trained": right,
  eager: countRight(net.forward(images), labels),
  compiled: countRight(await traced.run(images), labels),
  "saved and loaded": countRight((await saved.run(images)) as Tensor, labels),
};
for (const [how, count] of Object.entries(results)) console.log(`${how.padEnd(28)} ${count} of ${labels.length} digits right`);

const { values, indices } = topk((await traced.run(images.narrow(0, 0, 1))).softmax(1), 3);
const guesses = (indices.toArray() as number[][])[0] ?? [];
const odds = (values.toArray() as number[][])[0] ?? [];
console.log(
  `the first digit is ${guesses.map((digit, i) => `${digit} (${((odds[i] ?? 0) * 100).toFixed(1)} %)`).join(", ")}; it is a ${labels[0]}`,
);

await traced.close();
await saved.close();
await rm(folder, { recursive: true });
process.exitCode = new Set(Object.values(results)).size === 1 ? 0 : 1;
