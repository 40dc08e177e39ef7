// The file by which `--stop` finds the server and a second `--start` finds out. Its first line is the process's number, as in TorchServe;
// its second says which process had that number, so that no other one is ever signalled.
import { randomBytes } from "node:crypto";
import { linkSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { ingotError } from "../../errors/error.ts";
import { fileError } from "../../errors/file-error.ts";
import { isAlive, processIdentity } from "./process-identity.ts";

/** What a pid file says. */
export type PidFile =
  | { readonly state: "none" }
  /** Its server is gone. */
  | { readonly state: "orphan" }
  /** A process that this program did not start: TorchServe itself may be one. */
  | { readonly state: "foreign"; readonly pid: number }
  /** ms that this server takes to stop, at most. */
  | { readonly state: "running"; readonly pid: number; readonly grace: number };

/** `.model_server.pid` in the system's folder for temporary files, or in the state folder where one is given: then two servers may run. */
export const pidFilePath = (stateDir: string | undefined, cwd: string): string =>
  join(stateDir === undefined ? tmpdir() : resolve(cwd, stateDir), ".model_server.pid");

/** Reads the file, and looks whether its process is still the one that wrote it. Throws `FileNotReadable`. */
export function readPidFile(path: string): PidFile {
  let text: string;
  try {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return { state: "none" };
    // Anybody can write into /tmp: what somebody else says about whom to end does not count.
    if (!stat.isFile() || !isTrusted(stat.uid)) return { state: "orphan" };
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return { state: "none" };
    throw fileError("read", path, cause);
  }
  const [first = "", second = ""] = text.split("\n");
  const pid = /^\s*\d{1,10}\s*$/.test(first) ? Number(first) : 0;
  if (pid < 1 || !isAlive(pid)) return { state: "orphan" };
  const { identity, grace } = details(second);
  if (identity === undefined) return { state: "foreign", pid };
  return processIdentity(pid) === identity ? { state: "running", pid, grace: grace ?? 0 } : { state: "orphan" };
}

const isTrusted = (owner: number) => {
  const self = process.getuid?.();
  return self === undefined || self === 0 || owner === self;
};

function details(line: string): { readonly identity?: string; readonly grace?: number } {
  try {
    const { identity, grace }: { readonly identity?: unknown; readonly grace?: unknown } = JSON.parse(line);
    return { ...(typeof identity === "string" && { identity }), ...(typeof grace === "number" && { grace }) };
  } catch {
    return {};
  }
}

/** A pid file that this process holds. */
export interface Claim {
  /** Whether one of a server that is gone was in its place. */
  readonly removedOrphan: boolean;
  /** Removes it; the end of the process does so too. */
  release(): void;
}

/**
 * Writes this process into the file, if no server is there. Of two that start at once one gets it. Throws `ServeAlreadyRunning`, and
 * `FileNotWritable` where it cannot be written.
 */
export function claimPidFile(path: string, grace: number): Claim {
  const text = `${process.pid}\n${JSON.stringify({ identity: processIdentity(process.pid), grace })}\n`;
  let removedOrphan = false;
  for (;;) {
    if (create(path, text)) break;
    refuseRunning(path, readPidFile(path));
    remove(path);
    removedOrphan = true;
  }
  const release = () => {
    process.removeListener("exit", release);
    try {
      if (readFileSync(path, "utf8") === text) rmSync(path);
    } catch {
      // Somebody removed it.
    }
  };
  process.on("exit", release);
  return { removedOrphan, release };
}

/** Removes the file of a server that is gone. Throws `FileNotWritable`. */
export function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (cause) {
    throw fileError("write", path, cause);
  }
}

/** Throws `ServeAlreadyRunning` for a file with a living process. */
export function refuseRunning(path: string, found: PidFile): void {
  if (found.state === "running" || found.state === "foreign") throw ingotError("ServeAlreadyRunning", { pid: found.pid, path });
}

/** Makes the file with its whole text at once: whoever sees it can read it. False where there is one. Throws `FileNotWritable`. */
function create(path: string, text: string): boolean {
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(aside, text, { flag: "wx", mode: 0o644 });
    try {
      return link(aside, path, text);
    } finally {
      rmSync(aside, { force: true });
    }
  } catch (cause) {
    throw fileError("write", path, cause);
  }
}

function link(aside: string, path: string, text: string): boolean {
  try {
    linkSync(aside, path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false;
    // A file system without hard links: the text comes a moment after the file.
    writeFileSync(path, text, { flag: "wx", mode: 0o644 });
    return true;
  }
}
