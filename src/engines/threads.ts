// How many threads an engine computes with: what the caller asked for, or a default that leaves the event loop a core.
import { availableParallelism } from "node:os";
import { ingotError } from "../errors/error.ts";

/** More threads than any machine has cores are a mistake. */
const most = 1024;

/**
 * Threads inside one operator when nothing is asked for: the environment variable `INGOT_THREADS`, else one less than the machine's cores, at
 * least 1. Throws `InvalidArgument`.
 */
export function defaultThreads(): number {
  const text = process.env.INGOT_THREADS;
  if (!text) return Math.max(1, availableParallelism() - 1);
  return checkThreads("INGOT_THREADS", /^\s*\d+\s*$/.test(text) ? Number(text) : text);
}

/** Gives `threads` back when it is a count of threads. Throws `InvalidArgument`. */
export function checkThreads(name: string, threads: unknown): number {
  if (typeof threads === "number" && Number.isInteger(threads) && threads >= 1 && threads <= most) return threads;
  throw ingotError("InvalidArgument", {
    op: "compile",
    name,
    expected: `an integer from 1 to ${most}`,
    actual: typeof threads === "string" ? `"${threads}" (string)` : `${String(threads)} (${typeof threads})`,
    hint: "Leave it out to take one less than the machine's cores.",
  });
}
