// ingot verify: replays a certificate, compares two files, or a file with its model.
import type { Command } from "commander";
import { alignColumns } from "../compile/report.ts";
import { type VerifyOptions, type VerifyReport, verifyCertificate, verifyFiles, verifyModel } from "../compile/verify.ts";
import type { EngineName } from "../engines/engines.ts";
import { action, makeCommand, type Session } from "./command.ts";
import { enginesOption, fraction, maxStepsOption, positive } from "./compile-options.ts";
import { failure, paint } from "./console.ts";
import { loadModelFile } from "./model-file.ts";

interface Flags {
  readonly model?: string;
  readonly export?: string;
  readonly engine: readonly EngineName[];
  readonly topk?: number;
  readonly rtol?: number;
  readonly runs?: number;
  readonly maxSteps?: number;
}

export function verifyCommand(session: Session): Command {
  return makeCommand(
    session,
    "verify",
    "Check that a file computes what it promises. With one file: replay its certificate.",
    "ingot verify resnet152.onnx",
    "ingot verify a.onnx b.onnx --topk 5",
    "ingot verify resnet152.onnx --model ./model.ts",
  )
    .argument("<file>", "an ONNX file")
    .argument("[other]", "another ONNX file to compare with")
    .option("--model <file>", "compare with this eager model")
    .option("--export <name>", "the export of --model to take")
    .addOption(enginesOption())
    .option("--topk <k>", "how many of the best scores must agree", positive)
    .option("--rtol <limit>", "relative error limit", fraction)
    .option("--runs <n>", "random runs when files or models are compared", positive)
    .addOption(maxStepsOption())
    .action(
      action<[string, string | undefined], Flags>(session, async ({ options, progress, print, usage, streams }, file, other) => {
        if (other !== undefined && options.model !== undefined) usage("compare with another file or with --model, not with both");
        const { topk, rtol, runs, engine, maxSteps } = options;
        const verifyOptions: VerifyOptions = {
          ...(engine.length > 0 && { engines: engine }),
          ...(topk !== undefined && { topk }),
          ...(rtol !== undefined && { rtol }),
          ...(runs !== undefined && { runs }),
          ...(maxSteps !== undefined && { maxSteps }),
          onProgress: (what) => progress.show(what),
        };
        progress.show(`reading ${file}`);
        const report = await choose(file, other, options, verifyOptions);
        print({ file, ...report }, () => format(file, report, streams.colors.out));
        return report.ok ? 0 : failure;
      }),
    );
}

async function choose(file: string, other: string | undefined, flags: Flags, options: VerifyOptions): Promise<VerifyReport> {
  if (other !== undefined) return verifyFiles(file, other, options);
  if (flags.model === undefined) return verifyCertificate(file, options);
  const model = await loadModelFile(flags.model, flags.export);
  if ("eval" in model && typeof model.eval === "function") model.eval();
  return verifyModel(file, model, options);
}

function format(file: string, report: VerifyReport, color: boolean): string {
  const rows = report.rows.map((r) => [
    r.ok ? "ok" : "FAILED",
    r.engine,
    r.case,
    r.maxRelative === undefined ? "" : `error ${r.maxRelative.toExponential(1)}`,
    r.problem ?? "",
  ]);
  const lines = alignColumns(rows).map((line, i) => {
    const [word = "", , , ,] = rows[i] as string[];
    return paint(report.rows[i]?.ok ? "green" : "red", line.slice(0, word.length), color) + line.slice(word.length);
  });
  return [...lines, `${file} ${report.ok ? "agrees" : "does NOT agree"} with ${report.against}`].join("\n");
}
