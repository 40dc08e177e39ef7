// Small shell programs by the names of TorchServe's commands, which call this library's own.
import { access, chmod, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { writeFilesTogether } from "../weights/atomic-write.ts";

/** The command of ours that each of theirs is. */
export const launchers = { "torch-model-archiver": "archive", torchserve: "serve" } as const;

export interface InstallOptions {
  /** Whether a file of that name is replaced. */
  readonly force?: boolean;
}

/**
 * Writes the launchers into `folder`, which is made if it is not there; `program` is the command line that starts this library's own program. Gives
 * their paths. Throws `FileNotWritable` where one is there already.
 */
export async function installLaunchers(
  folder: string,
  program: readonly string[],
  { force = false }: InstallOptions = {},
): Promise<string[]> {
  const files = Object.entries(launchers).map(([name, command]) => ({
    path: resolve(folder, name),
    chunks: [Buffer.from(launcherText([...program, command]))],
  }));
  try {
    await mkdir(folder, { recursive: true });
    for (const { path } of files) if (!force) await refuseExisting(path);
    await writeFilesTogether(files);
    for (const { path } of files) await chmod(path, 0o755);
  } catch (cause) {
    throw fileError("write", folder, cause);
  }
  return files.map(({ path }) => join(path));
}

async function refuseExisting(path: string): Promise<void> {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (there) throw ingotError("FileNotWritable", { path, why: "a command of this name is there already; --force replaces it" });
}

/** A program for any POSIX shell. */
export const launcherText = (words: readonly string[]): string =>
  `#!/bin/sh\n# Written by \`ingot compat install\`.\nexec ${words.map(quote).join(" ")} "$@"\n`;

const quote = (word: string): string => (/^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
