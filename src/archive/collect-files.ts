// Which files go into an archive, and under which names. Files lose their folders, and the contents of a folder named as an extra file go to
// the top, as torch-model-archiver does; what would silently replace another file is an error.
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { externalFiles } from "../onnx/external-data.ts";
import { expandGlob, hasWildcard } from "./glob.ts";
import { manifestPath } from "./manifest.ts";
import { readOnnxMessages } from "./onnx-file.ts";

/** A file that is to be packed. */
export interface SourceFile {
  /** Its name in the archive. */
  readonly path: string;
  /** Where it lies, after links. */
  readonly source: string;
  readonly bytes: number;
}

/** Left out of every archive, and folders whose names begin with a dot. */
const unwanted = new Set(["__MACOSX", "__pycache__"]);

/** The files of one archive, each name once. */
export class FileCollection {
  readonly #files = new Map<string, SourceFile & { readonly given: string }>();
  readonly warnings: string[] = [];
  /** Where the archive will stand: an old one of that name is not packed into the new. */
  readonly #target: string;

  private constructor(target: string) {
    this.#target = target;
  }

  static async of(target: string): Promise<FileCollection> {
    return new FileCollection(await realpath(target).catch(() => target));
  }

  /** By name. */
  get files(): readonly SourceFile[] {
    const byName = [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    return byName.map(({ path, source, bytes }) => ({ path, source, bytes }));
  }

  /** Adds a file under its own name, or under `path`. Throws `FileNotFound`, `FileNotReadable` and `ArchiveNameClash`. */
  async add(given: string, path = basename(given)): Promise<void> {
    const { source, status } = await resolved(given);
    if (!status.isFile()) {
      const why = status.isDirectory() ? "it is a folder" : "it is neither a file nor a folder";
      throw ingotError("FileNotReadable", { path: given, why });
    }
    if (source === this.#target) return void this.warnings.push(`${given} is left out: it is the archive that is being replaced`);
    if (path === manifestPath) return void this.warnings.push(`${given} is left out: the archive gets a manifest of its own`);
    const before = this.#files.get(path);
    if (before && before.source !== source) throw ingotError("ArchiveNameClash", { first: before.given, second: given, name: path });
    this.#files.set(path, { path, source, bytes: status.size, given });
  }

  /** Adds an ONNX model and the files in which it keeps tensors. Throws `NotOnnx`, `OnnxExternalData` and the errors of files. */
  async addModel(given: string): Promise<void> {
    const model = await readOnnxMessages(given);
    await this.add(given);
    for (const { location, path } of await externalFiles(model, given)) await this.add(path, location);
  }

  /** Adds what a name, a folder or a wildcard of the list of extra files means. */
  async addExtra(given: string): Promise<void> {
    const exists = await stat(given).then(
      () => true,
      () => false,
    );
    if (exists || !hasWildcard(given)) return this.#addFileOrContents(given);
    const found = await expandGlob(given);
    if (found.length === 0) this.warnings.push(`the extra file ${given} stands for no file`);
    for (const path of found) await this.#addFileOrContents(path);
  }

  async #addFileOrContents(given: string): Promise<void> {
    const { source, status } = await resolved(given);
    if (status.isDirectory()) await this.#addFolder(given, "", [source]);
    else await this.add(given);
  }

  async #addFolder(folder: string, inside: string, above: readonly string[]): Promise<void> {
    const names = await readdir(folder).catch((cause) => {
      throw fileError("read", folder, cause);
    });
    for (const name of names.sort()) {
      const given = join(folder, name);
      const path = inside === "" ? name : `${inside}/${name}`;
      const { source, status } = await resolved(given);
      if (!status.isDirectory()) await this.add(given, path);
      else if (above.includes(source))
        throw ingotError("FileNotReadable", { path: given, why: "it is a link to a folder that it lies in" });
      else if (!unwanted.has(name) && !name.startsWith(".")) await this.#addFolder(given, path, [...above, source]);
    }
  }
}

async function resolved(path: string) {
  try {
    const source = await realpath(path);
    return { source, status: await stat(source) };
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}
