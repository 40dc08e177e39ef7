// Ctrl-C ends a command's work, not the process at once: what was begun is taken back first.
import process from "node:process";

/** The exit status of a program that SIGINT ended. */
export const interrupted = 130;

/** Runs work with a signal that SIGINT or SIGTERM aborts; gives the exit status where that happened. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | typeof interrupted> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } catch (cause) {
    if (controller.signal.aborted && cause === controller.signal.reason) return interrupted;
    throw cause;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
