// Compiling a served model: load() with its checks, once; every worker after that opens the graph that came of it.
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { load } from "../../compile/load.ts";
import { saveOnnx } from "../../compile/save.ts";
import type { Executable } from "../../engines/engine.ts";
import { findEngine } from "../../engines/engines.ts";
import { IngotError } from "../../errors/error.ts";
import { type Dim, dimEquals } from "../../ir/dim.ts";
import type { Graph } from "../../ir/graph.ts";
import { formatType, type ValueType } from "../../ir/type.ts";
import { readGraph } from "../../onnx/read-file.ts";
import { registry } from "../../ops/registry.ts";
import { compiledGraph, type ModelIo, type TensorSpec, type WorkerModel } from "../wire/messages.ts";

export interface Compiled {
  readonly graph: Graph;
  readonly executable: Executable;
  readonly io: ModelIo;
}

/** Opens the compiled graph on its engine; compiles it first where it is missing. Throws what `load` throws. */
export async function openCompiled(model: WorkerModel, warn: (message: string) => void): Promise<Compiled> {
  const path = join(model.compiled, compiledGraph);
  if (!(await exists(path))) await compile(model, path, warn);
  const graph = await readGraph(path, registry);
  const engine = findEngine(model.engine);
  const executable = await engine.prepare(graph, { disable: "all", threads: model.threads });
  return { graph, executable, io: describeIo(graph, engine.name) };
}

async function compile(model: WorkerModel, path: string, warn: (message: string) => void): Promise<void> {
  await mkdir(model.compiled, { recursive: true });
  const source = join(model.folder, model.file);
  const engine = model.engine === undefined ? {} : { engine: model.engine };
  try {
    const module = await load(source, { ...engine, threads: model.threads });
    try {
      await module.save(path, { target: module.engine === "onnxruntime" ? "onnxruntime" : "portable" });
    } finally {
      await module.close();
    }
  } catch (error) {
    if (!(error instanceof IngotError) || error.code !== "NoCheckInputs") throw error;
    // What nobody can check is not changed: the file's own graph is served.
    warn(`${model.name} is served as its file has it, not optimised: ${error.summary}`);
    await saveOnnx(await readGraph(source, registry), path);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** What a graph takes and gives, and whether requests to it can be put together. */
function describeIo(graph: Graph, engine: string): ModelIo {
  const inputs = graph.inputs.map((v, i) => specOf(v.name ?? `input_${i}`, v.type));
  const outputs = graph.outputs.map((v, i) => specOf(graph.outputNames[i] ?? `output_${i}`, v.type));
  return { inputs, outputs, batches: hasBatchAxis([...graph.inputs, ...graph.outputs].map((v) => v.type)), engine };
}

function specOf(name: string, type: ValueType): TensorSpec {
  if (type.kind !== "tensor") return { name, dtype: formatType(type), shape: undefined };
  return { name, dtype: type.dtype, shape: type.shape?.map((d) => (typeof d === "number" ? d : String(d))) };
}

/** Whether the first axis of every value is one and the same free size. */
function hasBatchAxis(types: readonly ValueType[]): boolean {
  const first = types.map((t): Dim | undefined => (t.kind === "tensor" ? t.shape?.[0] : undefined));
  const [batch] = first;
  return batch !== undefined && typeof batch !== "number" && first.every((d) => d !== undefined && dimEquals(d, batch));
}
