// Registering, scaling and unregistering models: from an archive to workers that are ready, and back.
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import process from "node:process";
import type { Archive } from "../../archive/archive-file.ts";
import { extractArchive } from "../../archive/extract-archive.ts";
import { openArchive } from "../../archive/open-archive.ts";
import { torchserveAnswers } from "../../archive/torchserve-answers.ts";
import { IngotError } from "../../errors/error.ts";
import { kernelVariant } from "../../kernels/scratch.ts";
import { producerVersion } from "../../onnx/producer.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { type FaultType, refuse } from "../fault.ts";
import type { ModelEvent, Observer } from "../observer.ts";
import { compiledGraph, type HandlerName } from "../wire/messages.ts";
import type { ArchiveFetcher } from "./download/fetch-archive.ts";
import { type LocatedArchive, locateArchive } from "./locate-archive.ts";
import type { Registry } from "./registry.ts";
import { ServedVersion } from "./served-version.ts";
import { resolveSettings, type SettingsRequest, type VersionSettings } from "./version-settings.ts";
import { WorkerSpawner } from "./worker-spawner.ts";

export interface RegisterRequest extends SettingsRequest {
  /** A file of the model store, a file:// URL in it, or an http(s) URL that allowed_urls has. */
  readonly url: string;
  /** Instead of the archive's own name. */
  readonly modelName?: string;
  readonly handler?: string;
  /** Shown in descriptions instead of the archive's own. */
  readonly runtime?: string;
  /** Workers to start; default: what the configuration says. */
  readonly initialWorkers?: number;
}

export interface StartOptions {
  readonly atStartup?: boolean;
  /** Workers where neither registration, archive nor configuration of the model says; default: `default_workers_per_model`. */
  readonly workers?: number;
}

/** A version that is registered, and whose workers are on their way. */
export interface Registration {
  readonly served: ServedVersion;
  /** How many workers it begins with. */
  readonly workers: number;
  /** Resolves when they are ready. Rejects with a ServeFault where they do not start; then the version is unregistered again. */
  readonly started: Promise<void>;
}

/** What became of a change of the number of workers; `partly`: some that should be there are not, and are being started again. */
export type Scaled = "fully" | "partly";

/** A picture with more pixels than Pillow takes is refused before it is decoded. */
const pillowPixels = 2 * 89_478_485;

export class ModelManager {
  readonly #config: ServerConfig;
  readonly #registry: Registry;
  readonly #observer: Observer;
  readonly #folder: string;
  readonly #fetcher: ArchiveFetcher;
  readonly #spawner: WorkerSpawner;
  #nextWorker: number;
  #nextFolder = 0;

  /** `folder` is where archives are unpacked; it is the process's own. */
  constructor(config: ServerConfig, registry: Registry, observer: Observer, folder: string, fetcher: ArchiveFetcher) {
    this.#fetcher = fetcher;
    this.#config = config;
    this.#registry = registry;
    this.#observer = observer;
    this.#folder = folder;
    this.#spawner = new WorkerSpawner(config.blacklistEnvVars);
    this.#nextWorker = 9000;
  }

  /**
   * Registers a model and starts its workers; resolves when they are ready. Throws ServeFault for an archive that cannot be found, is damaged or
   * unsafe, is registered already, or whose workers do not start: then nothing of it is left.
   */
  async register(request: RegisterRequest, options: StartOptions = {}): Promise<ServedVersion> {
    const { served, started } = await this.begin(request, options);
    await started;
    return served;
  }

  /** Registers a model and resolves as soon as it is there; its workers start meanwhile. Throws as `register`, but for the workers. */
  async begin(request: RegisterRequest, options: StartOptions = {}): Promise<Registration> {
    const byOperator = options.atStartup ?? false;
    const found = await locateArchive(request.url, { store: this.#config.modelStore, fetcher: this.#fetcher, byOperator });
    try {
      const { model } = (await readable(() => openArchive(found.path))).manifest;
      const name = request.modelName || model.modelName;
      return await this.#beginInTurn(name, model.modelVersion, found, request, options);
    } catch (error) {
      if (found.downloaded) await rm(found.path, { force: true });
      throw error;
    }
  }

  /** Takes a version away; waits for the requests it has. Throws ServeFault 404, 403, and 408 where some were cut off. */
  async unregister(name: string, version?: string): Promise<void> {
    await this.#registry.inTurn(name, async () => {
      const served = this.#registry.remove(name, version);
      this.#tell("unregistered", served);
      const clean = await served.close(this.#config.unregisterModelTimeout);
      await this.#removeFiles(served);
      if (!clean) throw refuse("RequestTimeoutException", `Timed out while cleaning resources: ${name}`);
    });
  }

  /** Ends every model at once, and starts no worker from now on. */
  async close(): Promise<void> {
    this.#spawner.close();
    await this.drain(0);
  }

  /** No version takes a request from now on; resolves when those that they have are answered, or after `graceMs`, and ends the workers. */
  async drain(graceMs: number): Promise<void> {
    await Promise.all(this.#registry.names.flatMap((name) => this.#registry.versions(name).map((v) => v.close(graceMs))));
  }

  /** Sets the number of workers; resolves when it is known what became of them. Throws ServeFault 404, and 500 where they do not start. */
  async scale(name: string, version: string | undefined, minWorkers: number, maxWorkers: number): Promise<Scaled> {
    return this.#registry.inTurn(name, async () => {
      const served = this.#registry.find(name, version);
      const ready = await served.scale(minWorkers, maxWorkers);
      this.#tell("scaled", served);
      if (!ready && served.failure !== "") throw startFailed(served);
      return ready ? "fully" : "partly";
    });
  }

