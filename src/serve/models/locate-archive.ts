// From the `url` of a registration to a file: of the model store by its name or as file://, or fetched from an http(s) URL.
import { realpath } from "node:fs/promises";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { refuse } from "../fault.ts";
import type { ArchiveFetcher } from "./download/fetch-archive.ts";
import { findArchive } from "./find-archive.ts";

export interface LocatedArchive {
  readonly path: string;
  /** Whether it came over the network just now: nobody else has a use for the file if the registration fails. */
  readonly downloaded: boolean;
}

export interface LocateOptions {
  readonly store: string | undefined;
  readonly fetcher: ArchiveFetcher;
  /** Whether the URL stands in the operator's own configuration. */
  readonly byOperator: boolean;
}

/** Throws ServeFault, as `findArchive` and `ArchiveFetcher` do. */
export async function locateArchive(url: string, { store, fetcher, byOperator }: LocateOptions): Promise<LocatedArchive> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return { path: await findArchive(store, url), downloaded: false };
  if (scheme === "http" || scheme === "https") {
    const { path, wasThere } = await fetcher.fetch(url, byOperator);
    return { path, downloaded: !wasThere };
  }
  const inStore = scheme === "file" && store !== undefined ? await pathInStore(store, url) : undefined;
  if (inStore === undefined) throw refuse("ModelNotFoundException", `Given URL ${url} does not match any allowed URL(s)`);
  return { path: await findArchive(store, inStore), downloaded: false };
}

/** A file:// URL as the path that it has in the store; undefined where it leads elsewhere. */
async function pathInStore(store: string, url: string): Promise<string | undefined> {
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch {
    return undefined;
  }
  const roots = [store, await realpath(store).catch(() => store)];
  return roots.map((root) => relative(root, path).split(sep).join("/")).find((inside) => inside !== "" && !/^\.\.?(\/|$)|^\//.test(inside));
}
