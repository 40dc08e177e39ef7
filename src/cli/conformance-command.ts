// ingot conformance: ONNX's backend tests, case by case.
import type { Command } from "commander";
import { findCases } from "../conformance/cases.ts";
import { type CaseResult, type ConformanceReport, reportOf } from "../conformance/outcome.ts";
import { defaultMemoryLimit } from "../conformance/resident-memory.ts";
import { runCases } from "../conformance/run-cases.ts";
import { type EngineName, findEngine } from "../engines/engines.ts";
import { writeFileAtomically } from "../weights/atomic-write.ts";
import { action, makeCommand, type Session } from "./command.ts";
import { engineOption, positive } from "./compile-options.ts";
import { failure, paint } from "./console.ts";

interface Flags {
  readonly engine: EngineName;
  readonly timeout: number;
  readonly memory: number;
  readonly json?: string;
}

export function conformanceCommand(session: Session): Command {
  return makeCommand(
    session,
    "conformance",
    "Run test cases in the form of ONNX's backend tests: one line per failure, and how many passed.",
    "ingot conformance onnx/onnx/backend/test/data",
    "ingot conformance node.tar.gz --engine onnxruntime --json report.json",
  )
    .argument("<path...>", "folders of cases, nested or not, or a .tar.gz of them")
    .addOption(engineOption("what runs the graphs").default("interpreter"))
    .option("--timeout <seconds>", "a case that takes longer has failed", positive, 120)
    .option("--memory <MiB>", "a case that takes more has failed (Linux)", positive, defaultMemoryLimit())
    .option("--json <file>", "write the outcome of each case there, as JSON")
    .action(
      action<[readonly string[]], Flags>(session, async ({ options, progress, streams }, paths) => {
        const { engine, timeout, memory } = options;
        findEngine(engine);
        progress.show(`reading ${paths.join(", ")}`);
        const cases = paths.flatMap(findCases);
        const results: CaseResult[] = [];
        progress.show(`running ${cases.length} cases on ${engine}`);
        for await (const result of runCases(cases, { engine, timeout, memory })) {
          results.push(result);
          if (result.outcome.status === "failed") {
            progress.done();
            streams.out(`${paint("red", "FAILED", streams.colors.out)} ${result.name}: ${result.outcome.reason}\n`);
          }
          progress.show(`running ${cases.length} cases on ${engine}`, `${results.length} of ${cases.length}: ${result.name}`);
        }
        progress.done();
        const report = reportOf(engine, results);
        if (options.json) await writeFileAtomically(options.json, [Buffer.from(`${JSON.stringify(report, null, 2)}\n`)]);
        streams.out(summary(report));
        return report.failed > 0 ? failure : 0;
      }),
    );
}

/** How many were skipped for which reason; then the line that closes the run. */
function summary({ passed, failed, skipped, skippedFor }: ConformanceReport): string {
  const reasons = Object.entries(skippedFor).sort(([, a], [, b]) => b - a);
  return [
    ...reasons.map(([reason, count]) => `${count} skipped: ${reason}`),
    `${passed} passed, ${failed} failed, ${skipped} skipped`,
    "",
  ].join("\n");
}
