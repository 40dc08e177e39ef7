// ingot archive: a model and its files become one file, by torch-model-archiver's options.
import { type Command, Option } from "commander";
import { type ArchiveFormat, type ArchiveReport, archive, archiveFormats } from "../archive/archive.ts";
import { type ArchiveRuntime, runtimes } from "../archive/manifest.ts";
import { formatBytes } from "../errors/quantity.ts";
import { inspectArchiveCommand } from "./archive-inspect-command.ts";
import { action, makeCommand, type Session, withCommonOptions } from "./command.ts";
import { printWarnings } from "./console.ts";
import { interrupted, untilInterrupted } from "./interrupt.ts";

interface Flags {
  readonly modelName?: string;
  readonly version?: string;
  readonly handler?: string;
  readonly serializedFile?: string;
  readonly modelFile?: string;
  readonly extraFiles?: string;
  readonly runtime: ArchiveRuntime;
  readonly exportPath?: string;
  readonly archiveFormat: ArchiveFormat;
  readonly force?: boolean;
  readonly requirementsFile?: string;
  readonly configFile?: string;
}

/** Needed unless a command below this one is meant, so commander cannot ask for them. */
const needed = { "model-name": "modelName", version: "version", handler: "handler" } as const;

export function archiveCommand(session: Session): Command {
  return makeCommand(
    session,
    "archive",
    "Pack a model and its files for `ingot serve` and TorchServe; the options are torch-model-archiver's.",
    "ingot archive --model-name r152 --version 1.0 --serialized-file m.onnx --handler image_classifier --export-path model_store",
    "ingot archive inspect model_store/r152.mar",
  )
    .enablePositionalOptions()
    .usage("[options] | inspect <file>")
    .option("--model-name <name>", "name of the model and of the archive (needed)")
    .option("--serialized-file <file>", "the model: .onnx; .pt and .pth are packed for TorchServe alone")
    .option("--model-file <file>", "Python code of an eager model, for TorchServe")
    .option("--handler <name>", "a built-in handler, or a file with one for TorchServe (needed)")
    .option("--extra-files <list>", "files, folders and wildcards, with commas between them")
    .addOption(new Option("--runtime <name>", "the language of a handler of TorchServe").choices(runtimes).default("python"))
    .option("--export-path <folder>", "where the archive goes; default: the working directory")
    .addOption(
      new Option("--archive-format <format>", "packed, not packed, .tar.gz, or a folder").choices(archiveFormats).default("default"),
    )
    .option("-f, --force", "replace an archive that is there already")
    .option("-v, --version <version>", "version of the model (needed)")
    .option("-r, --requirements-file <file>", "Python packages, for TorchServe")
    .option("-c, --config-file <file>", "the model's configuration in YAML")
    .addCommand(withCommonOptions(inspectArchiveCommand(session)))
    .action(
      action<[], Flags>(session, async ({ options, progress, print, usage, streams }) => {
        const missing = Object.entries(needed).filter(([, key]) => options[key] === undefined);
        if (missing.length > 0) usage(`the following options are required: ${missing.map(([name]) => `--${name}`).join(", ")}`);
        progress.show(`packing ${options.modelName}`);
        const { modelName = "", version = "", handler = "", json: _json, quiet: _quiet, debug: _debug, ...rest } = options;
        const report = await untilInterrupted((signal) => archive({ modelName, version, handler, ...rest, signal }));
        if (report === interrupted) return interrupted;
        print(report, () => summary(report));
        if (!options.json) printWarnings(streams, report.warnings);
        return 0;
      }),
    );
}

function summary({ path, bytes, files }: ArchiveReport): string {
  return `${path}: ${formatBytes(bytes)}, ${files.map((file) => file.path).join(", ")}`;
}
