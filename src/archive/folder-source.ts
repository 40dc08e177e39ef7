// The files of an archive that lies unpacked in a folder, as `--archive-format no-archive` leaves it.
import { constants } from "node:fs";
import { type FileHandle, lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import type { ArchiveEntry, EntryCheck } from "./entry.ts";

/** The files below a folder, by name. Links are not followed but refused. */
export async function* folderEntries(path: string, check: EntryCheck, below = ""): AsyncIterable<ArchiveEntry> {
  const names = await readdir(join(path, below)).catch((cause) => {
    throw fileError("read", path, cause);
  });
  for (const name of names.sort()) {
    const inside = below === "" ? name : `${below}/${name}`;
    const full = join(path, inside);
    const status = await lstat(full).catch((cause) => {
      throw fileError("read", full, cause);
    });
    if (status.isDirectory()) {
      check.folder(inside);
      yield* folderEntries(path, check, inside);
    } else if (status.isFile())
      yield { path: check.file(inside, status.size), bytes: status.size, content: () => contentOf(full, status.size) };
    else {
      const what = status.isSymbolicLink() ? "a symbolic link" : "neither a file nor a folder";
      throw ingotError("ArchiveLink", { path, entry: JSON.stringify(inside), what });
    }
  }
}

async function* contentOf(path: string, bytes: number): AsyncIterable<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    // Somebody may have put a link there since.
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    if (bytes > 0) yield* file.createReadStream({ autoClose: false, end: bytes - 1 });
  } catch (cause) {
    throw fileError("read", path, cause);
  } finally {
    await file?.close();
  }
}
