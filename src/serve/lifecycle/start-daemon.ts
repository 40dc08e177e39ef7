// Starting a server in the background: a process of its own, in a session of its own, whose output is a file.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ingotError } from "../../errors/error.ts";
import { fileError } from "../../errors/file-error.ts";
import { childProgram } from "../../kernels/worker-program.ts";
import type { ServeFlags } from "../config/flags.ts";
import { loadConfig } from "./load-config.ts";
import { pidFilePath, readPidFile, refuseRunning } from "./pid-file.ts";
import { logFileName } from "./run-server.ts";
import type { DaemonMessage } from "./serve-main.ts";

/** A server in the background. */
export interface StartedDaemon {
  readonly pid: number;
  readonly addresses: Readonly<Record<string, string>>;
  /** The file of its log. */
  readonly log: string;
}

/**
 * Starts a server in the background; resolves when it listens and has loaded its models. Throws `ServeError` for what is wrong with the
 * configuration, `ServeAlreadyRunning`, and `ServeDidNotStart` with what the server said.
 */
export async function startDaemon(flags: ServeFlags, cwd: string): Promise<StartedDaemon> {
  const config = loadConfig(flags, process.env, cwd);
  const pidFile = pidFilePath(flags.stateDir, cwd);
  refuseRunning(pidFile, readPidFile(pidFile));
  const log = join(config.logLocation, logFileName);
  const fd = openLogFile(log);
  try {
    const before = fstatSync(fd).size;
    const { file, execArgv } = childProgram(new URL("./serve-main.js", import.meta.url));
    const child = spawn(process.execPath, [...execArgv, file, JSON.stringify(flags)], {
      cwd,
      detached: true,
      stdio: ["ignore", fd, fd, "ipc"],
    });
    const message = await firstMessage(child);
    if (message.kind === "listening") return { pid: child.pid ?? 0, addresses: message.addresses, log };
    const [first = "", ...rest] = message.message.split("\n");
    const said = message.ended ? lastLines(fd, before) : rest;
    throw ingotError("ServeDidNotStart", { problem: first, log }, { notes: said.map((line) => line.trim()).filter((line) => line !== "") });
  } finally {
    closeSync(fd);
  }
}

function openLogFile(path: string): number {
  try {
    mkdirSync(join(path, ".."), { recursive: true });
    return openSync(path, "a+", 0o640);
  } catch (cause) {
    throw fileError("write", path, cause);
  }
}

/** What the child says first, or how it ended. Then it is let go, so that this process can end. */
function firstMessage(child: ChildProcess): Promise<DaemonMessage & { readonly ended?: true }> {
  return new Promise((resolve) => {
    const settle = (message: DaemonMessage & { readonly ended?: true }) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.removeListener(signal, interrupt);
      child.removeAllListeners();
      if (child.connected) child.disconnect();
      child.unref();
      resolve(message);
    };
    // Whoever does not want to wait does not want the server either.
    const interrupt = () => void child.kill("SIGTERM");
    process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
    child.once("message", (message) => settle(message as DaemonMessage));
    child.once("error", (error) => settle({ kind: "failed", message: error.message }));
    child.once("exit", (code, signal) =>
      settle({ kind: "failed", message: `its process ended: ${signal ?? `exit code ${code}`}`, ended: true }),
    );
  });
}

/** The end of what was written to the log since it had `before` bytes. */
function lastLines(fd: number, before: number): string[] {
  const { size } = fstatSync(fd);
  const from = Math.max(before, size - 4000);
  const bytes = Buffer.alloc(Math.max(0, size - from));
  const read = readSync(fd, bytes, 0, bytes.length, from);
  return bytes.subarray(0, read).toString("utf8").split("\n").slice(-10);
}
