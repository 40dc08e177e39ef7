// Stopping the server that a pid file names.
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { ingotError } from "../../errors/error.ts";
import { readPidFile, remove } from "./pid-file.ts";
import { processIdentity } from "./process-identity.ts";

/** What became of it. */
export interface Stopped {
  /** In TorchServe's words, a line each. */
  readonly lines: readonly string[];
  readonly status: number;
}

/** ms between two looks at a process that is not our child, of which the system tells nothing. */
const interval = 20;

/**
 * Asks the server of a pid file to stop, and waits until it has: as long as it gives running requests, and a little more. A process that is
 * not the one that wrote the file gets no signal. Throws `ServeCannotStop` where the system forbids it.
 */
export async function stopServer(pidFile: string): Promise<Stopped> {
  const found = readPidFile(pidFile);
  if (found.state === "none") return { lines: ["TorchServe is not currently running."], status: 0 };
  if (found.state === "foreign")
    return { lines: [`${pidFile} is not ours: it names process ${found.pid}.`, "TorchServe is not currently running."], status: 0 };
  if (found.state === "orphan") {
    remove(pidFile);
    return { lines: ["Removing orphan pid file.", "TorchServe is not currently running."], status: 0 };
  }
  const { pid, grace } = found;
  const identity = processIdentity(pid);
  try {
    process.kill(pid, "SIGTERM");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ESRCH") return { lines: ["TorchServe already stopped."], status: 0 };
    throw ingotError("ServeCannotStop", { pid, why: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
  const deadline = performance.now() + grace + 1000;
  while (processIdentity(pid) === identity) {
    if (performance.now() > deadline) return { lines: ["Stopping TorchServe took too long."], status: 1 };
    await sleep(interval);
  }
  // A server that was killed leaves it behind.
  if (readPidFile(pidFile).state === "orphan") remove(pidFile);
  return { lines: ["TorchServe has stopped."], status: 0 };
}
