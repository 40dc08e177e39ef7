// The guarantee: bit-for-bit recordings on the whole zoo, the same top-5 on real structure, and wrong folds that are caught.

import { compare, compareBitwise } from "../../src/equivalence/compare.ts";
import { outputLimits } from "../../src/equivalence/graph-limits.ts";
import { image, nn, randn, Tensor, topk, trace } from "../../src/index.ts";
import type { Graph, Node } from "../../src/ir/graph.ts";
import { cloneGraph } from "../../src/ir/traverse.ts";
import { byName, modelNames, resnet18 } from "../../src/models/index.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { runPasses } from "../../src/passes/manager.ts";
import { portablePasses } from "../../src/passes/pipelines.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { traceGraph } from "../../src/trace/trace-graph.ts";
import type { Measured } from "../figure.ts";

export async function* guarantee(progress: (what: string) => void): AsyncIterable<Measured> {
  yield await bitwiseZoo(progress);
  yield* topFive(progress);
}

/** The unoptimised graph on the interpreter against eager, on an input that was not recorded. */
async function bitwiseZoo(progress: (what: string) => void): Promise<Measured> {
  const differing: string[] = [];
  const x = randn([1, 3, 224, 224], { seed: 1 });
  const other = randn([1, 3, 224, 224], { seed: 2 });
  for (const name of modelNames) {
    progress(`bit for bit: ${name}`);
    const model = byName(name)({ seed: 0 }).eval();
    const { graph } = traceGraph(model, x);
    const [actual] = runGraph(graph, [other.storage], { reuseMemory: true });
    if (compareBitwise(model.forward(other).storage, asStorage(actual)) !== undefined) differing.push(name);
  }
  const spread = differing.length > 0 ? `differing: ${differing.join(", ")}` : modelNames.join(", ");
  return {
    name: "zoo models whose unoptimised graph on the interpreter differs from eager",
    value: differing.length,
    unit: `of ${modelNames.length}`,
    bar: "= 0",
    spread,
  };
}

const picture = (seed: number) => Tensor.fromStorage(image.preprocessRgb(image.renderImage(seed)));

async function* topFive(progress: (what: string) => void): AsyncIterable<Measured> {
  progress("calibrating ResNet-18");
  const model = resnet18({ seed: 0 });
  nn.calibrate(
    model,
    Array.from({ length: 16 }, (_, i) => picture(1000 + i)),
  );
  model.eval();
  const traced = await trace(model, picture(0));
  let agree = 0;
  const lists = new Set<string>();
  const images = Array.from({ length: 50 }, (_, i) => picture(i));
  for (const [i, x] of images.entries()) {
    if (i % 10 === 0) progress(`top-5, image ${i} of 50`);
    const expected = topk(model.forward(x), 5).indices.toArray() as number[][];
    const actual = topk(await traced.run(x), 5).indices.toArray() as number[][];
    lists.add(String(expected));
    if (String(expected) === String(actual)) agree++;
  }
  await traced.close();
  yield {
    name: "structured images with the same top-5, eager and compiled, calibrated ResNet-18",
    value: agree,
    unit: "of 50",
    bar: "= 50",
    spread: "",
  };
  yield { name: "different top-5 lists among them", value: lists.size, unit: "lists", bar: "≥ 25", spread: "" };
  const source = traceGraph(model, picture(0)).graph;
  for (const [what, spoil] of [
    ["BatchNorm's ε left out", withoutEpsilon],
    ["one channel's β negated", withNegatedBeta],
  ] as const) {
    progress(what);
    const caught = images.slice(0, 8).some((x) => !agrees(source, foldedWrongly(source, spoil), x));
    yield { name: `wrong fold caught: ${what}`, value: caught ? 1 : 0, unit: "(1 = caught)", bar: "= 1", spread: "" };
  }
}

/** As the compiler checks: the wrong graph beside the right one. */
function agrees(right: Graph, wrong: Graph, x: Tensor): boolean {
  const e = asStorage(runGraph(right, [x.storage], { reuseMemory: true })[0]);
  const a = asStorage(runGraph(wrong, [x.storage], { reuseMemory: true })[0]);
  return compare([e], [a], { rtol: outputLimits(right)[0] as number }).ok;
}

/** Spoils one BatchNormalization and lets the passes fold it, so that the fold carries the mistake. */
function foldedWrongly(source: Graph, spoil: (node: Node) => void): Graph {
  const { graph } = cloneGraph(source);
  const norms = [...graph.nodes()].filter((n) => n.op === "BatchNormalization");
  spoil(norms[Math.floor(norms.length / 2)] as Node);
  runPasses(graph, portablePasses);
  return graph;
}

function withoutEpsilon(node: Node): void {
  node.attributes = { ...node.attributes, epsilon: 0 };
}

function withNegatedBeta(node: Node): void {
  const beta = node.inputs[2]?.storage as Storage;
  const values = Float32Array.from(beta.numbers());
  const channel = values.findIndex((v) => v !== 0);
  const at = channel < 0 ? 0 : channel;
  values[at] = channel < 0 ? 1 : -(values[at] as number);
  node.setInput(2, node.graph.addInitializer(Storage.of("float32", values, beta.shape)));
}
