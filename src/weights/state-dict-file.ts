// One way in for weights of any format: told from the first bytes of the file, given as tensors by name.
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { Storage } from "../tensor/storage.ts";
import { checkpointInZip, damagedArchive, parseLegacyCheckpoint } from "./checkpoint.ts";
import type { CheckpointValue } from "./checkpoint-names.ts";
import { arraysOf, holdsArrays } from "./npz.ts";
import { readWhole, withFile } from "./read-file.ts";
import { readSafetensors } from "./safetensors.ts";
import { readShards } from "./safetensors-shards.ts";
import { isZip, openZip, ZipProblem } from "./zip-entries.ts";

/** Where the weights stand in checkpoints of training programs that hold more. */
const places = ["state_dict", "model_state_dict", "model", "module", "model_ema", "params"] as const;

/**
 * Reads weights: .safetensors, a shard index (.safetensors.index.json), PyTorch checkpoints (.pt, .pth, .bin) and .npz.
 * Throws FileError, `WeightsFormat`, `NoStateDict`, and the errors of each format.
 *
 * @example
 * const weights = await readStateDict("resnet152-394f9c45.pth");
 * weights.get("conv1.weight"); // Storage of shape [64, 3, 7, 7]
 */
export async function readStateDict(path: string): Promise<Map<string, Storage>> {
  try {
    return await withFile(path, async (file, head) => {
      if (isZip(head)) {
        const zip = await openZip(file);
        return holdsArrays(zip) ? arraysOf(zip, path) : stateDictOf(path, await checkpointInZip(zip, path));
      }
      if (head[0] === 0x80) return stateDictOf(path, parseLegacyCheckpoint(await readWhole(file), path));
      if (/^\s*\{/.test(Buffer.from(head).toString("latin1"))) return readShards(path);
      if (head[8] === 0x7b) return (await readSafetensors(path)).tensors;
      throw ingotError("WeightsFormat", {
        file: path,
        problem: head.length === 0 ? "it is empty" : "its first bytes are of no known format",
      });
    });
  } catch (cause) {
    throw cause instanceof ZipProblem ? damagedArchive(path, cause) : fileError("read", path, cause);
  }
}

function stateDictOf(file: string, value: CheckpointValue): Map<string, Storage> {
  const direct = tensorsOf(value);
  if (direct) return direct;
  if (!(value instanceof Map))
    throw ingotError("NoStateDict", {
      file,
      found: "it is not a dictionary",
      hint: "Save the weights alone, in Python: torch.save(model.state_dict(), path).",
    });
  const found = places.flatMap((name) => {
    const tensors = tensorsOf(value.get(name) ?? null);
    return tensors ? [tensors] : [];
  })[0];
  if (found) return found;
  // A key may be a tuple of tuples that is longer, written out, than any memory.
  const name = (key: CheckpointValue) => (typeof key === "string" ? key.slice(0, 80) : describeValue(key));
  const keys = [...value.keys()].slice(0, 12).map(name).join(", ");
  throw ingotError("NoStateDict", {
    file,
    found: `its entries are ${keys || "none"}`,
    hint: "Read it with readCheckpoint(path) and pick the dictionary of tensors.",
  });
}

/** The dictionary as tensors by name, if that is all it holds. */
function tensorsOf(value: CheckpointValue): Map<string, Storage> | undefined {
  if (!(value instanceof Map) || value.size === 0) return undefined;
  const tensors = new Map<string, Storage>();
  for (const [name, tensor] of value) {
    if (typeof name !== "string" || !(tensor instanceof Storage)) return undefined;
    tensors.set(name, tensor);
  }
  return tensors;
}
