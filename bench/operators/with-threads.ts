// A measurement at a number of threads.
import { getThreads, setThreads } from "../../src/index.ts";
import type { Measured } from "../figure.ts";

/** Runs `measure` with eager code on `threads` threads, and sets the number back. */
export async function* withThreads(threads: number, measure: () => AsyncIterable<Measured>): AsyncIterable<Measured> {
  const before = getThreads();
  setThreads(threads);
  try {
    yield* measure();
  } finally {
    setThreads(before);
  }
}
