// Which process a number stands for. The system gives numbers out again, so that one that was written down is trusted only together with the
// time at which its process began.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";

/** A text that no other process has had under this number; undefined where there is no such process, or it has ended and only waits to be told of. */
export function processIdentity(pid: number): string | undefined {
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

function fromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program stands between brackets and may hold any character; behind it are the state and, as the 20th, the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return fields[0] === "Z" || fields[0] === "X" ? undefined : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function fromPs(pid: number): string | undefined {
  try {
    const text = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    const [, state = "Z", started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(text) ?? [];
    return state.startsWith("Z") ? undefined : started;
  } catch {
    return undefined;
  }
}

/** Whether there is a process of this number, whoever's it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
