// Weights as tensors by name, ready for `loadStateDict`.
import { Tensor } from "../eager/tensor.ts";
import { readStateDict } from "./state-dict-file.ts";

/**
 * Reads weights of any format: .safetensors, a shard index (.safetensors.index.json), PyTorch checkpoints (.pt, .pth, .bin) and .npz. Nothing
 * in the file is run. Throws FileError and WeightsError.
 *
 * @example
 * const model = models.resnet152({ weights: await readWeights("resnet152-394f9c45.pth") }).eval();
 */
export async function readWeights(path: string): Promise<Map<string, Tensor>> {
  return new Map([...(await readStateDict(path))].map(([name, storage]) => [name, Tensor.fromStorage(storage)]));
}
