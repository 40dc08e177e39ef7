// From a node's provenance to the code frame of an error.
import { type ErrorContext, IngotError, ingotError } from "../errors/error.ts";
import type { Provenance } from "../ir/provenance.ts";
import { CallSite } from "../source/call-site.ts";
import { codeFrame, originOfUrl } from "../source/position.ts";

/** The frame of the first origin that has a source line, and the module path as a note. */
export function frameOf(provenance: Provenance | undefined): ErrorContext {
  const origin = provenance?.find((o) => o.source) ?? provenance?.[0];
  const notes = origin?.scope ? [`in module ${origin.scope}`] : [];
  return origin?.source instanceof CallSite ? { frame: frameOfSite(origin.source), notes } : { notes };
}

/** The same error with the line of the user's code that it came from; an error that has a line, or is not ours, stays as it is. */
export function located(error: unknown, provenance: Provenance): unknown {
  if (!(error instanceof IngotError) || error.frame) return error;
  const { frame, notes = [] } = frameOf(provenance);
  // The parameters were checked when the error was made.
  return ingotError(error.code, error.params as never, { frame, notes: [...error.notes, ...notes], cause: error.cause });
}

/** The rendered frame of a call site. */
export function frameOfSite(site: CallSite | undefined): ErrorContext["frame"] {
  return site && codeFrame(originOfUrl(site.executed.url), site);
}
