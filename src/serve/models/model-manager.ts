// Registering, scaling and unregistering models: from an archive to workers that are ready, and back.
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Archive } from "../../archive/archive-file.ts";
import { extractArchive } from "../../archive/extract-archive.ts";
import { openArchive } from "../../archive/open-archive.ts";
import { torchserveAnswers } from "../../archive/torchserve-answers.ts";
import { IngotError } from "../../errors/error.ts";
import { kernelVariant } from "../../kernels/scratch.ts";
import { producerVersion } from "../../onnx/producer.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { type FaultType, refuse } from "../fault.ts";
import type { Observer } from "../observer.ts";
import type { HandlerName } from "../wire/messages.ts";
import { findArchive } from "./find-archive.ts";
import type { Registry } from "./registry.ts";
import { ServedVersion } from "./served-version.ts";
import { resolveSettings, type SettingsRequest } from "./version-settings.ts";

export interface RegisterRequest extends SettingsRequest {
  /** A file of the model store. */
  readonly url: string;
  /** Instead of the archive's own name. */
  readonly modelName?: string;
  readonly handler?: string;
  /** Workers to start; default: what the configuration says. */
  readonly initialWorkers?: number;
}

export interface StartOptions {
  readonly atStartup?: boolean;
  /** Workers where neither registration, archive nor configuration of the model says; default: `default_workers_per_model`. */
  readonly workers?: number;
}

/** A picture with more pixels than Pillow takes is refused before it is decoded. */
const pillowPixels = 2 * 89_478_485;

export class ModelManager {
  readonly #config: ServerConfig;
  readonly #registry: Registry;
  readonly #observer: Observer;
  readonly #folder: string;
  #nextWorker: number;
  #nextFolder = 0;

  /** `folder` is where archives are unpacked; it is the process's own. */
  constructor(config: ServerConfig, registry: Registry, observer: Observer, folder: string) {
    this.#config = config;
    this.#registry = registry;
    this.#observer = observer;
    this.#folder = folder;
    this.#nextWorker = 9000;
  }

  /**
   * Registers a model and starts its workers; resolves when they are ready. Throws ServeFault for an archive that cannot be found, is damaged or
   * unsafe, is registered already, or whose workers do not start: then nothing of it is left.
   */
  async register(request: RegisterRequest, options: StartOptions = {}): Promise<ServedVersion> {
    const path = await findArchive(this.#config.modelStore, request.url);
    const archive = await readable(() => openArchive(path));
    const { model } = archive.manifest;
    const name = request.modelName || model.modelName;
    return this.#registry.inTurn(name, async () => {
      if (this.#registry.has(name, model.modelVersion))
        throw refuse("ConflictStatusException", `Model version ${model.modelVersion} is already registered for model ${name}`);
      const folder = join(this.#folder, String(this.#nextFolder++));
      await mkdir(this.#folder, { recursive: true });
      const unpacked = await readable(() => extractArchive(path, folder));
      try {
        return await this.#start(request, name, unpacked, folder, options);
      } catch (error) {
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
    });
  }

  /** Takes a version away; waits for the requests it has. Throws ServeFault 404, 403, and 408 where some were cut off. */
  async unregister(name: string, version?: string): Promise<void> {
    await this.#registry.inTurn(name, async () => {
      const served = this.#registry.remove(name, version);
      await served.close(this.#config.unregisterModelTimeout);
      await rm(served.parts.model.folder, { recursive: true, force: true });
    });
  }

  /** Sets the number of workers; resolves when they are there. Throws ServeFault 404, and 500 where they do not start. */
  async scale(name: string, version: string | undefined, minWorkers: number, maxWorkers: number): Promise<ServedVersion> {
    return this.#registry.inTurn(name, async () => {
      const served = this.#registry.find(name, version);
      if (!(await served.scale(minWorkers, maxWorkers))) throw startFailed(served);
      return served;
    });
  }

  async #start(request: RegisterRequest, name: string, archive: Archive, folder: string, options: StartOptions): Promise<ServedVersion> {
    const { manifest, config, warnings } = archive;
    const { serializedFile = "", modelVersion: version, handler } = manifest.model;
    const file = basename(serializedFile);
    const compiled = join(this.#config.stateDir, ".ingot", "compiled", `${await hashOf(join(folder, serializedFile))}.onnx`);
    const settings = resolveSettings(this.#config, name, version, config, request, options.workers ?? this.#config.defaultWorkersPerModel);
    const served = new ServedVersion({
      url: request.url,
      loadedAtStartup: options.atStartup ?? false,
      settings: { ...settings, minWorkers: 0 },
      observer: this.#observer,
      nextWorkerId: () => this.#nextWorker++,
      threads: 0,
      isCompiled: () => existsSync(compiled),
      model: {
        name,
        version,
        folder,
        file,
        compiled,
        handler: this.#handlerOf(request.handler ?? handler),
        handlerConfig: recordOf(config.backend.handler),
        decodeInput: this.#config.decodeInputRequest,
        maxImagePixels: this.#config.limitMaxImagePixels ? pillowPixels : Number.MAX_SAFE_INTEGER,
        badInput: this.#config.badInputStatus,
        nonfinite: this.#config.jsonNonfinite,
      },
    });
    for (const detail of warnings) this.#observer.worker({ model: name, version, worker: 0, what: "warning", detail });
    this.#registry.add(served);
    const workers = request.initialWorkers ?? settings.minWorkers;
    if (workers > 0 && !(await served.scale(workers, Math.max(workers, settings.maxWorkers)))) {
      const error = startFailed(served);
      // It is the default version only if it is the only one: nothing else was registered under this name meanwhile.
      this.#registry.discard(served);
      await served.close(0);
      throw error;
    }
    return served;
  }

  /** A handler of the operator's, or a built-in one. What an archive brings along is never run. */
  #handlerOf(name: string | undefined): HandlerName {
    const wanted = name ?? this.#config.defaultServiceHandler ?? "base_handler";
    const bare = wanted.split(":")[0]?.replace(/\.(py|js|mjs|ts)$/, "") ?? wanted;
    const module = this.#config.handlerModules.get(wanted) ?? this.#config.handlerModules.get(bare);
    return module === undefined ? { builtin: bare } : { module };
  }
}

const recordOf = (value: unknown) => (typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {});

function startFailed(served: ServedVersion) {
  const { name, version, failure } = served;
  const cause = failure === "" ? undefined : new Error(failure);
  return refuse("InternalServerException", `Failed to start workers for model ${name} version: ${version}`, { cause });
}

/** An archive's own faults in TorchServe's words. */
async function readable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof IngotError)) throw error;
    const answer = Object.hasOwn(torchserveAnswers, error.code)
      ? torchserveAnswers[error.code as keyof typeof torchserveAnswers]
      : undefined;
    if (!answer) throw error;
    throw refuse(answer.type as FaultType, `${error.summary}. ${error.hint}`, { status: answer.status, cause: error });
  }
}

/** Of a model file and of what compiles it: a compiled file of another release is not taken. */
async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256").update(`${producerVersion} ${kernelVariant} ${process.platform} ${process.arch}\n`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
