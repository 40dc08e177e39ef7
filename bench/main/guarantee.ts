// The guarantee: bit-for-bit recordings on the whole zoo, the same top-5 on real structure, and wrong folds that are caught.

import { compareBitwise } from "../../src/equivalence/compare.ts";
import { EquivalenceError, image, nn, type Pass, portablePasses, randn, Tensor, topk, trace } from "../../src/index.ts";
import { byName, modelNames, resnet18 } from "../../src/models/index.ts";
import type { Module } from "../../src/nn/module.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { traceGraph } from "../../src/trace/trace-graph.ts";
import type { Measured } from "../figure.ts";
import { withNegatedBeta, withoutEpsilon } from "./wrong-folds.ts";

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
  for (const [what, wrong] of [
    ["BatchNorm's ε left out", withoutEpsilon],
    ["one channel's β negated", withNegatedBeta],
  ] as const) {
    progress(what);
    const by = await caughtBy(model, wrong);
    yield { name: `wrong fold caught: ${what}`, value: by === undefined ? 0 : 1, unit: "(1 = caught)", bar: "= 1", spread: by ?? "" };
  }
}

/** The error with which trace() refuses a model whose passes have a wrong rule; undefined when it gives a module all the same. */
async function caughtBy(model: Module, wrong: Pass): Promise<string | undefined> {
  try {
    await (await trace(model, picture(0), { passes: [wrong, ...portablePasses] })).close();
    return undefined;
  } catch (error) {
    if (!(error instanceof EquivalenceError)) throw error;
    return `${error.code}: ${error.summary}`;
  }
}
