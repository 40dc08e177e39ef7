// Weights in several safetensors files, as Hugging Face's libraries write and read them: shards of bounded size, and an index in JSON whose
// `weight_map` names the file of each tensor. Shards lie beside the index.
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { dtypeInfo } from "../tensor/dtype.ts";
import type { Storage } from "../tensor/storage.ts";
import { type FileToWrite, writeFilesTogether } from "./atomic-write.ts";
import { readSafetensors, safetensorsChunks } from "./safetensors.ts";

export interface ShardOptions {
  /** The most bytes of elements in one file; a tensor that is larger gets a file of its own. Default: 5e9, as elsewhere. */
  readonly maxShardBytes?: number;
  /** `__metadata__` of every file. */
  readonly metadata?: ReadonlyMap<string, string>;
}

type Named = readonly [name: string, storage: Storage];

const extension = ".safetensors";
const defaultShardBytes = 5e9;

/**
 * Writes `model.safetensors` where all tensors fit into one file; otherwise `model-00001-of-0000N.safetensors` and so on, tensors in the
 * order given, and `model.safetensors.index.json`. What stood under the name `model` before, in either form, is replaced: programs that load
 * it look for the single file first. Nothing is changed before all is written. Gives the paths, the index last.
 * Throws `InvalidArgument`, `SafetensorsName`, `SafetensorsUnwritable`, `FileNotWritable`, `DiskFull`.
 *
 * @example
 * await writeShardedSafetensors("model.safetensors", tensors, { maxShardBytes: 2e9 });
 */
export async function writeShardedSafetensors(
  path: string,
  tensors: Iterable<Named>,
  { maxShardBytes = defaultShardBytes, metadata }: ShardOptions = {},
): Promise<readonly string[]> {
  checkArguments(path, maxShardBytes);
  const all = [...tensors];
  checkNames(all);
  const shards = split(all, maxShardBytes);
  const stem = path.slice(0, -extension.length);
  const pathOf = (i: number) => (shards.length === 1 ? path : shardPath(stem, i + 1, shards.length));
  const files: FileToWrite[] = shards.map((shard, i) => ({ path: pathOf(i), chunks: safetensorsChunks(shard, metadata) }));
  if (shards.length > 1) files.push({ path: indexPath(path), chunks: [indexOf(shards, (i) => basename(pathOf(i)))] });
  const written = files.map((file) => file.path);
  await writeFilesTogether(files, await replacedBy(path, written));
  return written;
}

const indexPath = (path: string) => `${path}.index.json`;

function shardPath(stem: string, number: number, count: number): string {
  const digits = (n: number) => String(n).padStart(5, "0");
  return `${stem}-${digits(number)}-of-${digits(count)}${extension}`;
}

function checkArguments(path: string, maxShardBytes: number): void {
  const invalid = (name: string, expected: string, actual: string, hint: string) =>
    ingotError("InvalidArgument", { op: "writeShardedSafetensors", name, expected, actual, hint });
  if (!path.endsWith(extension))
    throw invalid(
      "path",
      `a path that ends in ${extension}`,
      path,
      `Shards and index take their names from it: write "model${extension}".`,
    );
  if (!Number.isSafeInteger(maxShardBytes) || maxShardBytes < 1)
    throw invalid("maxShardBytes", "an integer from 1", describeValue(maxShardBytes), "It is in bytes: write 5e9 for 5 GB.");
}

/** Each file refuses a name that it holds twice; two files would not see it. */
function checkNames(tensors: readonly Named[]): void {
  const seen = new Set<string>();
  for (const [name] of tensors) {
    if (seen.has(name)) throw ingotError("SafetensorsName", { tensor: name, problem: "another tensor has it too" });
    seen.add(name);
  }
}

const bytesOf = ([, { dtype, shape }]: Named) => shape.reduce((product, size) => product * size, dtypeInfo(dtype).bytes);

/** In order, each file filled before the next; at least one file. */
function split(tensors: readonly Named[], maxShardBytes: number): readonly (readonly Named[])[] {
  const shards: Named[][] = [[]];
  let filled = 0;
  for (const tensor of tensors) {
    const bytes = bytesOf(tensor);
    if (filled > 0 && filled + bytes > maxShardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)?.push(tensor);
    filled += bytes;
  }
  return shards;
}

function indexOf(shards: readonly (readonly Named[])[], fileOf: (shard: number) => string): Uint8Array {
  const places = shards.flatMap((shard, i) => shard.map(([name]) => [name, fileOf(i)] as const));
  const total = shards.flat().reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  // Object.fromEntries makes a tensor called "__proto__" an entry like any other.
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(places.sort(([a], [b]) => (a < b ? -1 : 1))) };
  return new TextEncoder().encode(`${JSON.stringify(index, null, 2)}\n`);
}

/** The files of the same name, in one piece or in shards, that are not written anew. */
async function replacedBy(path: string, written: readonly string[]): Promise<readonly string[]> {
  const folder = dirname(path);
  const stem = basename(path, extension);
  const present = await readdir(folder).catch((cause: unknown) => {
    throw fileError("write", path, cause);
  });
  const isShard = (name: string) => name.startsWith(`${stem}-`) && /^\d{5,}-of-\d{5,}\.safetensors$/.test(name.slice(stem.length + 1));
  const kept = new Set(written.map((file) => basename(file)));
  const old = (name: string) => name === basename(path) || name === basename(indexPath(path)) || isShard(name);
  // The index goes first: without it, no reader takes what is half replaced for whole.
  const byIndex = (name: string) => (name === basename(indexPath(path)) ? 0 : 1);
  return present
    .filter((name) => old(name) && (!kept.has(name) || name === basename(indexPath(path))))
    .sort((a, b) => byIndex(a) - byIndex(b))
    .map((name) => join(folder, name));
}

/** Reads the tensors that an index names. Throws FileError, `WeightsFormat`, and what `readSafetensors` throws. */
export async function readShards(path: string): Promise<Map<string, Storage>> {
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
    const names = shards.get(file);
    if (names) names.push(tensor);
    else shards.set(file, [tensor]);
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
