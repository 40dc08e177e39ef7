// From a file to a graph: bytes, messages, the tensors in other files, and the import, in one call.
import { open } from "node:fs/promises";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import type { Graph } from "../ir/graph.ts";
import type { OpSchemas } from "../ir/schema.ts";
import { decodeModel } from "./decode.ts";
import { readExternalData } from "./external-data.ts";
import { importModel } from "./import.ts";

/** A protobuf message ends below 2 GiB. */
const largestMessage = 2 ** 31 - 1;

/**
 * Reads the graph of an ONNX file. Loading runs no code of the file. Throws `FileNotFound`, `FileNotReadable`, `NotOnnx` and what
 * `readExternalData` and `importModel` throw.
 *
 * @example
 * const graph = await readGraph("resnet152.onnx", registry);
 */
export async function readGraph(path: string, schemas: OpSchemas): Promise<Graph> {
  return (await readGraphAndHeader(path, schemas)).graph;
}

/** What a file says of itself; the graph is of the newest operators whatever it says. */
export interface FileHeader {
  readonly irVersion: number;
  /** By domain; `ai.onnx` is the default one. */
  readonly opsets: Readonly<Record<string, number>>;
  /** The program that wrote it, with its version; empty where it does not say. */
  readonly producer: string;
  /** Size of the model file in bytes, without data files. */
  readonly bytes: number;
}

/** As `readGraph`, with the file's header. */
export async function readGraphAndHeader(path: string, schemas: OpSchemas): Promise<{ graph: Graph; header: FileHeader }> {
  const bytes = await readBytes(path);
  const model = decodeModel(bytes, path);
  const graph = importModel(model, { schemas, file: path, external: await readExternalData(model, path) });
  const { irVersion = 0, opsetImport = [], producerName = "", producerVersion = "" } = model;
  const opsets = Object.fromEntries(opsetImport.map(({ domain, version }) => [domain || "ai.onnx", Number(version ?? 0)]));
  return {
    graph,
    header: { irVersion: Number(irVersion), opsets, producer: `${producerName} ${producerVersion}`.trim(), bytes: bytes.byteLength },
  };
}

/** The graph of a model given as bytes; it must hold all its tensors. */
export function graphFromBytes(bytes: Uint8Array, schemas: OpSchemas, file = "the model"): Graph {
  return importModel(decodeModel(bytes, file), { schemas, file });
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size > largestMessage)
        throw ingotError("NotOnnx", { file: path, problem: `it has ${size} bytes, and no ONNX model reaches 2 GiB` });
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}
