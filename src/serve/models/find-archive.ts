// From the `url` of a registration to a file of the model store. A store is a folder: what lies outside of it, or only points there, is not served.
import { lstat, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { refuse } from "../fault.ts";

/**
 * The path of an archive in the store. Throws ServeFault: `empty url`, `Relative path is not allowed in url`, `Model not found at`.
 *
 * @example
 * await findArchive("/models", "resnet18.mar"); // "/models/resnet18.mar"
 */
export async function findArchive(store: string | undefined, url: string): Promise<string> {
  if (url === "") throw refuse("ModelNotFoundException", "empty url");
  if (/^[/\\]|^[a-z]:|\0/i.test(url) || url.split(/[/\\]/).includes("..")) {
    throw refuse("ModelNotFoundException", `Relative path is not allowed in url: ${url}`);
  }
  const notFound = () => refuse("ModelNotFoundException", `Model not found at: ${url}`);
  if (store === undefined) throw refuse("ModelNotFoundException", "Model store has not been configured.");
  let path = store;
  // A link anywhere on the way may lead out of the store.
  for (const part of url.split("/")) {
    path = join(path, part);
    const found = await lstat(path).catch(() => undefined);
    if (!found) throw notFound();
    if (found.isSymbolicLink()) throw refuse("ModelNotFoundException", `Relative path is not allowed in url: ${url} is a link.`);
  }
  return path;
}

/** What `all` means: archives and folders of a store, without hidden ones, in order. Throws what `readdir` throws. */
export async function archivesOf(store: string): Promise<string[]> {
  const names = (await readdir(store)).filter((name) => !name.startsWith(".")).sort();
  const isArchive = async (name: string) => /\.(mar|model|tar\.gz|tgz)$/.test(name) || (await stat(join(store, name))).isDirectory();
  const keep = await Promise.all(names.map((name) => isArchive(name).catch(() => false)));
  return names.filter((_, i) => keep[i]);
}
