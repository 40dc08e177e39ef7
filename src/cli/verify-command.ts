// ingot verify: replays a certificate, compares two files, or a file with its model.
import type { Command } from "commander";
import { alignColumns } from "../compile/report.ts";
import { type VerifyOptions, type VerifyReport, verifyCertificate, verifyFiles, verifyModel } from "../compile/verify.ts";
import type { EngineName } from "../engines/engines.ts";
import { action, collect, makeCommand } from "./command.ts";
import { integer } from "./compile-options.ts";
import { failure, printResult } from "./console.ts";
import { loadModelFile } from "./model-file.ts";

interface Flags {
  readonly model?: string;
  readonly export?: string;
  readonly engine: readonly EngineName[];
  readonly topk?: number;
  readonly rtol?: string;
  readonly runs?: number;
}

export function verifyCommand(): Command {
  return makeCommand(
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
    .option("--engine <name>", "onnxruntime or interpreter; may be repeated (default: all that are installed)", collect, [])
    .option("--topk <k>", "how many of the best scores must agree", integer)
    .option("--rtol <limit>", "relative error limit")
    .option("--runs <n>", "random runs when files or models are compared", integer)
    .action(
      action<[string, string | undefined], Flags>(async ({ options, progress }, file, other) => {
        const verifyOptions: VerifyOptions = {
          ...(options.engine.length > 0 && { engines: options.engine }),
          ...(options.topk !== undefined && { topk: options.topk }),
          ...(options.rtol !== undefined && { rtol: Number(options.rtol) }),
          ...(options.runs !== undefined && { runs: options.runs }),
          onProgress: progress.show,
        };
        progress.show("reading");
        const report = await choose(file, other, options, verifyOptions);
        progress.done();
        printResult(options, report, () => formatReport(file, report));
        return report.ok ? 0 : failure;
      }),
    );
}

async function choose(file: string, other: string | undefined, flags: Flags, options: VerifyOptions): Promise<VerifyReport> {
  if (other !== undefined) return verifyFiles(file, other, options);
  if (flags.model === undefined) return verifyCertificate(file, options);
  const { model } = await loadModelFile(flags.model, flags.export);
  if ("eval" in model && typeof model.eval === "function") model.eval();
  return verifyModel(file, model, options);
}

function formatReport(file: string, report: VerifyReport): string {
  const rows = report.rows.map((r) => [
    r.ok ? "ok" : "FAILED",
    r.engine,
    r.case,
    r.maxRelative === undefined ? "" : `error ${r.maxRelative.toExponential(1)}`,
    r.problem ?? "",
  ]);
  return [...alignColumns(rows), `${file} ${report.ok ? "agrees" : "does NOT agree"} with ${report.against}`].join("\n");
}
