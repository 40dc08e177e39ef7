// A wrong rewrite by itself: the nodes it replaces and what it puts in their place, as two small ONNX files, and the tensors they were seen to
// differ on.
import { EquivalenceError, IngotError, type Reproduction } from "../errors/error.ts";
import { DimExpr } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { Patch } from "../ir/patch.ts";
import { cloneGraph } from "../ir/traverse.ts";
import { exportModel } from "../onnx/export.ts";
import { writeModel } from "../onnx/write-file.ts";
import { runGraph } from "../ops/run-graph.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import { type PipelineOptions, runPasses } from "../passes/manager.ts";
import type { Pass } from "../passes/pass.ts";
import { replacedRegion } from "../passes/validation/region.ts";
import { makeTrial, NotComparable, sizeOf, type Trial } from "../passes/validation/trial.ts";
import { Storage } from "../tensor/storage.ts";
import { writeSafetensors } from "../weights/safetensors.ts";

export interface ReproductionRequest {
  /** Where the model goes: `wrong.onnx`; the others are `wrong.replacement.onnx` and `wrong.safetensors`. */
  readonly path: string;
  readonly passes: readonly Pass[];
  readonly options: PipelineOptions;
  /** Inputs of the whole graph. */
  readonly inputs: readonly RuntimeValue[];
  /** The number of the step; without one, the first rewrite that does not hold its claim. */
  readonly step?: number;
}

/** Stops the pipeline in front of a step. */
class Reached extends Error {}

/**
 * Runs the passes over a copy of `source` up to the wrong step, takes the values around it from a run on `inputs`, and writes the files.
 * Undefined when the step is not a patch, or cannot stand alone (sub-graphs, sequences). Throws FileError.
 */
export async function writeReproduction(source: Graph, request: ReproductionRequest): Promise<Reproduction | undefined> {
  const { graph } = cloneGraph(source);
  const patch = patchAt(graph, request);
  if (!patch || patch.outer !== graph) return undefined;
  try {
    return await write(cutOut(graph, patch, request.inputs), request.path);
  } catch (error) {
    if (error instanceof NotComparable) return undefined;
    throw error;
  }
}

function patchAt(graph: Graph, { passes, options: { onPass: _, ...options }, step }: ReproductionRequest): Patch | undefined {
  let last: Patch | undefined;
  try {
    runPasses(graph, passes, {
      ...options,
      validate: step === undefined,
      onRewrite: (patch, { number }) => {
        last = patch;
        if (number === step) throw new Reached();
      },
    });
  } catch (error) {
    if (error instanceof Reached || (error instanceof IngotError && error.code === "RewriteNotEquivalent")) return last;
    throw error;
  }
  return undefined;
}

interface CutOut {
  readonly before: Graph;
  readonly after: Graph;
  readonly tensors: Map<string, Storage>;
}

function cutOut(graph: Graph, patch: Patch, inputs: readonly RuntimeValue[]): CutOut {
  const region = replacedRegion(patch);
  const seen = valuesOf(graph, inputs, region.frontier);
  const given = region.frontier.map((v) => seen.get(v) as Storage);
  const trial = makeTrial(patch, region, sizesOf(region.frontier, given));
  return named(trial, given);
}

function valuesOf(graph: Graph, inputs: readonly RuntimeValue[], wanted: readonly Value[]): Map<Value, Storage> {
  const values = new Map<Value, Storage>();
  const keep = (v: Value, value: unknown) => {
    if (wanted.includes(v) && value instanceof Storage) values.set(v, value);
  };
  graph.inputs.forEach((v, i) => {
    keep(v, inputs[i]);
  });
  runGraph(graph, inputs, { onNode: (node, outputs) => node.outputs.forEach((v, i) => keep(v, outputs[i])) });
  return values;
}

/** The sizes that the symbols had in this run. */
function sizesOf(values: readonly Value[], storages: readonly Storage[]) {
  const sizes = new Map<string, number>();
  values.forEach((v, i) => {
    if (v.type.kind !== "tensor") return;
    v.type.shape?.forEach((d, axis) => {
      if (d instanceof DimExpr) sizes.set(d.key, storages[i]?.shape[axis] as number);
    });
  });
  return (dim: number | DimExpr) => (typeof dim === "number" ? dim : (sizes.get(dim.key) ?? sizeOf(dim, sizes, 1)));
}

/** Both graphs with the same names for the same inputs and outputs, run on what was seen. */
function named(trial: Trial, given: readonly Storage[]): CutOut {
  const { before, after, feeds, replacements, shunts } = trial;
  const results = runGraph(before, given) as Storage[];
  const tensors = new Map<string, Storage>();
  before.inputs.forEach((v, i) => {
    v.name = `input_${i}`;
    tensors.set(v.name, given[i] as Storage);
  });
  const fed = feeds.map((output, i) => {
    const source = before.inputs.indexOf(before.outputs[output] as Value);
    const input = after.inputs[i] as Value;
    input.name = source < 0 ? `tap_${i}` : `input_${source}`;
    tensors.set(input.name, results[output] as Storage);
    return results[output] as Storage;
  });
  const actual = runGraph(after, fed) as Storage[];
  const names = Array.from({ length: shunts }, (_, i) => `output_${i}`);
  names.forEach((name, i) => {
    const { graph, output } = replacements[i] as Trial["replacements"][number];
    tensors.set(`expected.${name}`, results[i] as Storage);
    tensors.set(`actual.${name}`, (graph === "after" ? actual : results)[output] as Storage);
  });
  // A value of the outer graph as the replacement has no nodes of its own: an Identity of the value stands for it.
  const replaced = replacements.map(({ graph, output }, i) => {
    if (graph === "after") return after.outputs[output] as Value;
    const source = before.inputs.indexOf(before.outputs[output] as Value);
    const name = source < 0 ? `kept_${i}` : `input_${source}`;
    tensors.set(name, results[output] as Storage);
    const input = after.inputs.find((v) => v.name === name) ?? after.addInput(name, (before.outputs[output] as Value).type);
    return after.add("Identity", [input]).output;
  });
  before.setOutputs(before.outputs.slice(0, shunts), names);
  after.setOutputs(replaced, names);
  return { before, after, tensors };
}

async function write({ before, after, tensors }: CutOut, path: string): Promise<Reproduction> {
  const stem = path.replace(/\.onnx$/, "");
  const files = { model: `${stem}.onnx`, replacement: `${stem}.replacement.onnx`, tensors: `${stem}.safetensors` };
  await writeModel(files.model, exportModel(before).model);
  await writeModel(files.replacement, exportModel(after).model);
  const dense = [...tensors].filter(([, s]) => s.dtype !== "string");
  await writeSafetensors(files.tensors, new Map(dense));
  return files;
}

/** Adds the files to an error of a failed check. */
export function withReproduction<E>(error: E, reproduction: Reproduction | undefined): E {
  if (error instanceof EquivalenceError && reproduction) error.reproduction = reproduction;
  return error;
}
