// One case: reads its model, runs all its data sets on an engine, and compares. Whatever is wrong becomes the outcome, never an exception.
import type { Executable } from "../engines/engine.ts";
import { type EngineName, findEngine } from "../engines/engines.ts";
import type { Graph } from "../ir/graph.ts";
import type { ValueType } from "../ir/type.ts";
import { graphsOf } from "../onnx/attributes.ts";
import { decodeModel } from "../onnx/decode.ts";
import { readExternalData } from "../onnx/external-data.ts";
import { importModel } from "../onnx/import.ts";
import type { GraphProto, ModelProto, NodeProto } from "../onnx/schema.ts";
import { valueFromBytes } from "../onnx/value-proto.ts";
import { registry } from "../ops/registry.ts";
import type { RuntimeValue } from "../ops/runtime-value.ts";
import { elementCount } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { rejection } from "./accept.ts";
import type { CaseFiles, DataSet } from "./cases.ts";
import { failsAlone } from "./onnxruntime-alone.ts";
import { firstLine, type Outcome } from "./outcome.ts";
import { drawsRandomNumbers } from "./random-outputs.ts";
import { skipReason } from "./skips.ts";

/** A data set as values: what goes in, and what has to come out. */
export interface CaseRun {
  readonly name: string;
  readonly inputs: readonly RuntimeValue[];
  readonly expected: readonly RuntimeValue[];
  readonly inputTypes: readonly ValueType[];
  readonly outputTypes: readonly ValueType[];
  readonly outputNames: readonly string[];
  /** Outputs depend on a random generator: only their kinds are compared. */
  readonly random: boolean;
}

/** Runs a case. Where ONNX Runtime fails with the case's own file too, that is its limit and not ours: the case is skipped, and says so. */
export async function runCase(files: CaseFiles, engine: EngineName): Promise<Outcome> {
  let runs: readonly CaseRun[] = [];
  try {
    if (!files.model) return failed("it has no model.onnx");
    const model = decodeModel(files.model, "model.onnx");
    const reason = skipReason(files.name, operatorsOf(model));
    if (reason !== undefined) return { status: "skipped", reason };
    if (files.dataSets.length === 0) return failed("it has no test_data_set_0: there is nothing to compare with");
    const external = files.modelPath === undefined ? undefined : await readExternalData(model, files.modelPath);
    const graph = importModel(model, { schemas: registry, file: "model.onnx", ...(external && { external }) });
    runs = files.dataSets.map((set) => readRun(graph, set, files.inputsByRule));
    const problem = await firstProblem(await findEngine(engine).prepare(graph), runs);
    return problem === undefined ? { status: "passed" } : await judged(files, engine, runs, problem);
  } catch (error) {
    return judged(files, engine, runs, firstLine(error));
  }
}

const failed = (reason: string): Outcome => ({ status: "failed", reason });

async function judged(files: CaseFiles, engine: EngineName, runs: readonly CaseRun[], reason: string): Promise<Outcome> {
  if (engine !== "onnxruntime" || runs.length === 0 || !files.model) return failed(reason);
  return (await failsAlone(files.modelPath ?? files.model, runs)) ?? failed(reason);
}

async function firstProblem(executable: Executable, runs: readonly CaseRun[]): Promise<string | undefined> {
  try {
    for (const run of runs) {
      const problem = problemOf(run, await executable.run(run.inputs));
      if (problem !== undefined) return problem;
    }
    return undefined;
  } finally {
    await executable.close();
  }
}

/** Why the outputs of a run are not accepted. */
export function problemOf({ name, expected, outputNames, random }: CaseRun, outputs: readonly RuntimeValue[]): string | undefined {
  const of = name && `, ${name}`;
  if (outputs.length !== expected.length) return `it gives ${outputs.length} outputs, expected ${expected.length}${of}`;
  for (const [i, value] of expected.entries()) {
    const problem = rejection(outputs[i], value, random);
    if (problem !== undefined) return `output \`${outputNames[i]}\`${of}: ${problem}`;
  }
  return undefined;
}

function readRun(graph: Graph, set: DataSet, inputsByRule: boolean): CaseRun {
  const { name, files } = set;
  const inputs = caseInputs(graph, set, inputsByRule);
  const surplus = [...files.keys()].filter((file) => /^output_\d+\.pb$/.test(file)).length - graph.outputs.length;
  if (surplus > 0) throw new Error(`the model gives ${graph.outputs.length} outputs, ${name} has ${surplus} more`);
  const expected = graph.outputs.map(({ type }, i) => valueFromBytes(bytesOf(set, `output_${i}.pb`), type, `output_${i}.pb`));
  return {
    name,
    inputs,
    expected,
    inputTypes: graph.inputs.map((v) => v.type),
    outputTypes: graph.outputs.map((v) => v.type),
    outputNames: graph.outputNames,
    random: drawsRandomNumbers(graph, inputs),
  };
}

/** The inputs of a data set, one per graph input. Throws for files that are missing or damaged. */
export function caseInputs(graph: Graph, set: DataSet, inputsByRule: boolean): RuntimeValue[] {
  return graph.inputs.map(({ type }, i): RuntimeValue => {
    const file = `input_${i}.pb`;
    return inputsByRule && !set.files.has(file) ? inputByRule(graph, i) : valueFromBytes(bytesOf(set, file), type, file);
  });
}

function bytesOf({ name, files }: DataSet, file: string): Uint8Array {
  const bytes = files.get(file);
  if (!bytes) throw new Error(`${name ? `${name}/` : ""}${file} is missing`);
  return bytes;
}

/** The input that ONNX's runner makes for models that come without one: `float32(arange(n) / n)` in the input's shape. */
function inputByRule(graph: Graph, index: number): Storage {
  const { name, type } = graph.inputs[index] as Graph["inputs"][number];
  const shape = type.kind === "tensor" && type.dtype === "float32" ? type.shape : undefined;
  if (!shape?.every((d) => typeof d === "number"))
    throw new Error(`input_${index}.pb is missing, and \`${name}\` has no fixed float32 shape`);
  const count = elementCount(shape);
  return Storage.of(
    "float32",
    Float32Array.from({ length: count }, (_, i) => i / count),
    shape,
  );
}

/** The full names of the operators that a model uses, those of its sub-graphs and functions included. */
export function operatorsOf(model: ModelProto): Set<string> {
  const found = new Set<string>();
  const visitGraph = (graph: GraphProto) => visitNodes(graph.node ?? []);
  const visitNodes = (nodes: readonly NodeProto[]) => {
    for (const { domain, opType, attribute } of nodes) {
      found.add(domain && domain !== "ai.onnx" ? `${domain}.${opType}` : `${opType}`);
      for (const a of attribute ?? []) graphsOf(a).forEach(visitGraph);
    }
  };
  if (model.graph) visitGraph(model.graph);
  for (const f of model.functions ?? []) visitNodes(f.node ?? []);
  return found;
}