  /** Throws ServeFault 404. */
  async setDefault(name: string, version: string): Promise<void> {
    await this.#registry.inTurn(name, async () => {
      this.#registry.setDefault(name, version);
      this.#tell("made default", this.#registry.find(name, version));
    });
  }

  /** The name's turn ends when the workers have started or the version is gone again; the result comes as soon as the version is there. */
  #beginInTurn(
    name: string,
    version: string,
    found: LocatedArchive,
    request: RegisterRequest,
    options: StartOptions,
  ): Promise<Registration> {
    return new Promise((resolve, reject) => {
      const turn = this.#registry.inTurn(name, async () => {
        if (this.#registry.has(name, version))
          throw refuse("ConflictStatusException", `Model version ${version} is already registered for model ${name}`);
        const registration = await this.#add(name, found, request, options);
        resolve(registration);
        await registration.started.catch(() => {});
      });
      turn.catch(reject);
    });
  }

  async #add(name: string, found: LocatedArchive, request: RegisterRequest, options: StartOptions): Promise<Registration> {
    const folder = join(this.#folder, String(this.#nextFolder++));
    await mkdir(this.#folder, { recursive: true });
    const archive = await readable(() => extractArchive(found.path, folder));
    try {
      const version = archive.manifest.model.modelVersion;
      const fallback = options.workers ?? this.#config.defaultWorkersPerModel;
      const settings = resolveSettings(this.#config, name, version, archive.config, request, fallback);
      const served = await this.#serve(name, archive, folder, found, settings, request, options);
      for (const detail of archive.warnings) this.#observer.worker({ model: name, version, worker: 0, what: "warning", detail });
      this.#registry.add(served);
      this.#tell("registered", served);
      const workers = request.initialWorkers ?? settings.minWorkers;
      const started = workers > 0 ? this.#startWorkers(served, workers, Math.max(workers, settings.maxWorkers)) : Promise.resolve();
      // Whoever does not wait for the workers hears of them from the log.
      started.catch(() => {});
      return { served, workers, started };
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  #tell(what: ModelEvent["what"], { name: model, version, settings }: ServedVersion): void {
    this.#observer.model({ model, version, what, workers: settings.minWorkers });
    this.#observer.modelsChanged();
  }

  /** A worker that dies while it starts is a failure for whoever registers; at the server's start it is tried again, as one that dies later. */
  async #startWorkers(served: ServedVersion, minWorkers: number, maxWorkers: number): Promise<void> {
    const ready = await served.scale(minWorkers, maxWorkers);
    if (ready || (served.parts.loadedAtStartup && served.failure === "")) {
      this.#tell("scaled", served);
      return;
    }
    const error = startFailed(served);
    // It is the default version only if it is the only one: nothing else was registered under this name meanwhile.
    this.#registry.discard(served);
    this.#tell("unregistered", served);
    const { name: model, version } = served;
    this.#observer.worker({ model, version, worker: 0, what: "error", detail: `unregistered: ${error.message}` });
    await served.close(0);
    await this.#removeFiles(served);
    throw error;
  }

  async #serve(
    name: string,
    { manifest, config }: Archive,
    folder: string,
    found: LocatedArchive,
    settings: VersionSettings,
    request: RegisterRequest,
    options: StartOptions,
  ): Promise<ServedVersion> {
    const { serializedFile = "", modelVersion: version, handler } = manifest.model;
    const compiled = join(this.#config.stateDir, ".ingot", "compiled", await hashOf(join(folder, serializedFile)));
    return new ServedVersion({
      url: request.url,
      ...(found.downloaded && { downloaded: found.path }),
      runtime: request.runtime ?? manifest.runtime,
      loadedAtStartup: options.atStartup ?? false,
      settings: { ...settings, minWorkers: 0 },
      observer: this.#observer,
      spawner: this.#spawner,
      nextWorkerId: () => this.#nextWorker++,
      isCompiled: () => existsSync(join(compiled, compiledGraph)),
      model: {
        name,
        version,
        folder,
        file: basename(serializedFile),
        compiled,
        handler: this.#handlerOf(request.handler ?? handler),
        handlerConfig: recordOf(config.backend.handler),
        decodeInput: this.#config.decodeInputRequest,
        maxImagePixels: this.#config.limitMaxImagePixels ? pillowPixels : Number.MAX_SAFE_INTEGER,
        maxBodyBytes: this.#config.maxRequestSize,
        badInput: this.#config.badInputStatus,
        nonfinite: this.#config.jsonNonfinite,
      },
    });
  }

  /** What was unpacked for a version that is gone, and its archive where it was downloaded: TorchServe removes that from the store too. */
  async #removeFiles({ parts }: ServedVersion): Promise<void> {
    await rm(parts.model.folder, { recursive: true, force: true });
    if (parts.downloaded !== undefined) await rm(parts.downloaded, { force: true });
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
