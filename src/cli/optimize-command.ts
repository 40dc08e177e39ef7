// ingot optimize: any ONNX file through the passes, checked against itself.
import type { Command } from "commander";
import { explainInTurn } from "../compile/explain-in-turn.ts";
import { load } from "../compile/load.ts";
import { alignColumns } from "../compile/report.ts";
import { readGraph } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import { checkPassNames, namesOf } from "../passes/names.ts";
import type { Explanation } from "../passes/rewriter.ts";
import { action, collect, makeCommand, type Session } from "./command.ts";
import { type CompileFlags, compileOptions, type SaveFlags, saveOptions, withCompileOptions } from "./compile-options.ts";
import { readCheckInputs } from "./input-option.ts";
import { formatSaved } from "./saved.ts";

interface Flags extends CompileFlags, SaveFlags {
  readonly output?: string;
  readonly target: string;
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
    .option(
      "--target <target>",
      "portable: standard operators only; onnxruntime: with its own; onnxruntime@1.17: for that release",
      "portable",
    )
    .option("--stop-at <step>", "stop after so many rewrites, or once a pass or rule has run")
    .option("--print-after <pass>", "print the graph each time that a pass has changed it")
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
      const peek = explain.length > 0 || checkInput.length > 0;
      const graph = peek ? await readGraph(file, registry) : undefined;
      const explanations = graph ? explain.map((rule) => ({ rule, nodes: explainInTurn(graph, rule) })) : [];
      if (output === undefined && options.printAfter === undefined) {
        print({ explanations }, () => explanations.map(formatExplanations).join("\n\n"));
        return 0;
      }
      const { printAfter } = options;
      checkPassNames(printAfter === undefined ? [] : [printAfter], []);
      const graphs: string[] = [];
      const compile = compileOptions(options, progress);
      // Without --check-input the inputs may be of any type: load makes them itself.
      const ports = checkInput.length > 0 ? graph?.inputs.map((v) => ({ name: v.name as string, dtype: v.tensorType.dtype })) : undefined;
      const inputs = await readCheckInputs(checkInput, ports ?? []);
      const module = await load(file, {
        ...compile,
        ...(options.target === "onnxruntime" && { engine: options.target }),
        ...(options.stopAt !== undefined && { stopAt: /^\d+$/.test(options.stopAt) ? Number(options.stopAt) : options.stopAt }),
        onPass: (pass, g) => {
          if (printAfter !== undefined && namesOf(pass).includes(printAfter)) graphs.push(String(g).trimEnd());
        },
        check: { ...compile.check, inputs },
      });
      try {
        if (output !== undefined) progress.show(`writing ${output}`);
        const saved = output === undefined ? undefined : await module.save(output, { ...saveOptions(options), target: options.target });
        const data = { target: options.target, ...saved, report: module.report, explanations, graphs };
        const told = [...explanations.map(formatExplanations), ...graphs, String(module.report)];
        print(data, () => [...told, ...(saved ? [formatSaved(saved)] : [])].join("\n\n"));
      } finally {
        await module.close();
      }
      return 0;
    }),
  );
}

interface Explained {
  readonly rule: string;
  readonly nodes: readonly Explanation[];
}

function formatExplanations({ rule, nodes }: Explained): string {
  if (nodes.length === 0) return `${rule}: no node of this graph can be its root`;
  const rows = nodes.map(({ op, fires, reason, where }) => [fires ? "fires" : "no", op, reason, where]);
  return [
    `${rule}: fires at ${nodes.filter((n) => n.fires).length} of ${nodes.length} nodes`,
    ...alignColumns(rows).map((l) => `  ${l}`),
  ].join("\n");
}
