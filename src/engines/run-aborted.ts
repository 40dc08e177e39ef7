// The error of a run whose signal fired: one for all engines.
import { ingotError } from "../errors/error.ts";

/** Makes `RunAborted` from the reason that the signal carries. */
export function abortError(signal: AbortSignal | undefined): Error {
  const cause: unknown = signal?.reason;
  return ingotError("RunAborted", { reason: cause instanceof Error ? cause.message : String(cause) }, { cause });
}
