// ingot inspect: what is in a model file.

import type { Command } from "commander";
import { graphToCode } from "../compile/code.ts";
import { type GraphSummary, summarizeGraph } from "../compile/graph-summary.ts";
import { formatChecks } from "../compile/report.ts";
import { type Certificate, certificateKey, parseCertificate } from "../equivalence/certificate.ts";
import { formatBytes } from "../errors/quantity.ts";
import { type FileHeader, readGraphAndHeader } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import { action, makeCommand, type Session } from "./command.ts";
import { paint } from "./console.ts";

interface Flags {
  readonly text?: boolean;
  readonly code?: boolean;
}

interface Inspection extends GraphSummary, FileHeader {
  /** What the file's metadata holds besides what Ingot writes. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly certificate: Certificate | undefined;
}

export function inspectCommand(session: Session): Command {
  return makeCommand(
    session,
    "inspect",
    "Print a model's inputs, outputs, operators, size and certificate.",
    "ingot inspect m.onnx",
    "ingot inspect m.onnx --text",
    "ingot inspect m.onnx --json",
  )
    .argument("<file>", "an ONNX file")
    .option("--text", "print the whole graph in ONNX's text syntax")
    .option("--code", "print the whole graph as TypeScript")
    .action(
      action<[string], Flags>(session, async ({ options, progress, print, usage, streams }, file) => {
        if (options.text && options.code) usage("--text and --code each print the whole graph; give one of them");
        progress.show(`reading ${file}`);
        const { graph, header } = await readGraphAndHeader(file, registry);
        if (options.text) print({ text: String(graph) }, () => String(graph));
        else if (options.code) print({ code: graphToCode(graph) }, () => graphToCode(graph).trimEnd());
        else {
          const certificate = graph.metadata.get(certificateKey);
          const inspection: Inspection = {
            ...summarizeGraph(graph),
            ...header,
            metadata: Object.fromEntries([...graph.metadata].filter(([key]) => !key.startsWith("ingot."))),
            certificate: certificate === undefined ? undefined : parseCertificate(certificate, file),
          };
          print({ file, ...inspection }, () => format(file, inspection, streams.colors.out));
        }
        return 0;
      }),
    );
}

function format(file: string, model: Inspection, color: boolean): string {
  const { certificate } = model;
  const operators = Object.entries(model.operators).map(([op, n]) => `${op} ${n}`);
  const opsets = Object.entries(model.opsets).map(([domain, version]) => `${domain} ${version}`);
  const rows: (readonly [string, readonly string[]])[] = [
    ["file", [`${file}, ${formatBytes(model.bytes)}${model.producer ? `, written by ${model.producer}` : ""}`]],
    ["versions", [`opset ${opsets.join(", ")}; IR version ${model.irVersion}`]],
    ["graph", [`${model.name}, ${model.nodes.toLocaleString("en")} nodes`]],
    ["inputs", model.inputs.map((p) => `${p.name}: ${p.type}`)],
    ["outputs", model.outputs.map((p) => `${p.name}: ${p.type}`)],
    ["parameters", [`${model.parameters.toLocaleString("en")} (${formatBytes(model.weightBytes)})`]],
    ["arithmetic", model.flops === undefined ? [] : [`${formatFlops(model.flops)} a run, named sizes taken as 1`]],
    ["operators", wrap(operators, 100)],
    ["metadata", Object.entries(model.metadata).map(([key, value]) => `${key} = ${shorten(value)}`)],
    ["certificate", certificate ? [`of ingot ${certificate.versions.ingot}`, ...formatChecks(certificate).split("\n")] : ["none"]],
  ];
  return rows
    .flatMap(([title, lines]) => lines.map((line, i) => `${paint("bold", (i === 0 ? title : "").padEnd(13), color)}${line}`.trimEnd()))
    .join("\n");
}

/** FLOP in the unit that fits: `23.1 GFLOP`. */
function formatFlops(flops: number): string {
  const units = ["", "k", "M", "G", "T", "P"];
  const power = Math.min(Math.floor(Math.log10(Math.max(1, flops)) / 3), units.length - 1);
  return `${power === 0 ? flops : (flops / 10 ** (3 * power)).toFixed(1)} ${units[power]}FLOP`;
}

/** Joined by commas, in lines of at most `width` characters where the parts allow it. */
function wrap(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length + 2 <= width) lines[lines.length - 1] = `${last}, ${part}`;
    else lines.push(part);
  }
  return lines;
}

const shorten = (text: string) => (text.length > 100 ? `${text.slice(0, 99)}…` : text);
