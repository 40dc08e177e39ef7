// Weights into a file of any format that is written here, told from its name: the counterpart of `readWeights`.
import { extname } from "node:path";
import { Tensor } from "../eager/tensor.ts";
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { suggestion } from "../errors/nearest.ts";
import type { Storage } from "../tensor/storage.ts";
import { writeNpz } from "./npz.ts";
import { writeSafetensors } from "./safetensors.ts";
import { writeShardedSafetensors } from "./safetensors-shards.ts";

export interface WriteWeightsOptions {
  /** .safetensors: the most bytes in one file; more become shards and an index. Default: one file, whatever its size. */
  readonly maxShardBytes?: number;
  /** .npz: pack the arrays. Default: store them as they are. */
  readonly compress?: boolean;
}

type Named = readonly [string, Storage];

interface Format {
  readonly options: readonly (keyof WriteWeightsOptions)[];
  readonly write: (path: string, tensors: readonly Named[], options: WriteWeightsOptions) => Promise<readonly string[]>;
}

/** What Hugging Face's loaders ask for: whose layouts the tensors have. Layers here have PyTorch's. */
const metadata: ReadonlyMap<string, string> = new Map([["format", "pt"]]);

const formats: Readonly<Record<string, Format>> = {
  ".safetensors": {
    options: ["maxShardBytes"],
    async write(path, tensors, { maxShardBytes }) {
      if (maxShardBytes !== undefined) return writeShardedSafetensors(path, tensors, { maxShardBytes, metadata });
      await writeSafetensors(path, tensors, metadata);
      return [path];
    },
  },
  ".npz": {
    options: ["compress"],
    async write(path, tensors, { compress = false }) {
      await writeNpz(path, tensors, { compress });
      return [path];
    },
  },
};

/**
 * Writes tensors by name, all or nothing: to `.safetensors` (with `maxShardBytes`, to shards and an index as Hugging Face writes them) or
 * `.npz`. Gives the paths of the files. `readWeights` reads each; for shards, give it the index, which is the last.
 * Throws `InvalidArgument`, `UnknownOption`, `SafetensorsName`, `SafetensorsUnwritable`, `NpzName`, `NpyUnwritable`, `FileNotWritable`, `DiskFull`.
 *
 * @example
 * await writeWeights("resnet18.safetensors", models.resnet18().stateDict());
 */
export async function writeWeights(
  path: string,
  weights: Iterable<readonly [string, Tensor]>,
  options: WriteWeightsOptions = {},
): Promise<readonly string[]> {
  const { options: taken, write } = formatOf(path);
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!taken.some((name) => name === option))
      throw ingotError("UnknownOption", {
        call: `writeWeights("…${extname(path)}")`,
        option,
        suggestion: suggestion(option, taken),
        known: taken.join(", "),
      });
    if (option === "compress" && typeof value !== "boolean")
      throw invalid("compress", "true or false", describeValue(value), "true packs the arrays, as numpy.savez_compressed does.");
  }
  const tensors = [...weights].map(([name, tensor]): Named => [name, Tensor.storageOf(tensor) ?? tensor.storage]);
  return write(path, tensors, options);
}

function formatOf(path: string): Format {
  const format = typeof path === "string" ? formats[extname(path)] : undefined;
  if (!format)
    throw invalid("path", `a path that ends in ${Object.keys(formats).join(" or ")}`, describeValue(path), 'Write "model.safetensors".');
  return format;
}

function invalid(name: string, expected: string, actual: string, hint: string): Error {
  return ingotError("InvalidArgument", { op: "writeWeights", name, expected, actual, hint });
}
