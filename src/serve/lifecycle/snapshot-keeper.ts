// Keeps snapshots of a running server: one after its start, one after each change, one at its end. A write that fails is told, and stops nothing.
import type { ServerConfig } from "../config/server-config.ts";
import type { ModelState } from "../config/snapshot-state.ts";
import type { Log } from "../log.ts";
import type { Registry } from "../models/registry.ts";
import { type Observer, observing } from "../observer.ts";
import { registryState } from "./registry-state.ts";
import { type SnapshotOccasion, writeSnapshot } from "./snapshot-files.ts";

type State = ReadonlyMap<string, ReadonlyMap<string, ModelState>>;

export class SnapshotKeeper {
  /** What the server tells of its models. */
  readonly observer: Observer = observing({ modelsChanged: () => this.#changed() });
  readonly #config: ServerConfig;
  readonly #log: Log;
  #registry: Registry | undefined;
  #last = "";
  #dirty = false;
  #writing: Promise<void> | undefined;

  constructor(config: ServerConfig, log: Log) {
    this.#config = config;
    this.#log = log;
  }

  /** The server has started. Changes before are its own loading. */
  async begin(registry: Registry): Promise<void> {
    if (!this.#config.snapshots) return;
    await this.#write("startup", registryState(registry));
    this.#registry = registry;
  }

  /** The server is about to stop: what becomes of its models after this call is no change. */
  async end(): Promise<void> {
    const state = this.#registry && registryState(this.#registry);
    this.#registry = undefined;
    await this.#writing;
    if (state) await this.#write("shutdown", state);
  }

  /** Resolves when all changes so far are written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #changed(): void {
    this.#dirty = true;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** One file at a time; changes that come meanwhile share the next. A model is told of before the number of its workers is set. */
  async #writeAll(): Promise<void> {
    await nextTurn();
    while (this.#dirty && this.#registry) {
      this.#dirty = false;
      const state = registryState(this.#registry);
      if (asText(state) !== this.#last) await this.#write("snapshot", state);
    }
  }

  async #write(occasion: SnapshotOccasion, state: State): Promise<void> {
    this.#last = asText(state);
    try {
      this.#log.debug("snapshot saved", { file: await writeSnapshot(this.#config, occasion, state) });
    } catch (error) {
      this.#log.warn("snapshot not saved", { why: error instanceof Error ? error.message.split("\n")[0] : String(error) });
    }
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

const asText = (state: State) => JSON.stringify([...state].map(([name, versions]) => [name, [...versions]]));
