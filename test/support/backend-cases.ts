// Reads ONNX's own backend test archives from the folder that INGOT_TEST_DATA names; says so loudly where it is not set.
import { join } from "node:path";
import { findCases } from "../../src/conformance/cases.ts";
import { IngotError } from "../../src/errors/error.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { decodeMessage, decodeModel } from "../../src/onnx/decode.ts";
import { importModel } from "../../src/onnx/import.ts";
import { tensorToStorage } from "../../src/onnx/tensor-proto.ts";
import { registry } from "../../src/ops/registry.ts";
import type { Storage } from "../../src/tensor/storage.ts";

export const backendKinds = ["node", "simple", "light", "pytorch-operator", "pytorch-converted"] as const;
export type BackendKind = (typeof backendKinds)[number];

/** One case: its model and the files of its data sets (`test_data_set_0/input_0.pb`), by path inside the case. */
export interface BackendCase {
  readonly name: string;
  readonly model: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The folder of test data, or undefined after a line on stderr that says what to set. */
export function testDataFolder(): string | undefined {
  const folder = process.env.INGOT_TEST_DATA;
  if (!folder) console.error("    skipped: set INGOT_TEST_DATA to the folder that holds onnx-backend/ to run this suite");
  return folder || undefined;
}

/** The cases of one archive, in the order of their names. */
export function readBackendCases(folder: string, kind: BackendKind): BackendCase[] {
  return findCases(join(folder, "onnx-backend", `${kind}.tar.gz`)).flatMap((found) => {
    const { name, model, dataSets } = found.read();
    const files = new Map(dataSets.flatMap((set) => [...set.files].map(([file, bytes]) => [`${set.name}/${file}`, bytes] as const)));
    return model ? [{ name, model, files }] : [];
  });
}

/** The graph of a case; undefined where an operator, type or form is not there yet. */
export function importBackendCase({ name, model }: BackendCase): Graph | undefined {
  try {
    return importModel(decodeModel(model, name), { schemas: registry, file: name });
  } catch (error) {
    if (error instanceof IngotError && ["UnknownOperator", "OnnxUnsupported", "OnnxOpset"].includes(error.code)) return undefined;
    throw error;
  }
}

/** The inputs of the first data set; undefined where one is no tensor or has no file. */
export function inputsOfBackendCase(graph: Graph, { name, files }: BackendCase): Storage[] | undefined {
  if ([...graph.inputs, ...graph.outputs].some((v) => v.type.kind !== "tensor")) return undefined;
  const given = graph.inputs.map((_, i) => files.get(`test_data_set_0/input_${i}.pb`));
  if (given.some((file) => file === undefined)) return undefined;
  return given.map((file) => tensorToStorage(decodeMessage("TensorProto", file as Uint8Array, name), { file: name }));
}
