// ingot optimize: any ONNX file through the passes, checked against itself.
import { type Command, Option } from "commander";
import { load } from "../compile/load.ts";
import { explainOn, lastStepOf, printAfter, stopAfter } from "../compile/observe-passes.ts";
import { alignColumns } from "../compile/report.ts";
import { saveOnnx } from "../compile/save.ts";
import type { Graph } from "../ir/graph.ts";
import { readGraph } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import type { Pass, Target } from "../passes/pass.ts";
import { portablePasses } from "../passes/pipelines.ts";
import type { Explanation } from "../passes/rewriter.ts";
import { action, collect, makeCommand, type Session } from "./command.ts";
import { type CompileFlags, compileOptions, type SaveFlags, saveOptions, withCompileOptions } from "./compile-options.ts";
import { readCheckInputs } from "./input-option.ts";
import { formatSaved } from "./saved.ts";

interface Flags extends CompileFlags, SaveFlags {
  readonly output?: string;
  readonly target: Target;
  readonly stopAt?: string;
  readonly printAfter?: string;
  readonly explain?: readonly string[];
}

export function optimizeCommand(session: Session): Command {
  const command = makeCommand(
    session,
    "optimize",
    "Optimise an ONNX file, check that it computes the same, and write it.",
    "ingot optimize in.onnx -o out.onnx",
    "ingot optimize in.onnx -o out.onnx --target onnxruntime",
    "ingot optimize in.onnx -o out.onnx --disable fold-conv-batchnorm --check-input x=cat.jpg",
    "ingot optimize in.onnx --explain fold-conv-batchnorm",
  )
    .argument("<file>", "an ONNX file")
    .option("-o, --output <file>", "where to write the model")
    .addOption(
      new Option("--target <target>", "whom it is for: standard operators only, or with those that ONNX Runtime adds")
        .choices(["portable", "onnxruntime"])
        .default("portable"),
    )
    .option("--stop-at <step>", "stop after so many rewrites, or after the last one of a pass or rule")
    .option("--print-after <pass>", "print the graph each time that a pass has run")
    .option("--explain <rule>", "for every node that a rule could rewrite: whether it does, and if not, why; may be repeated", collect);
  return withCompileOptions(command).action(
    action<[string], Flags>(session, async ({ options, progress, print, usage }, file) => {
      const { output, explain = [], checkInput = [] } = options;
      if (output === undefined && explain.length === 0 && options.printAfter === undefined)
        usage("say where to write the model (-o FILE), or what to print (--explain RULE, --print-after PASS)");
      if (options.target === "onnxruntime" && options.engine === "interpreter")
        usage("--target onnxruntime is checked on ONNX Runtime, so --engine interpreter does not go with it");
      if (options.target === "onnxruntime" && options.stopAt !== undefined)
        usage("--stop-at counts the rewrites of the portable passes, so --target onnxruntime does not go with it");
      progress.show(`reading ${file}`);
      // The file is read once more where its graph is needed before it is compiled.
      const peek = explain.length > 0 || options.stopAt !== undefined || checkInput.length > 0;
      const graph = peek ? await readGraph(file, registry) : undefined;
      const explanations = graph ? explain.map((rule) => ({ rule, nodes: explainOn(graph, rule) })) : [];
      if (output === undefined && options.printAfter === undefined) {
        print({ explanations: explanations.map(explanationData) }, () => explanations.map(formatExplanations).join("\n\n"));
        return 0;
      }
      const graphs: string[] = [];
      const passes = observed(graph, options, (g) => {
        const text = String(g).trimEnd();
        // Most rounds change nothing any more.
        if (text !== graphs.at(-1)) graphs.push(text);
      });
      const compile = compileOptions(options, progress);
      const ports = graph?.inputs.map((v) => ({ name: v.name as string, dtype: v.tensorType.dtype })) ?? [];
      const inputs = await readCheckInputs(checkInput, ports);
      const module = await load(file, {
        ...compile,
        passes,
        ...(options.target === "onnxruntime" && { engine: options.target }),
        check: { ...compile.check, inputs },
      });
      try {
        if (output !== undefined) progress.show(`writing ${output}`);
        const saved =
          output === undefined
            ? undefined
            : options.target === "portable"
              ? await module.save(output, saveOptions(options))
              : await saveOnnx(lowered(module.graph, module.loweredGraph), output, saveOptions(options));
        const data = { ...saved, target: options.target, report: module.report, explanations: explanations.map(explanationData), graphs };
        const told = [...explanations.map(formatExplanations), ...graphs, String(module.report)];
        print(data, () => [...told, ...(saved ? [formatSaved(saved)] : [])].join("\n\n"));
      } finally {
        await module.close();
      }
      return 0;
    }),
  );
}

function observed(graph: Graph | undefined, { stopAt, printAfter: name }: Flags, print: (graph: Graph) => void): readonly Pass[] {
  const passes = name === undefined ? portablePasses : printAfter(portablePasses, name, print);
  if (stopAt === undefined || !graph) return passes;
  return stopAfter(passes, /^\d+$/.test(stopAt) ? Number(stopAt) : lastStepOf(graph, stopAt));
}

/** What the engine ran, with the certificate that says that it was checked. */
function lowered(portable: Graph, graph: Graph): Graph {
  for (const [key, value] of portable.metadata) graph.metadata.set(key, value);
  return graph;
}

interface Explained {
  readonly rule: string;
  readonly nodes: readonly Explanation[] | undefined;
}

function explanationData({ rule, nodes }: Explained): object {
  return { rule, nodes: nodes?.map(({ node, fires, reason, where }) => ({ node: nodeName(node), fires, reason, where })) };
}

function formatExplanations({ rule, nodes }: Explained): string {
  if (!nodes) return `${rule} is a whole pass, not a rule: it gives no reasons node by node`;
  if (nodes.length === 0) return `${rule}: no node of this graph can be its root`;
  const rows = nodes.map(({ node, fires, reason, where }) => [fires ? "fires" : "no", nodeName(node), reason, where]);
  return [
    `${rule}: fires at ${nodes.filter((n) => n.fires).length} of ${nodes.length} nodes`,
    ...alignColumns(rows).map((l) => `  ${l}`),
  ].join("\n");
}

function nodeName({ op, outputs }: Explanation["node"]): string {
  return `${op} ${outputs[0]?.name ?? ""}`.trim();
}
