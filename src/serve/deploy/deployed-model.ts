// The model of a deployment: an archive, or an ONNX file that becomes one.
import { cp, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { archive } from "../../archive/archive.ts";
import { inspectArchive, type ModelPorts } from "../../archive/inspect-archive.ts";
import { isOnnxName, openArchive } from "../../archive/open-archive.ts";
import { fileError } from "../../errors/file-error.ts";

/** What deployments need to know of a model. */
export interface DeployedModel {
  readonly name: string;
  readonly version: string;
  readonly handler: string | undefined;
  /** The archive. */
  readonly path: string;
  /** As it is called in the model store. */
  readonly file: string;
  /** Of all its files, unpacked. */
  readonly bytes: number;
  /** From the archive's model-config.yaml. */
  readonly config: { readonly batchSize?: number; readonly maxBatchDelay?: number; readonly minWorkers?: number };
  readonly ports: ModelPorts;
}

/**
 * Looks into an archive; an `.onnx` file is packed into one in `scratch` first, for `base_handler`. Throws what `openArchive` and `archive` throw: an
 * archive that this server cannot serve is refused.
 *
 * @example
 * const model = await readDeployedModel("resnet18.onnx", { name: "resnet", scratch: "/tmp/x" });
 * model.file; // "resnet.mar"
 */
export async function readDeployedModel(
  path: string,
  { name, scratch }: { readonly name?: string | undefined; readonly scratch: string },
): Promise<DeployedModel> {
  const packed = isOnnxName(path) ? await pack(path, name, scratch) : path;
  // Says why where an archive holds nothing that can be served.
  await openArchive(packed);
  const { manifest, files, config, ports = { inputs: [], outputs: [] } } = await inspectArchive(packed);
  const { modelName, modelVersion, handler } = manifest.model;
  const { batchSize, maxBatchDelay, minWorkers } = config;
  return {
    name: name ?? modelName,
    version: modelVersion,
    handler,
    path: packed,
    file: basename(packed),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    config: {
      ...(batchSize !== undefined && { batchSize }),
      ...(maxBatchDelay !== undefined && { maxBatchDelay }),
      ...(minWorkers !== undefined && { minWorkers }),
    },
    ports,
  };
}

async function pack(path: string, name: string | undefined, scratch: string): Promise<string> {
  const given = name ?? basename(path).replace(/\.onnx$/i, "");
  // What no name of a model may hold becomes a hyphen.
  const modelName = given.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "") || "model";
  const options = { modelName, version: "1.0", serializedFile: path, handler: "base_handler", exportPath: scratch } as const;
  return (await archive({ ...options, archiveFormat: "zip-store" })).path;
}

/** Copies the archive into a model store, whose folder is there. Throws `FileNotWritable` and `DiskFull`. */
export async function copyArchive({ path, file }: DeployedModel, store: string): Promise<void> {
  try {
    await cp(path, join(store, file), { recursive: (await stat(path)).isDirectory() });
  } catch (cause) {
    throw fileError("write", join(store, file), cause);
  }
}
