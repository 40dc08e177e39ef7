// .npz: a zip archive of NumPy's arrays, each an entry `<name>.npy`, as `numpy.savez` and `savez_compressed` write it.
import { Readable } from "node:stream";
import { ZipFile } from "yazl";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import type { Storage } from "../tensor/storage.ts";
import { writeFileAtomically } from "./atomic-write.ts";
import { npyChunks, parseNpy } from "./npy.ts";
import { withFile } from "./read-file.ts";
import { openZip, type ZipArchive, ZipProblem } from "./zip-entries.ts";

/** Reads a .npz archive: its arrays by name, without `.npy`. Throws FileError and `NpyFormat`. */
export async function readNpz(path: string): Promise<Map<string, Storage>> {
  try {
    return await withFile(path, async (file) => arraysOf(await openZip(file), path));
  } catch (cause) {
    throw cause instanceof ZipProblem ? damaged(path, cause) : fileError("read", path, cause);
  }
}

/** Whether an archive is one of arrays. */
export const holdsArrays = (zip: ZipArchive): boolean => zip.names.some(isArray);

const isArray = (name: string) => name.endsWith(".npy");
const damaged = (file: string, cause: ZipProblem) => ingotError("NpyFormat", { file, problem: cause.message }, { cause });

/** The arrays of an open archive, by name. Throws `NpyFormat`. */
export async function arraysOf(zip: ZipArchive, path: string): Promise<Map<string, Storage>> {
  const arrays = new Map<string, Storage>();
  try {
    for (const name of zip.names.filter(isArray))
      arrays.set(name.slice(0, -4), parseNpy((await zip.read(name)) as Uint8Array<ArrayBuffer>, `${path}/${name}`));
  } catch (cause) {
    throw cause instanceof ZipProblem ? damaged(path, cause) : cause;
  }
  return arrays;
}

export interface NpzOptions {
  /** Pack the arrays (deflate), as `numpy.savez_compressed` does. Default: store them as they are. */
  readonly compress?: boolean;
}

/** Equal arrays give equal files: the time of writing is not in them. Zip archives begin with this year. */
const noTime = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true };

/** In bytes: what is given to the packer at once. */
const pieceBytes = 2 ** 20;

/**
 * Writes a .npz archive that `numpy.load` reads, all or nothing, without a second copy of the arrays. bfloat16, which NumPy lacks, is written
 * as it stores that type: as elements of 2 bytes (`|V2`). Throws `NpzName`, `NpyUnwritable`, `FileNotWritable`, `DiskFull`.
 *
 * @example
 * await writeNpz("features.npz", [["scores", y.storage], ["labels", labels.storage]], { compress: true });
 */
export async function writeNpz(
  path: string,
  arrays: Iterable<readonly [string, Storage]>,
  { compress = false }: NpzOptions = {},
): Promise<void> {
  const zip = new ZipFile();
  const entries = new Map<string, Uint8Array[]>();
  for (const [name, storage] of arrays) {
    checkName(name, entries);
    entries.set(name, npyChunks(storage, `the array "${name}"`));
  }
  for (const [name, chunks] of entries) {
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    zip.addReadStreamLazy(`${name}.npy`, { ...noTime, compress, size }, (give) => give(undefined, Readable.from(pieces(chunks))));
  }
  zip.end();
  await writeFileAtomically(path, chunksOf(zip));
}

function* pieces(chunks: readonly Uint8Array[]): Iterable<Uint8Array> {
  for (const chunk of chunks) for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.subarray(at, at + pieceBytes);
}

async function* chunksOf(zip: ZipFile): AsyncIterable<Uint8Array> {
  const stream = Readable.from(zip.outputStream);
  zip.once("error", (error: Error) => stream.destroy(error));
  for await (const chunk of stream) yield chunk as Uint8Array;
}

/** What every reader of archives takes for a place inside of the archive, and gives back as it was. Throws `NpzName`. */
function checkName(name: string, taken: ReadonlyMap<string, unknown>): void {
  const problem = taken.has(name) ? "another array has it too" : unfit.find(({ test }) => test.test(name))?.problem;
  if (problem !== undefined) throw ingotError("NpzName", { array: name, problem });
  if (Buffer.byteLength(name) > longestName) throw ingotError("NpzName", { array: `${name.slice(0, 40)}…`, problem: "it is too long" });
}

/** In bytes, with room for `.npy`. */
const longestName = 0xffff - 4;

const unfit: readonly { readonly test: RegExp; readonly problem: string }[] = [
  { test: /\\/, problem: "readers take \\ for /" },
  { test: /^(\/|[a-zA-Z]:)/, problem: "it is a path from the root of a disk" },
  { test: /(^|\/)\.\.(\/|$)/, problem: "it leads out of the archive" },
  { test: /\0/, problem: "it holds a zero, where readers end it" },
  { test: /\p{Surrogate}/u, problem: "it holds half a character" },
];
