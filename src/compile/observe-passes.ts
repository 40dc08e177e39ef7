// Looking into the optimiser without changing it: stop after a step, print the graph after a pass, ask a rule why it does not fire.
import { ingotError } from "../errors/error.ts";
import type { Graph, Node } from "../ir/graph.ts";
import { cloneGraph } from "../ir/traverse.ts";
import { runPasses } from "../passes/manager.ts";
import type { Pass } from "../passes/pass.ts";
import { onnxruntimePasses, portablePasses } from "../passes/pipelines.ts";
import { type Explanation, explainRule, type Rule } from "../passes/rewriter.ts";

/** The passes, together doing no more than `steps` rewrites. */
export function stopAfter(passes: readonly Pass[], steps: number): readonly Pass[] {
  // Counted by graph: a failed check runs the same list again on others, to find the step that broke it.
  const done = new WeakMap<Graph, number>();
  return passes.map((pass) => ({
    ...pass,
    run: (graph, context) =>
      pass.run(graph, {
        ...context,
        step: (rule, node) => {
          const count = done.get(graph) ?? 0;
          if (count >= steps) return false;
          done.set(graph, count + 1);
          return context.step(rule, node);
        },
      }),
  }));
}

/** The number of the last rewrite that a pass or rule does on this graph. Throws `UnknownPass` when it does none. */
export function lastStepOf(graph: Graph, name: string): number {
  const { journal } = runPasses(cloneGraph(graph).graph, portablePasses);
  const last = journal.findLast((step) => step.rule === name || step.pass === name);
  if (last) return last.number;
  findPass(name);
  throw ingotError("PassDidNothing", { name, graph: graph.name, fired: [...new Set(journal.map((s) => s.rule))].join(", ") || "none" });
}

/** The passes, of which the named one tells `print` the graph whenever it has run. Throws `UnknownPass`. */
export function printAfter(passes: readonly Pass[], name: string, print: (graph: Graph) => void): readonly Pass[] {
  findPass(name);
  return passes.map((pass) =>
    pass.name === name
      ? {
          ...pass,
          run: (graph, context) => {
            pass.run(graph, context);
            print(graph);
          },
        }
      : pass,
  );
}

/**
 * Asks a rule about every node that could be its root, whenever its turn comes while the passes run, and gives its last word on each: what
 * it waits for has been done then, and what another rule takes away from it has not. Throws `UnknownPass`; gives undefined for a pass that
 * is no rule, because it has nothing to say.
 */
export function explainOn(graph: Graph, name: string): Explanation[] | undefined {
  const rule = findPass(name);
  if (!isRule(rule)) return undefined;
  const words = new Map<Node, Explanation>();
  const asked = (passes: readonly Pass[]) =>
    passes.map((pass): Pass => {
      if (pass !== rule) return pass;
      const run: Pass["run"] = (g, context) => {
        for (const word of explainRule(g, rule)) words.set(word.node, word);
        rule.run(g, context);
      };
      return { ...rule, run };
    });
  const work = cloneGraph(graph).graph;
  runPasses(work, asked(portablePasses));
  runPasses(work, asked(onnxruntimePasses), { target: "onnxruntime" });
  return [...words.values()];
}

function findPass(name: string): Pass {
  const all = [...new Set([...portablePasses, ...onnxruntimePasses])];
  const pass = all.find((p) => p.name === name);
  if (!pass) throw ingotError("UnknownPass", { name, known: all.map((p) => p.name).join(", ") });
  return pass;
}

function isRule(pass: Pass): pass is Rule {
  return "rootOps" in pass && "patch" in pass;
}
