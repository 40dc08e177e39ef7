// One file of an archive, whatever packs it, and the checks that hold for all kinds.
import { ingotError } from "../errors/error.ts";
import { formatBytes } from "../errors/quantity.ts";
import { checkPath } from "./entry-path.ts";
import { type CheckedLimits, ratioFrom } from "./limits.ts";

/** A regular file. */
export interface ArchiveEntry {
  readonly path: string;
  readonly bytes: number;
  /** The content, once, and before the next entry is asked for. Throws `ArchiveDamaged` where it is not what the archive says. */
  content(): AsyncIterable<Uint8Array>;
}

/** Watches the entries of one archive as they come, in any order. */
export class EntryCheck {
  readonly #archive: string;
  readonly #archiveBytes: number;
  readonly #limits: CheckedLimits;
  readonly #kinds = new Map<string, "file" | "folder">();
  #entries = 0;
  #bytes = 0;

  /** `archiveBytes`: what the packed archive has; absent for a folder. */
  constructor(archive: string, archiveBytes: number | undefined, limits: CheckedLimits) {
    this.#archive = archive;
    this.#archiveBytes = archiveBytes ?? Number.POSITIVE_INFINITY;
    this.#limits = limits;
  }

  /** The safe path of a file; its `bytes` are counted. Throws `ArchiveUnsafePath`, `ArchiveDuplicate` and the errors of limits. */
  file(name: string, bytes: number): string {
    const path = this.#enter(name, "file");
    this.#bytes += bytes;
    const { maxBytes, maxRatio } = this.#limits;
    if (this.#bytes > maxBytes)
      throw ingotError("ArchiveTooLarge", { path: this.#archive, limit: formatBytes(maxBytes), bytes: formatBytes(this.#bytes) });
    if (this.#bytes > Math.max(ratioFrom, maxRatio * this.#archiveBytes))
      throw ingotError("ArchiveRatio", {
        path: this.#archive,
        packed: formatBytes(this.#archiveBytes),
        bytes: formatBytes(this.#bytes),
        ratio: Math.floor(this.#bytes / this.#archiveBytes),
      });
    return path;
  }

  /** As `file`, for a folder that has an entry of its own; such entries are not needed and may come twice. */
  folder(name: string): void {
    const plain = name.replace(/\/$/, "");
    if (plain === "." || plain === "") this.count();
    else this.#enter(plain, "folder");
  }

  /** One more entry, also of a kind that is no file. Throws `ArchiveTooManyEntries`. */
  count(): void {
    if (++this.#entries > this.#limits.maxEntries)
      throw ingotError("ArchiveTooManyEntries", { path: this.#archive, limit: this.#limits.maxEntries.toLocaleString("en") });
  }

  #enter(name: string, kind: "file" | "folder"): string {
    this.count();
    const path = checkPath(name, this.#archive);
    const parts = path.split("/");
    if (parts.length > this.#limits.maxDepth + 1)
      throw ingotError("ArchiveTooDeep", { path: this.#archive, limit: this.#limits.maxDepth, entry: path });
    for (let i = 1; i < parts.length; i++) this.#claim(parts.slice(0, i).join("/"), "folder");
    this.#claim(path, kind);
    return path;
  }

  #claim(path: string, kind: "file" | "folder"): void {
    const before = this.#kinds.get(path);
    if (before !== undefined && (before === "file" || kind === "file"))
      throw ingotError("ArchiveDuplicate", { path: this.#archive, entry: path });
    this.#kinds.set(path, kind);
  }
}
