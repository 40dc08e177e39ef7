// Writes a deployment: a folder with the model and the files that run it somewhere.
import { cp, lstat, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { extractArchive } from "../../archive/extract-archive.ts";
import { ingotError } from "../../errors/error.ts";
import { fileError } from "../../errors/file-error.ts";
import { writeFilesTogether } from "../../weights/atomic-write.ts";
import { type ComposeOptions, composeFiles, dockerfile } from "./compose.ts";
import { copyArchive, type DeployedModel, readDeployedModel } from "./deployed-model.ts";
import { type DeployFile, storeFolder } from "./deployment.ts";
import { type KserveOptions, kserveFiles } from "./kserve.ts";
import { type SystemdOptions, systemdFiles } from "./systemd.ts";
import { type TritonOptions, tritonConfig, tritonModelFile, tritonVersion } from "./triton.ts";

/** Where a model is to run, with what that kind of place needs to know. */
export type Target =
  | { readonly kind: "kserve"; readonly options: KserveOptions }
  | { readonly kind: "compose"; readonly options: ComposeOptions }
  | { readonly kind: "systemd"; readonly options: SystemdOptions }
  | { readonly kind: "triton"; readonly options: TritonOptions };

export interface DeployRequest {
  /** An archive or an `.onnx` file. */
  readonly model: string;
  /** What the model is called there; its own name unless given. */
  readonly name?: string | undefined;
  /** The folder that is written; it is made if need be. */
  readonly output: string;
  /** Whether files that are there are replaced. */
  readonly force?: boolean | undefined;
}

export interface Deployment {
  readonly model: string;
  readonly version: string;
  /** Paths of all that was written. */
  readonly files: readonly string[];
  /** What an operator should know. */
  readonly notes: readonly string[];
}

/**
 * Writes the files of a deployment; the target is asked for when the model is known. Throws `DeployExists`, `DeployTriton`, `FileNotWritable`, and what reading the archive throws.
 *
 * @example
 * await deploy({ model: "resnet18.mar", output: "repository" }, () => ({ kind: "triton", options: { workers: 1, maxBatchSize: 32 } }));
 */
export async function deploy(request: DeployRequest, targetOf: (model: DeployedModel) => Target): Promise<Deployment> {
  const scratch = await mkdtemp(join(tmpdir(), "ingot-deploy-"));
  try {
    const model = await readDeployedModel(request.model, { name: request.name, scratch });
    const { name, version } = model;
    const target = targetOf(model);
    const { texts, copy, notes } = target.kind === "triton" ? triton(model, target.options, scratch) : withArchive(model, target);
    const at = (path: string) => join(request.output, path);
    const paths = [...texts.map(({ path }) => at(path)), at(copy.path)];
    if (!request.force) for (const path of paths) await refuseExisting(path);
    try {
      for (const path of paths) await mkdir(dirname(path), { recursive: true });
      await rm(at(copy.path), { recursive: true, force: true });
    } catch (cause) {
      throw fileError("write", request.output, cause);
    }
    await copy.write(at(copy.path));
    await writeFilesTogether(texts.map(({ path, text }) => ({ path: at(path), chunks: [Buffer.from(text)] })));
    return { model: name, version, files: paths, notes };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Parts {
  readonly texts: readonly DeployFile[];
  /** The model itself, which may be large. */
  readonly copy: { readonly path: string; write(to: string): Promise<void> };
  readonly notes: readonly string[];
}

function withArchive(model: DeployedModel, target: Exclude<Target, { readonly kind: "triton" }>): Parts {
  const copy = { path: `${storeFolder}/${model.file}`, write: (to: string) => copyArchive(model, dirname(to)) };
  if (target.kind === "compose") return { texts: composeFiles(model, target.options), copy, notes: [] };
  if (target.kind === "systemd") return { texts: systemdFiles(model, target.options), copy, notes: [] };
  const { storageUri, image } = target.options;
  const notes = [
    `Put ${copy.path} at ${storageUri}, where the cluster finds it.`,
    `Build ${image} from the Dockerfile, and push it to where the cluster finds images.`,
  ];
  return { texts: [...kserveFiles(model, target.options), { path: "Dockerfile", text: dockerfile() }], copy, notes };
}

function triton(model: DeployedModel, options: TritonOptions, scratch: string): Parts {
  const version = tritonVersion(model.version);
  const text = tritonConfig(model, options);
  const write = async (to: string) => {
    const unpacked = join(scratch, "archive");
    const { manifest, files } = await extractArchive(model.path, unpacked);
    // Data files of a model lie beside it and keep their names, by which it finds them.
    const beside = files.filter(({ role }) => role === "model" || role === "extra");
    try {
      for (const { path } of beside) {
        const into = join(to, path === manifest.model.serializedFile ? tritonModelFile : path);
        await mkdir(dirname(into), { recursive: true });
        await cp(join(unpacked, path), into);
      }
    } catch (cause) {
      throw fileError("write", to, cause);
    }
  };
  const { handler } = model;
  const notes = [
    ...(String(version) === model.version ? [] : [`Triton's versions are whole numbers: version ${model.version} is ${version} there.`]),
    ...(handler === undefined || handler === "base_handler"
      ? []
      : [`Triton serves the model alone: clients must do what the handler ${handler} does before and after it.`]),
  ];
  return { texts: [{ path: `${model.name}/config.pbtxt`, text }], copy: { path: `${model.name}/${version}`, write }, notes };
}

async function refuseExisting(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there) throw ingotError("DeployExists", { path });
}
