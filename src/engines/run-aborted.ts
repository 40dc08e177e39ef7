// The error of a run, or of a check, whose signal fired: one for all engines.
import { ingotError } from "../errors/error.ts";

/** Makes `RunAborted` from the reason that the signal carries. */
export function abortError(signal: AbortSignal | undefined): Error {
  const cause: unknown = signal?.reason;
  return ingotError("RunAborted", { reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
}

/** Throws `RunAborted` where the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal);
}

/** What a run of a graph threw, with the signal's bare reason made `RunAborted`. */
export function abortedOr(error: unknown, signal: AbortSignal | undefined): unknown {
  return signal?.aborted && error === signal.reason ? abortError(signal) : error;
}
