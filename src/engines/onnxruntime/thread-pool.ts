// Admission to libuv's thread pool. koffi's asynchronous calls run there, as do the file system and DNS: one thread is always
// left to them, and what does not fit waits here, where it can still be withdrawn.
import { setMaxListeners } from "node:events";
import { availableParallelism } from "node:os";

const poolSize = Number(process.env.UV_THREADPOOL_SIZE) || 4;
/** How many native calls run at once; more of them than cores would only fight for these. */
export const largestConcurrency = Math.max(1, Math.min(poolSize - 1, Math.max(2, availableParallelism())));

interface Waiting {
  readonly start: () => void;
}

let running = 0;
const waiting = new Set<Waiting>();

/**
 * Runs `call` (which starts a native call and resolves when it has returned) as soon as a thread is free. `signal` withdraws a
 * call that has not been started: then `withdrawn` makes the error.
 */
export async function onPool<T>(call: () => Promise<T>, signal?: AbortSignal, withdrawn?: () => unknown): Promise<T> {
  if (signal?.aborted) throw withdrawn?.();
  // One signal for many runs (a server that shuts down) is ordinary use, not a leak to warn of.
  if (signal) setMaxListeners(0, signal);
  if (running >= largestConcurrency) await turn(signal, withdrawn);
  else running++;
  try {
    return await call();
  } finally {
    // A free place is handed on, not given back and taken again: nobody can slip in between.
    const next = waiting.values().next().value;
    if (next) {
      waiting.delete(next);
      next.start();
    } else running--;
  }
}

function turn(signal: AbortSignal | undefined, withdrawn: (() => unknown) | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const entry: Waiting = {
      start() {
        signal?.removeEventListener("abort", leave);
        resolve();
      },
    };
    const leave = () => {
      waiting.delete(entry);
      reject(withdrawn?.());
    };
    signal?.addEventListener("abort", leave, { once: true });
    waiting.add(entry);
  });
}
