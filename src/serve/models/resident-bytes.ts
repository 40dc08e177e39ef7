// How much memory a process holds.
import { readFile } from "node:fs/promises";
import process from "node:process";

/** Bytes in memory; undefined where the system does not say, or the process is gone. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  if (process.platform !== "linux") return undefined;
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}
