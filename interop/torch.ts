// PyTorch's models through Ingot: its state dict into our zoo, and the files that it exports through load().
import { join } from "node:path";
import { load, models, Tensor, topk, trace } from "../src/index.ts";
import { readSafetensors } from "../src/weights/safetensors.ts";
import type { Answer } from "./python.ts";

/** What is compared with PyTorch's scores, by name. */
export async function* compareWithTorch(folder: string, name: string, exports: Readonly<Record<string, string>>): AsyncIterable<Answer> {
  const weights = await tensorsOf(join(folder, `${name}.safetensors`));
  const io = await tensorsOf(join(folder, `${name}.io.safetensors`));
  const [input, expected] = [io.get("in") as Tensor, io.get("out") as Tensor];
  const model = models.byName(name)({ weights }).eval();
  yield judge(`${name}, zoo, eager`, model.forward(input) as Tensor, expected);
  const traced = await trace(model, input, { dynamic: [{ 0: "batch" }] });
  yield judge(`${name}, zoo, traced`, (await traced.run(input)) as Tensor, expected);
  await traced.close();
  for (const [way, path] of Object.entries(exports)) {
    try {
      const loaded = await load(path, { example: input });
      yield judge(`${name}, ${way}, loaded`, (await loaded.run(input)) as Tensor, expected);
      await loaded.close();
    } catch (error) {
      yield { model: `${name}, ${way}, loaded`, problem: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** The tensors of a safetensors file. */
export async function tensorsOf(path: string): Promise<Map<string, Tensor>> {
  const { tensors } = await readSafetensors(path);
  return new Map([...tensors].map(([name, storage]) => [name, Tensor.fromStorage(storage)]));
}

/** The error of an output, and whether its highest scores are the same. */
export function judge(model: string, actual: Tensor, expected: Tensor): Answer {
  if (String(actual.shape) !== String(expected.shape)) return { model, problem: `shape ${actual.shape}, expected ${expected.shape}` };
  const [a, e] = [actual.storage.toNumbers(), expected.storage.toNumbers()];
  const largest = Math.max(...e.map(Math.abs));
  const error = Math.max(...a.map((v, i) => Math.abs(v - (e[i] as number)))) / largest;
  return { model, error, top5: sameTop5(actual, expected) };
}

function sameTop5(actual: Tensor, expected: Tensor): boolean {
  const k = Math.min(5, expected.shape.at(-1) ?? 0);
  return String(topk(actual, k).indices) === String(topk(expected, k).indices);
}
