// Where a node came from: a *set* of origins, because a fused node has several. No pass may drop one.

export interface SourceLocation {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** One origin: the line of the user's program, and the path of the module whose forward ran (`layer1.0.conv1`). */
export interface Origin {
  readonly source?: SourceLocation | undefined;
  readonly scope?: string | undefined;
}

export type Provenance = readonly Origin[];

/** The union of provenances, without repeats, in order of appearance. */
export function mergeProvenance(...all: readonly Provenance[]): Provenance {
  const first = all[0];
  if (all.length === 1 && first) return first;
  const seen = new Map<string, Origin>();
  for (const provenance of all) for (const origin of provenance) seen.set(formatOrigin(origin), origin);
  return [...seen.values()];
}

/** `layer1.0.conv1 (model.ts:12:8)` */
export function formatOrigin({ source, scope }: Origin): string {
  const place = source ? `${source.file}:${source.line}:${source.column}` : "";
  return scope ? (place ? `${scope} (${place})` : scope) : place;
}

export function formatProvenance(provenance: Provenance): string {
  return provenance.map(formatOrigin).join("; ");
}

/** Reads what `formatProvenance` wrote. */
export function parseProvenance(text: string): Provenance {
  if (text === "") return [];
  return text.split("; ").map((part): Origin => {
    const both = /^(.*) \((.+):(\d+):(\d+)\)$/s.exec(part);
    const place = both ?? /^()(.+):(\d+):(\d+)$/s.exec(part);
    if (!place) return { scope: part };
    const source = { file: place[2] as string, line: Number(place[3]), column: Number(place[4]) };
    return place[1] ? { source, scope: place[1] } : { source };
  });
}
