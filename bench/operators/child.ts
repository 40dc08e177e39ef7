// A measure in a process of its own: what it prints last is its result, as JSON.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Runs `script` (beside this file) with `args`; its progress goes to standard error. */
export function child<T>(script: string, ...args: readonly string[]): T {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { stdout, status, signal } = spawnSync(process.execPath, ["--import", "tsx", "--expose-gc", path, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`${script} ${args.join(" ")} ended with ${signal ?? `status ${status}`}`);
  return JSON.parse(stdout.trim().split("\n").pop() as string) as T;
}

/** Resident memory of this process in bytes: now, or at its peak since `forgetPeak`. Linux only. */
export const resident = (which: "VmRSS" | "VmHWM"): number =>
  Number(new RegExp(`${which}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;

export const forgetPeak = (): void => writeFileSync("/proc/self/clear_refs", "5");

/** Collects all that can be, and waits until the collector's threads have given the memory back. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
