// Names of entries, written by whoever made the archive: only a plain relative path comes out of here.
import { ingotError } from "../errors/error.ts";

/** No file system takes a longer name of one file, in bytes of UTF-8. */
const longestName = 255;
/** Nor, as a whole, a longer path than this with room for the folder that it stands in. */
const longestPath = 2000;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const control = /[\u0000-\u001f\u007f]/;

/**
 * The path of an entry, relative and with `/` between folders; a leading `./`, as tar writes it, is taken off. Throws `ArchiveUnsafePath`.
 *
 * @example
 * checkPath("./weights/a.bin", "m.mar"); // "weights/a.bin"
 * checkPath("../escape", "m.mar"); // throws
 */
export function checkPath(name: string, archive: string): string {
  const refuse = (problem: string) =>
    ingotError("ArchiveUnsafePath", { path: archive, entry: JSON.stringify(name.slice(0, 200)), problem });
  if (control.test(name) || name.includes("\ufffd")) throw refuse("it has characters that names do not have");
  if (name.includes("\\")) throw refuse("it has a backslash, which separates folders on some systems");
  if (name.startsWith("/")) throw refuse("it is an absolute path");
  if (/^[A-Za-z]:/.test(name)) throw refuse("it begins with a drive letter");
  const path = name.replace(/^(?:\.\/)+/, "");
  const parts = path.split("/");
  if (parts.includes("..")) throw refuse("it leads out of its folder");
  if (parts.some((part) => part === "" || part === ".")) throw refuse("a folder in it has no name");
  if (Buffer.byteLength(path) > longestPath || parts.some((part) => Buffer.byteLength(part) > longestName))
    throw refuse(`it is too long (${Buffer.byteLength(path)} bytes)`);
  return path;
}
