// How many threads an engine computes with: what the caller asked for, or a default that leaves the event loop a core.
import { availableParallelism } from "node:os";
import { requireThreads, threadsFromEnvironment } from "../kernels/threads/thread-count.ts";

/**
 * Threads inside one operator when nothing is asked for: the environment variable `INGOT_THREADS`, else one less than the machine's cores, at
 * least 1. Throws `InvalidArgument`.
 */
export function defaultThreads(): number {
  return threadsFromEnvironment() ?? Math.max(1, availableParallelism() - 1);
}

/** Gives `threads` back when it is a count of threads. Throws `InvalidArgument`. */
export function checkThreads(name: string, threads: unknown): number {
  return requireThreads("compile", name, threads, "Leave it out to take one less than the machine's cores.");
}
