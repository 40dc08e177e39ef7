// What comes of a case, and of a whole run.

/** How a case ended. `reason` is one line; cases that were skipped for one reason may differ in `detail`. */
export type Outcome =
  | { readonly status: "passed" }
  | { readonly status: "failed"; readonly reason: string }
  | { readonly status: "skipped"; readonly reason: string; readonly detail?: string };

export interface CaseResult {
  readonly name: string;
  /** Where the case is: its folder, or the archive and the place in it. */
  readonly place: string;
  readonly outcome: Outcome;
  readonly ms: number;
}

export interface ConformanceReport {
  readonly engine: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** How many cases were skipped for each reason. */
  readonly skippedFor: Readonly<Record<string, number>>;
  readonly cases: readonly CaseResult[];
}

/** Counts results. */
export function reportOf(engine: string, cases: readonly CaseResult[]): ConformanceReport {
  const count = (status: Outcome["status"]) => cases.filter(({ outcome }) => outcome.status === status).length;
  const skippedFor: Record<string, number> = {};
  for (const { outcome } of cases) if (outcome.status === "skipped") skippedFor[outcome.reason] = (skippedFor[outcome.reason] ?? 0) + 1;
  return { engine, passed: count("passed"), failed: count("failed"), skipped: count("skipped"), skippedFor, cases };
}

/** The first line of an error's message: what a report has room for. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? "";
}
