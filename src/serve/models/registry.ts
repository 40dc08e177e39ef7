// The models of a server by name and version. What changes one name is done one after the other, so that there is never half a model.
import { refuse } from "../fault.ts";
import type { ServedVersion } from "./served-version.ts";

interface Entry {
  readonly versions: Map<string, ServedVersion>;
  defaultVersion: string;
}

export class Registry {
  readonly #entries = new Map<string, Entry>();
  readonly #turns = new Map<string, Promise<unknown>>();

  /** Names in order. */
  get names(): string[] {
    return [...this.#entries.keys()].sort();
  }

  /** Throws `Model not found` and `Model version … does not exist`. */
  find(name: string, version?: string): ServedVersion {
    const entry = this.#entry(name);
    const found = entry.versions.get(version ?? entry.defaultVersion);
    if (!found) throw refuse("ModelVersionNotFoundException", `Model version: ${version} does not exist for model: ${name}`);
    return found;
  }

  /** All versions of a model, the default one first. */
  versions(name: string): ServedVersion[] {
    const { versions, defaultVersion } = this.#entry(name);
    return [...versions.values()].sort((a, b) => Number(b.version === defaultVersion) - Number(a.version === defaultVersion));
  }

  defaultVersion(name: string): string {
    return this.#entry(name).defaultVersion;
  }

  has(name: string, version?: string): boolean {
    const entry = this.#entries.get(name);
    return entry !== undefined && (version === undefined || entry.versions.has(version));
  }

  /** The default version of every model, for health and lists. */
  get defaults(): ServedVersion[] {
    return this.names.map((name) => this.find(name));
  }

  /** The first version of a name becomes its default. Throws 409 where the version is there already. */
  add(served: ServedVersion): void {
    const { name, version } = served;
    if (this.has(name, version))
      throw refuse("ConflictStatusException", `Model version ${version} is already registered for model ${name}`);
    const entry = this.#entries.get(name);
    if (entry) entry.versions.set(version, served);
    else this.#entries.set(name, { versions: new Map([[version, served]]), defaultVersion: version });
  }

  /** Takes a version out, so that no request finds it any more. Throws 404, and 403 for the default version while there are others. */
  remove(name: string, version?: string): ServedVersion {
    const entry = this.#entry(name);
    const served = this.find(name, version);
    if (served.version === entry.defaultVersion && entry.versions.size > 1)
      throw refuse("InvalidModelVersionException", `Cannot remove default version for model ${name}`);
    entry.versions.delete(served.version);
    if (entry.versions.size === 0) this.#entries.delete(name);
    return served;
  }

  /** Takes a version out whose workers did not start, default or not. */
  discard({ name, version }: ServedVersion): void {
    const entry = this.#entry(name);
    entry.versions.delete(version);
    const [next] = entry.versions.keys();
    if (next === undefined) this.#entries.delete(name);
    else if (entry.defaultVersion === version) entry.defaultVersion = next;
  }

  setDefault(name: string, version: string): void {
    const entry = this.#entry(name);
    if (!entry.versions.has(version))
      throw refuse("ModelVersionNotFoundException", `Model version ${version} does not exist for model ${name}`);
    entry.defaultVersion = version;
  }

  /** Does `work` when all that was asked for this name before is done. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#turns.set(name, turn);
    const forget = () => {
      if (this.#turns.get(name) === turn) this.#turns.delete(name);
    };
    turn.then(forget, forget);
    return turn;
  }

  #entry(name: string): Entry {
    const entry = this.#entries.get(name);
    if (!entry) throw refuse("ModelNotFoundException", `Model not found: ${name}`);
    return entry;
  }
}
