// Every model of the zoo, recorded and read from source: one and the same optimised graph.
import { exampleFor } from "../../src/compile/example.ts";
import { optimize } from "../../src/index.ts";
import type { Graph } from "../../src/ir/graph.ts";
import * as models from "../../src/models/index.ts";
import { type Module, withoutInit } from "../../src/nn/index.ts";
import { scriptGraph } from "../../src/script/script-graph.ts";
import { resolveDynamic } from "../../src/trace/dynamic.ts";
import type { ModelObject } from "../../src/trace/model.ts";
import { readModelCode } from "../../src/trace/model-code.ts";
import { argumentList, flattenArguments } from "../../src/trace/structure.ts";
import { traceGraph } from "../../src/trace/trace-graph.ts";
import { graphDifference } from "../../test/support/graph-difference.ts";
import type { Measured } from "../figure.ts";

type Factory = () => Module & ModelObject;

/** Models with more numbers than this in their weights are not made: the machine would not hold them twice. */
const mostParameters = 400e6;

export async function* zoo(progress: (what: string) => void): AsyncIterable<Measured> {
  const different: string[] = [];
  const skipped: string[] = [];
  let compared = 0;
  for (const [name, make] of factories()) {
    const model = withoutInit(make).eval() as Module & ModelObject;
    const parameters = [...model.parameters()].reduce((n, p) => n + p.numel(), 0);
    if (parameters > mostParameters) {
      skipped.push(name);
      continue;
    }
    progress(name);
    const [recorded, read] = bothGraphs(model);
    const problem = graphDifference(optimised(recorded), optimised(read));
    if (problem !== undefined) {
      different.push(name);
      progress(`${name}: ${problem}`);
    }
    compared++;
  }
  const spread = `${compared} models; too large here: ${skipped.join(", ") || "none"}`;
  yield {
    name: "models of the zoo whose graph read from source differs from the recorded one",
    value: different.length,
    unit: "",
    bar: "= 0",
    spread,
  };
}

/** By torchvision's names, and the factories of models for language, speech and segmentation. */
function* factories(): Iterable<readonly [string, Factory]> {
  const named = models.modelNames.map((name) => [name, models.byName(name)] as const);
  const known = new Set<unknown>(named.map(([, make]) => make));
  yield* named as readonly (readonly [string, Factory])[];
  for (const [name, make] of Object.entries(models))
    if (/^[a-z]/.test(name) && typeof make === "function" && make !== models.byName && !known.has(make)) yield [name, make as Factory];
}

function bothGraphs(model: Module & ModelObject): readonly [Graph, Graph] {
  const { example, names, dynamic } = exampleFor(model, undefined, {});
  const code = readModelCode(model);
  const recorded = traceGraph(model, example, { ...(names && { names }), ...(dynamic && { dynamic }) }, code);
  const args = flattenArguments(argumentList(example), names ?? code.parameters);
  return [recorded.graph, scriptGraph(model, args, resolveDynamic(dynamic, args), code).graph];
}

/** Folds of weights are compared by their results, bit for bit. */
const optimised = (graph: Graph): Graph => optimize(graph, { target: "onnxruntime" }).graph;
