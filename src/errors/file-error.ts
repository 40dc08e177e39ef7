// From the system's error numbers to the file rows of the catalogue, so that every folder reports files in the same words.
import { isAbsolute } from "node:path";
import { IngotError, ingotError } from "./error.ts";

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "the operation is not permitted",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of the path is not a folder",
  ENOENT: "the folder does not exist",
  EROFS: "the file system is read-only",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "this process has too many open files",
  ENFILE: "the system has too many open files",
  EFBIG: "the file would be larger than the file system allows",
  EBUSY: "it is in use",
  EIO: "the device reports an input/output error",
};

const full = new Set(["ENOSPC", "EDQUOT"]);

/**
 * The catalogue error for a failed file operation: `FileNotFound`, `FileNotReadable`, `FileNotWritable` or `DiskFull`.
 * An `IngotError` passes through; so does an error that does not come from the system (a bug stays visible as one).
 *
 * @example
 * try { bytes = readFileSync(path) } catch (cause) { throw fileError("read", path, cause) }
 */
export function fileError(action: "read" | "write", path: string, cause: unknown): unknown {
  if (cause instanceof IngotError || !(cause instanceof Error)) return cause;
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === undefined || (cause as NodeJS.ErrnoException).syscall === undefined) return cause;
  const why = reasons[code] ?? cause.message;
  const context = { cause };
  if (action === "read") {
    if (code === "ENOENT") return ingotError("FileNotFound", { path, folder: isAbsolute(path) ? "/" : process.cwd() }, context);
    return ingotError("FileNotReadable", { path, why }, context);
  }
  if (full.has(code)) return ingotError("DiskFull", { path }, context);
  return ingotError("FileNotWritable", { path, why }, context);
}
