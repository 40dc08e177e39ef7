// The file that holds the tokens: readable for its owner only from its first byte on, whole or not there.
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { ingotError } from "../../errors/error.ts";

interface Entry {
  readonly key: string;
  readonly "expiration time"?: string;
}

/** In TorchServe's form and order. */
export interface KeyFile {
  readonly management: Entry;
  readonly inference: Entry;
  readonly API: Entry;
}

/** Writes the file with mode 0600, over one that an earlier run left. Throws `ServeKeyFile`. */
export function writeKeyFile(path: string, keys: KeyFile): void {
  const aside = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    // A link or file that somebody else put under the name is replaced, not followed.
    const fd = openSync(aside, "wx", 0o600);
    try {
      const bytes = Buffer.from(JSON.stringify(keys, null, 2));
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(aside, path);
  } catch (cause) {
    removeAside(aside);
    throw ingotError("ServeKeyFile", { path, why: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
}

/** Removes the file if it is still the one with this API key; that of another server stays. Never throws. */
export function removeKeyFile(path: string, apiKey: string): void {
  try {
    const { API }: { readonly API?: { readonly key?: unknown } } = JSON.parse(readFileSync(path, "utf8"));
    if (API?.key === apiKey) rmSync(path);
  } catch {
    // It is gone or damaged, and nobody's any more.
  }
}

function removeAside(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Where its folder is none, it was never there.
  }
}
