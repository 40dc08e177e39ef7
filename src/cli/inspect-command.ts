// ingot inspect: what is in a model file.
import type { Command } from "commander";
import { formatChecks } from "../compile/report.ts";
import { certificateKey, parseCertificate } from "../equivalence/certificate.ts";
import type { Graph } from "../ir/graph.ts";
import { allNodes } from "../ir/traverse.ts";
import { formatType } from "../ir/type.ts";
import { readGraph } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import { action, makeCommand } from "./command.ts";
import { printResult } from "./console.ts";

interface Flags {
  readonly text?: boolean;
}

export function inspectCommand(): Command {
  return makeCommand(
    "inspect",
    "Print a model's inputs, outputs, operators and certificate.",
    "ingot inspect m.onnx",
    "ingot inspect m.onnx --text",
  )
    .argument("<file>", "an ONNX file")
    .option("--text", "print the whole graph in ONNX's text syntax")
    .action(
      action<[string], Flags>(async ({ options, progress }, file) => {
        progress.show(`reading ${file}`);
        const graph = await readGraph(file, registry);
        progress.done();
        const summary = summarize(graph, file);
        printResult(options, { ...summary, ...(options.text && { text: String(graph) }) }, () =>
          options.text ? String(graph) : formatSummary(summary),
        );
        return 0;
      }),
    );
}

function summarize(graph: Graph, file: string) {
  const operators = new Map<string, number>();
  for (const node of allNodes(graph)) operators.set(node.op, (operators.get(node.op) ?? 0) + 1);
  const weights = [...graph.initializers].reduce((n, v) => n + (v.storage?.size ?? 0), 0);
  const bytes = [...graph.initializers].reduce((n, v) => n + (v.storage?.byteSize ?? 0), 0);
  const certificate = graph.metadata.get(certificateKey);
  return {
    name: graph.name,
    inputs: graph.inputs.map((v) => ({ name: v.name, type: formatType(v.type) })),
    outputs: graph.outputs.map((v, i) => ({ name: graph.outputNames[i], type: formatType(v.type) })),
    nodes: graph.nodeCount,
    operators: Object.fromEntries([...operators].sort((a, b) => b[1] - a[1])),
    weights,
    bytes,
    certificate: certificate === undefined ? undefined : parseCertificate(certificate, file),
  };
}

function formatSummary(s: ReturnType<typeof summarize>): string {
  const ports = (title: string, list: readonly { name: string | undefined; type: string }[]) =>
    list.map((p, i) => `${(i === 0 ? title : "").padEnd(10)}${p.name}: ${p.type}`);
  return [
    `${"model".padEnd(10)}${s.name}, ${s.nodes} nodes, ${s.weights.toLocaleString("en")} weights (${(s.bytes / 2 ** 20).toFixed(1)} MiB)`,
    ...ports("inputs", s.inputs),
    ...ports("outputs", s.outputs),
    `${"operators".padEnd(10)}${Object.entries(s.operators)
      .map(([op, n]) => `${op} ${n}`)
      .join(", ")}`,
    s.certificate ? `certificate of ingot ${s.certificate.versions.ingot}\n${formatChecks(s.certificate)}` : "no certificate",
  ].join("\n");
}
