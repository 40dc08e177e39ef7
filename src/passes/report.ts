// What a pipeline did: per pass how often each rule fired and how long it took; the journal of all steps.
import { count } from "../errors/quantity.ts";
import { formatProvenance } from "../ir/provenance.ts";
import type { Accuracy, Step } from "./pass.ts";
import type { ValidationTally } from "./validation/validator.ts";

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
  /** How many rewrites were compared with what they replace; undefined when that was switched off. */
  readonly validation: ValidationTally | undefined;

  constructor(fields: Pick<PassReport, "rows" | "journal" | "rounds" | "nodesBefore" | "nodesAfter" | "stopped" | "validation">) {
    this.rows = fields.rows;
    this.journal = fields.journal;
    this.rounds = fields.rounds;
    this.nodesBefore = fields.nodesBefore;
    this.nodesAfter = fields.nodesAfter;
    this.stopped = fields.stopped;
    this.validation = fields.validation;
  }

  /** How often a rule (or a whole pass) fired. */
  fired(name: string): number {
    return this.rows.reduce((n, r) => n + (r.pass === name ? r.total : (r.fired[name] ?? 0)), 0);
  }

  /** Everything, as data; the origins of each step as text. */
  toJSON(): PassReportJson {
    const { rows, rounds, nodesBefore, nodesAfter, stopped, validation } = this;
    const journal = this.journal.map(({ provenance, ...step }) => ({ ...step, where: formatProvenance(provenance) }));
    return { rows, rounds, nodesBefore, nodesAfter, stopped, steps: journal.length, ...(validation && { validation }), journal };
  }

  /** A table of the passes that changed something. */
  toString(): string {
    const active = this.rows.filter((r) => r.total > 0);
    const width = Math.max(4, ...active.map((r) => r.pass.length));
    const lines = active.map((r) => `  ${r.pass.padEnd(width)}  ${String(r.total).padStart(5)} ×  ${r.accuracy.padEnd(11)}  ${r.about}`);
    const heading = `passes: ${this.nodesBefore} → ${this.nodesAfter} nodes in ${count(this.journal.length, "step")}${this.stopped ? " (stopped early)" : ""}`;
    const checked = this.validation && active.length > 0 ? [`  ${formatValidation(this.validation)}`] : [];
    return [heading, ...(lines.length > 0 ? lines : ["  nothing to do"]), ...checked].join("\n");
  }
}

export interface PassReportJson extends Pick<PassReport, "rows" | "rounds" | "nodesBefore" | "nodesAfter" | "stopped"> {
  readonly steps: number;
  readonly validation?: ValidationTally;
  readonly journal: readonly (Omit<Step, "provenance"> & { readonly where: string })[];
}

/** `validated 155 of 157 rewrites (2 not: sub-graphs)` */
function formatValidation({ validated, skipped }: ValidationTally): string {
  const reasons = Object.entries(skipped);
  const missed = reasons.reduce((n, [, count]) => n + count, 0);
  const why = missed === 0 ? "" : ` (not compared: ${reasons.map(([reason, count]) => `${count} with ${reason}`).join(", ")})`;
  return `validated ${validated} of ${validated + missed} rewrites${why}`;
}
