// Registration by URL: the archive is fetched into the state folder and moved into the model store when it is complete, as TorchServe keeps it.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, lstat, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ServerConfig } from "../../config/server-config.ts";
import { refuse } from "../../fault.ts";
import type { Log } from "../../log.ts";
import { type FetchOptions, fetchFile } from "./fetch-file.ts";
import { type AllowedUrl, allowedUrl, webUrl } from "./url-policy.ts";

type Relevant = Pick<ServerConfig, "allowedUrls" | "modelStore" | "stateDir">;

export interface FetchedArchive {
  readonly path: string;
  /** Whether it was there already, from an earlier start. */
  readonly wasThere: boolean;
}

/** Fetches the archives of one server. */
export class ArchiveFetcher {
  readonly #config: Relevant;
  readonly #log: Log;
  readonly #options: Omit<FetchOptions, "allow">;
  /** Names that are being fetched. */
  readonly #busy = new Set<string>();

  constructor(config: Relevant, log: Log, options: Omit<FetchOptions, "allow"> = {}) {
    this.#config = config;
    this.#log = log;
    this.#options = options;
  }

  /**
   * The file of an archive that a URL names. `byOperator` is whether the URL stands in the operator's own configuration: then it may lead
   * anywhere, and a file that an earlier start has fetched is taken. Throws ServeFault: 404 for a URL that is not allowed, 400
   * `Failed to download archive from`, 500 `Model file already exists`.
   */
  async fetch(url: string, byOperator: boolean): Promise<FetchedArchive> {
    const allow = (text: string) => this.#allow(text, byOperator);
    const from = allow(url);
    if (!from) throw refuse("ModelNotFoundException", `Given URL ${url.slice(0, 2048)} does not match any allowed URL(s)`);
    const name = fileName(from.url);
    if (name === undefined) throw this.#failed(url, "its path does not end in the name of a file");
    const folder = this.#config.modelStore ?? join(this.#config.stateDir, ".ingot", "downloads");
    const target = join(folder, name);
    if (byOperator && (await exists(target))) return { path: target, wasThere: true };
    if (this.#busy.has(name) || (await exists(target))) throw alreadyThere(name);
    this.#busy.add(name);
    try {
      return { path: await this.#fetch(url, from, name, folder, allow), wasThere: false };
    } finally {
      this.#busy.delete(name);
    }
  }

  #allow(text: string, byOperator: boolean): AllowedUrl | undefined {
    const url = byOperator ? webUrl(text) : undefined;
    return url ? { url, publicOnly: false } : allowedUrl(text, this.#config.allowedUrls);
  }

  async #fetch(url: string, from: AllowedUrl, name: string, folder: string, allow: FetchOptions["allow"]): Promise<string> {
    const parts = join(this.#config.stateDir, ".ingot", "downloads");
    await mkdir(parts, { recursive: true });
    const part = join(parts, `${randomBytes(8).toString("hex")}.part`);
    try {
      await fetchFile(from, part, { ...this.#options, allow });
    } catch (error) {
      throw this.#failed(url, error);
    }
    try {
      return await move(part, join(folder, name)).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") throw alreadyThere(name);
        // A store that cannot be written to stays as it is.
        if (error.code !== "EROFS" && error.code !== "EACCES" && error.code !== "EPERM" && error.code !== "ENOENT") throw error;
        return await move(part, join(parts, name));
      });
    } finally {
      await rm(part, { force: true });
    }
  }

  /** TorchServe's message for the client; the reason is the operator's. */
  #failed(url: string, why: unknown) {
    const reason = why instanceof Error ? why.message : String(why);
    this.#log.warn("download failed", { url, reason });
    return refuse("DownloadArchiveException", `Failed to download archive from: ${url}`, { cause: why });
  }
}

const alreadyThere = (name: string) => refuse("InternalServerException", `Model file already exists ${name}`);

/** The last part of a URL's path, where it can be the name of an archive on any file system. */
export function fileName(url: URL): string | undefined {
  const last = url.pathname.split("/").at(-1) ?? "";
  return /^[A-Za-z0-9_][A-Za-z0-9_\-.+]{0,199}$/.test(last) ? last : undefined;
}

/** Gives a file its name, unless something has that name: EEXIST. */
async function move(from: string, to: string): Promise<string> {
  try {
    await link(from, to);
  } catch (error) {
    // Another disk, or one without hard links.
    if (!(error instanceof Error && "code" in error) || (error.code !== "EXDEV" && error.code !== "EPERM" && error.code !== "ENOTSUP"))
      throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
  return to;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
