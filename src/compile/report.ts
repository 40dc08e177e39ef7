// What happened while a module was compiled: what each pass did, how every graph compared with eager, and how long each stage took.
import type { Certificate } from "../equivalence/certificate.ts";
import type { PassReport } from "../passes/report.ts";
import type { Prepared } from "./evidence.ts";

export interface CompileReportFields {
  readonly name: string;
  readonly passes: PassReport;
  /** The engine's own lowering, where it has one. */
  readonly lowering: PassReport | undefined;
  readonly certificate: Certificate;
  readonly stages: readonly { readonly stage: string; readonly ms: number }[];
  readonly notes: readonly string[];
}

/** Prints as a table; `toJSON` gives the same as data. */
export class CompileReport implements CompileReportFields {
  readonly name: string;
  readonly passes: PassReport;
  readonly lowering: PassReport | undefined;
  readonly certificate: Certificate;
  readonly stages: readonly { readonly stage: string; readonly ms: number }[];
  readonly notes: readonly string[];

  constructor(fields: CompileReportFields) {
    this.name = fields.name;
    this.passes = fields.passes;
    this.lowering = fields.lowering;
    this.certificate = fields.certificate;
    this.stages = fields.stages;
    this.notes = fields.notes;
  }

  /** The report of the same module on another engine, checked there with these results. */
  onEngine({ executable, rows, notes, failedIgnored }: Prepared): CompileReport {
    const { certificate } = this;
    const label = executable.engine === "interpreter" ? "portable" : "lowered";
    return new CompileReport({
      ...this.toJSON(),
      lowering: executable.lowering,
      certificate: {
        ...certificate,
        rows: [...certificate.rows.filter((r) => r.graph !== "lowered" && r.graph !== label), ...rows],
        failedCheckIgnored: certificate.failedCheckIgnored || failedIgnored,
        versions: { ...certificate.versions, engine: executable.engine },
      },
      notes: [...this.notes, ...notes],
    });
  }

  toJSON(): CompileReportFields {
    const { name, passes, lowering, certificate, stages, notes } = this;
    return { name, passes, lowering, certificate, stages, notes };
  }

  toString(): string {
    const lines = [`${this.name}: compiled and checked`, "", String(this.passes)];
    if (this.lowering) lines.push("", "lowering for the engine", String(this.lowering));
    lines.push("", formatChecks(this.certificate));
    if (this.notes.length > 0) lines.push("", ...this.notes.map((n) => `note: ${n}`));
    lines.push("", `time: ${this.stages.map(({ stage, ms }) => `${stage} ${formatMs(ms)}`).join(", ")}`);
    return lines.join("\n");
  }
}

/** One line per graph, engine and case of a certificate. */
export function formatChecks(certificate: Certificate): string {
  const rows = certificate.rows.map((row) => {
    const worst = Math.max(0, ...row.outputs.map((o) => o.maxRelative));
    const noise = Math.max(0, ...row.outputs.map((o) => o.rounding ?? 0));
    const error = row.bitwise
      ? "bit for bit"
      : `error ${worst.toExponential(1)}${noise > 0 ? ` (rounding alone moves it by ${noise.toExponential(1)})` : ""}`;
    const topk = row.outputs.find((o) => o.topk)?.topk;
    return [row.graph, row.engine, row.case, error, topk ? `top-${certificate.topk}: ${topk}` : ""];
  });
  const limit = `limit ${Math.max(...certificate.limits, 0).toExponential(1)}${certificate.limitsRaised ? " (raised by the user)" : ""}`;
  const heading = certificate.failedCheckIgnored
    ? "checks: FAILED, and the failure was ignored as asked"
    : `checks against eager (${limit})`;
  return [heading, ...alignColumns([["graph", "engine", "input", "result", ""], ...rows]).map((l) => `  ${l}`)].join("\n");
}

/** Pads cells so that columns line up. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((r) => r[c]?.length ?? 0)));
  return rows.map((r) =>
    r
      .map((cell, c) => cell.padEnd(widths[c] as number))
      .join("  ")
      .trimEnd(),
  );
}

const formatMs = (ms: number) => (ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`);
