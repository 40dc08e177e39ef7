// Weights that Ingot writes, for NumPy and for the safetensors package: both sides know what each element must be.
import { join } from "node:path";
import { Tensor } from "../src/index.ts";
import type { DType } from "../src/tensor/dtype.ts";
import { Storage } from "../src/tensor/storage.ts";
import { writeWeights } from "../src/weights/write-weights.ts";
import { type Answer, ask } from "./python.ts";

const shapes: readonly (readonly number[])[] = [[], [0], [5], [3, 4], [2, 3, 5]];
const dtypes: readonly DType[] = [
  "float32",
  "float64",
  "float16",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
  "bool",
];

/** `layer.<dtype>.<rank>`, element i being 7·i modulo 100, or modulo 2 for booleans; one of them strided. */
function tensors(): Map<string, Tensor> {
  const all = new Map<string, Tensor>();
  for (const dtype of dtypes)
    for (const shape of shapes) {
      const count = shape.reduce((a, b) => a * b, 1);
      const storage = Storage.from(
        dtype,
        Array.from({ length: count }, (_, i) => (7 * i) % (dtype === "bool" ? 2 : 100)),
        shape,
      );
      all.set(`layer.${dtype}.${shape.length}.${count}`, Tensor.fromStorage(storage));
    }
  const column = Tensor.fromStorage(Storage.from("float32", [0, 28, 7, 35, 14, 42, 21, 49], [4, 2]));
  return all.set("layer.float32.2.8", column.transpose(0, 1));
}

/** Writes the files and lets the other programs read them. */
export async function* compareWeights(python: string, folder: string): AsyncIterable<Answer> {
  const weights = tensors();
  await writeWeights(join(folder, "stored.npz"), weights);
  await writeWeights(join(folder, "packed.npz"), weights, { compress: true });
  await writeWeights(join(folder, "whole.safetensors"), weights);
  await writeWeights(join(folder, "shards.safetensors"), weights, { maxShardBytes: 500 });
  yield* ask(python, "weights_peer.py", [folder, String(weights.size)]);
}
