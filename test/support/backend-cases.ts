// Reads ONNX's own backend test archives from the folder that INGOT_TEST_DATA names; says so loudly where it is not set.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
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
  readonly model: Buffer;
  readonly files: ReadonlyMap<string, Buffer>;
}

/** The folder of test data, or undefined after a line on stderr that says what to set. */
export function testDataFolder(): string | undefined {
  const folder = process.env.INGOT_TEST_DATA;
  if (!folder) console.error("    skipped: set INGOT_TEST_DATA to the folder that holds onnx-backend/ to run this suite");
  return folder || undefined;
}

/** The cases of one archive, in the archive's order. */
export function readBackendCases(folder: string, kind: BackendKind): BackendCase[] {
  const cases = new Map<string, { model?: Buffer; files: Map<string, Buffer> }>();
  for (const [path, bytes] of readTar(gunzipSync(readFileSync(join(folder, "onnx-backend", `${kind}.tar.gz`))))) {
    const [, name, ...rest] = path.replace(/^\.\//, "").split("/");
    if (!name || rest.length === 0) continue;
    const entry = cases.get(name) ?? { files: new Map<string, Buffer>() };
    cases.set(name, entry);
    if (rest.join("/") === "model.onnx") entry.model = bytes;
    else entry.files.set(rest.join("/"), bytes);
  }
  return [...cases].flatMap(([name, { model, files }]) => (model ? [{ name, model, files }] : []));
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
  return given.map((file) => tensorToStorage(decodeMessage("TensorProto", file as Buffer, name), { file: name }));
}

/** The regular files of a tar archive: 512-byte headers with the name (and a prefix), the size in octal, and the type. */
export function* readTar(tar: Buffer): IterableIterator<[path: string, bytes: Buffer]> {
  const text = (from: number, length: number) => tar.toString("utf8", from, from + length).replace(/\0.*$/s, "");
  let longName: string | undefined;
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim(), 8) || 0;
    const type = text(at + 156, 1);
    const prefix = text(at + 345, 155);
    const body = tar.subarray(at + 512, at + 512 + size);
    if (type === "L") longName = body.toString("utf8").replace(/\0.*$/s, "");
    else if (type === "x") longName = /\d+ path=([^\n]*)\n/.exec(body.toString("utf8"))?.[1];
    else {
      const name = longName ?? (prefix ? `${prefix}/${text(at, 100)}` : text(at, 100));
      longName = undefined;
      if (type === "0" || type === "") yield [name, body];
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
