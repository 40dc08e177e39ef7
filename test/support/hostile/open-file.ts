// What the library does with a file of a stranger, all of it: read, verify, print, write again, optimise, run.
import { writeFile } from "node:fs/promises";
import { declaredRecipes, makeInputs } from "../../../src/compile/load.ts";
import { IngotError } from "../../../src/errors/error.ts";
import type { Graph } from "../../../src/ir/graph.ts";
import { printGraph } from "../../../src/ir/print.ts";
import { cloneGraph } from "../../../src/ir/traverse.ts";
import { verifyGraph } from "../../../src/ir/verify.ts";
import { encodeToBytes } from "../../../src/onnx/encode.ts";
import { exportModel } from "../../../src/onnx/export.ts";
import { graphFromBytes } from "../../../src/onnx/read-file.ts";
import { registry } from "../../../src/ops/registry.ts";
import { runGraph } from "../../../src/ops/run-graph.ts";
import { runPasses } from "../../../src/passes/manager.ts";
import { portablePasses } from "../../../src/passes/pipelines.ts";
import { limitTensorMemory } from "../../../src/tensor/memory.ts";
import { elementCount } from "../../../src/tensor/shape.ts";
import { readCheckpoint } from "../../../src/weights/checkpoint.ts";
import { parseNpy } from "../../../src/weights/npy.ts";
import { readNpz } from "../../../src/weights/npz.ts";
import { readSafetensors } from "../../../src/weights/safetensors.ts";
import { readStateDict } from "../../../src/weights/state-dict-file.ts";
import type { DamagedFile } from "./fuzzer.ts";
import type { Format } from "./seeds.ts";

/** What became of a file: read to the end, or refused by name at one of the stages. */
export type Outcome = "read" | `refused while ${string}`;

/** Something that is neither: a bug. */
export class Finding extends Error {}

/** No tensor of a damaged file may be larger here, in bytes: the seeds are small. */
const largestTensor = 2 ** 26;
const maxSteps = 20_000;
/** In elements. */
const largestInput = 10_000;

/** Opens one file. `path` is a place to write it to. Throws `Finding`. */
export async function openFile({ format, bytes }: DamagedFile, path: string): Promise<Outcome> {
  limitTensorMemory(largestTensor);
  let stage = "reading";
  try {
    await readers[format](bytes, path, (next) => {
      stage = next;
    });
    return "read";
  } catch (error) {
    if (error instanceof IngotError && error.message !== "") return `refused while ${stage}`;
    throw new Finding(`${stage}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  } finally {
    limitTensorMemory(undefined);
  }
}

type Reader = (bytes: Uint8Array, path: string, enter: (stage: string) => void) => Promise<void>;

const fromFile =
  (...read: readonly ((path: string) => Promise<unknown>)[]): Reader =>
  async (bytes, path) => {
    await writeFile(path, bytes);
    const errors: unknown[] = [];
    for (const one of read) await one(path).catch((error: unknown) => errors.push(error));
    const worst = errors.find((e) => !(e instanceof IngotError)) ?? errors[0];
    if (worst !== undefined) throw worst;
  };

const readers: Readonly<Record<Format, Reader>> = {
  onnx: async (bytes, _, enter) => openModel(graphFromBytes(bytes, registry, "damaged.onnx"), enter),
  safetensors: fromFile(readSafetensors, (path) => readSafetensors(path, { map: true }), readStateDict),
  checkpoint: fromFile(readCheckpoint, readStateDict),
  "legacy checkpoint": fromFile(readCheckpoint, readStateDict),
  npz: fromFile(readNpz, readStateDict),
  npy: async (bytes) => void parseNpy(Uint8Array.from(bytes)),
};

function openModel(graph: Graph, enter: (stage: string) => void): void {
  enter("verifying");
  verifyGraph(graph);
  enter("printing");
  printGraph(graph);
  enter("writing");
  encodeToBytes("ModelProto", exportModel(graph).model);
  enter("optimising");
  const { graph: optimised } = cloneGraph(graph);
  runPasses(optimised, portablePasses, { validate: true });
  verifyGraph(optimised);
  enter("running");
  if ([...graph.inputs, ...graph.outputs].some((v) => v.type.kind !== "tensor")) return;
  const recipes = declaredRecipes(graph, 1);
  // A model may take any input, and work on a large one as long as it needs.
  if (recipes.some((r) => "shape" in r && elementCount(r.shape) > largestInput)) return;
  const inputs = makeInputs(graph, recipes);
  runGraph(graph, inputs, { reuseMemory: true, maxSteps });
  enter("running the optimised graph");
  runGraph(optimised, inputs, { reuseMemory: true, maxSteps });
}
