// How much memory another process holds. Only Linux tells without a program of its own.
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";

/** Bytes that the process holds in memory; undefined where the system does not tell, or the process has ended. */
export function residentMemory(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** What a case may hold if nothing else is said, in MiB: four fifths of the memory that there is, so that the machine stays usable. */
export function defaultMemoryLimit(): number {
  const granted = process.constrainedMemory?.() ?? 0;
  const all = granted > 0 ? Math.min(granted, totalmem()) : totalmem();
  return Math.floor((all * 0.8) / 2 ** 20);
}
