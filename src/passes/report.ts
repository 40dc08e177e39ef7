// What a pipeline did: per pass how often each rule fired and how long it took; the journal of all steps.
import type { Accuracy, Step } from "./pass.ts";

export interface PassRow {
  readonly pass: string;
  readonly about: string;
  readonly accuracy: Accuracy;
  /** How often each rule fired. */
  readonly fired: Readonly<Record<string, number>>;
  readonly total: number;
  /** ms over all rounds. */
  readonly ms: number;
}

export class PassReport {
  readonly rows: readonly PassRow[];
  /** Every rewrite, in order. */
  readonly journal: readonly Step[];
  readonly rounds: number;
  readonly nodesBefore: number;
  readonly nodesAfter: number;
  /** True when the run stopped at a given step before it was finished. */
  readonly stopped: boolean;

  constructor(fields: Pick<PassReport, "rows" | "journal" | "rounds" | "nodesBefore" | "nodesAfter" | "stopped">) {
    this.rows = fields.rows;
    this.journal = fields.journal;
    this.rounds = fields.rounds;
    this.nodesBefore = fields.nodesBefore;
    this.nodesAfter = fields.nodesAfter;
    this.stopped = fields.stopped;
  }

  /** How often a rule (or a whole pass) fired. */
  fired(name: string): number {
    return this.rows.reduce((n, r) => n + (r.pass === name ? r.total : (r.fired[name] ?? 0)), 0);
  }

  toJSON(): Pick<PassReport, "rows" | "rounds" | "nodesBefore" | "nodesAfter" | "stopped"> & { readonly steps: number } {
    const { rows, rounds, nodesBefore, nodesAfter, stopped, journal } = this;
    return { rows, rounds, nodesBefore, nodesAfter, stopped, steps: journal.length };
  }

  /** A table of the passes that changed something. */
  toString(): string {
    const active = this.rows.filter((r) => r.total > 0);
    const width = Math.max(4, ...active.map((r) => r.pass.length));
    const lines = active.map((r) => `  ${r.pass.padEnd(width)}  ${String(r.total).padStart(5)} ×  ${r.accuracy.padEnd(11)}  ${r.about}`);
    const heading = `passes: ${this.nodesBefore} → ${this.nodesAfter} nodes in ${this.journal.length} steps${this.stopped ? " (stopped early)" : ""}`;
    return [heading, ...(lines.length > 0 ? lines : ["  nothing to do"])].join("\n");
  }
}
