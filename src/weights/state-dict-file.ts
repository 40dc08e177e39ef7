// One way in for weights of any format: told from the first bytes of the file, given as tensors by name.
import { open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { Storage } from "../tensor/storage.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { CheckpointValue } from "./checkpoint-names.ts";
import { readNpz } from "./npy.ts";
import { readSafetensors } from "./safetensors.ts";
import { openZip } from "./zip-entries.ts";

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
  const head = await firstBytes(path);
  const text = Buffer.from(head).toString("latin1");
  if (text.startsWith("PK\u0003\u0004")) return (await hasArrays(path)) ? readNpz(path) : stateDictOf(path, await readCheckpoint(path));
  if (head[0] === 0x80) return stateDictOf(path, await readCheckpoint(path));
  if (/^\s*\{/.test(text)) return readShards(path);
  if (head[8] === 0x7b) return (await readSafetensors(path)).tensors;
  throw ingotError("WeightsFormat", { file: path, problem: head.length === 0 ? "it is empty" : "its first bytes are of no known format" });
}

async function firstBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(16), 0, 16, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}

async function hasArrays(path: string): Promise<boolean> {
  try {
    const zip = await openZip(path);
    await zip.close();
    return zip.names.some((name) => name.endsWith(".npy"));
  } catch {
    // The reader of checkpoints meets the same trouble and says what it is.
    return false;
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

/** An index as Hugging Face writes it: `weight_map` names the file of each tensor. Shards lie beside the index. */
async function readShards(path: string): Promise<Map<string, Storage>> {
  const fail = (problem: string) => ingotError("WeightsFormat", { file: path, problem });
  let index: unknown;
  try {
    index = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw fail(`it is not JSON: ${cause.message}`);
    throw fileError("read", path, cause);
  }
  const map = typeof index === "object" && index !== null && "weight_map" in index ? index.weight_map : undefined;
  if (typeof map !== "object" || map === null) throw fail("it has no weight_map");
  const shards = new Map<string, string[]>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== "string" || !/^[^/\\]+$/.test(file) || file === "..") throw fail(`the shard of ${tensor} is no file name`);
    shards.set(file, [...(shards.get(file) ?? []), tensor]);
  }
  const tensors = new Map<string, Storage>();
  for (const [file, names] of shards) {
    const shard = (await readSafetensors(join(dirname(path), file))).tensors;
    for (const name of names) {
      const storage = shard.get(name);
      if (!storage) throw fail(`${file} has no tensor "${name}", which the index places there`);
      tensors.set(name, storage);
    }
  }
  return tensors;
}
