// How many threads a kernel computes with.
import { availableParallelism } from "node:os";
import { isMainThread } from "node:worker_threads";
import { ingotError } from "../../errors/error.ts";

/** More threads than any machine has cores are a mistake. */
const most = 1024;

let chosen: number | undefined;

/**
 * How many threads large float32 matrix products and convolutions use: what `setThreads` or the environment variable `INGOT_THREADS` says, else
 * one per core. In a worker thread it is 1 until `setThreads` is called there: who starts threads has shared out the cores already.
 *
 * @throws ArgumentError `InvalidArgument` when `INGOT_THREADS` is not a number of threads.
 * @example
 * getThreads(); // 8
 */
export function getThreads(): number {
  chosen ??= isMainThread ? (threadsFromEnvironment() ?? availableParallelism()) : 1;
  return chosen;
}

/**
 * Sets how many threads large float32 matrix products and convolutions use in this thread's eager code, recordings and interpreter. Results
 * have the same bits whatever the number. Threads start when they are first needed, and do not keep the process alive.
 *
 * @throws ArgumentError `InvalidArgument` unless `threads` is an integer from 1 to 1024.
 * @example
 * setThreads(1); // a server that runs one model per core
 */
export function setThreads(threads: number): void {
  chosen = requireThreads("setThreads", "threads", threads, "Give the number of threads, at most the number of cores: setThreads(4).");
}

/** The number in `INGOT_THREADS`; undefined where it is not set. Throws `InvalidArgument`. */
export function threadsFromEnvironment(): number | undefined {
  const text = process.env.INGOT_THREADS;
  if (!text) return undefined;
  const given = /^\s*\d+\s*$/.test(text) ? Number(text) : text;
  return requireThreads("threads", "INGOT_THREADS", given, "Unset it to let the number of cores decide.");
}

/** Gives `threads` back when it is a count of threads; `op` and `name` say whose it is. Throws `InvalidArgument`. */
export function requireThreads(op: string, name: string, threads: unknown, hint: string): number {
  if (typeof threads === "number" && Number.isInteger(threads) && threads >= 1 && threads <= most) return threads;
  const actual = typeof threads === "string" ? `"${threads}" (string)` : `${String(threads)} (${typeof threads})`;
  throw ingotError("InvalidArgument", { op, name, expected: `an integer from 1 to ${most}`, actual, hint });
}
