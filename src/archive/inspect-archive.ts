// What is in an archive, for a person: what it says of itself, and what its model takes and gives.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ValueType } from "../ir/type.ts";
import type { GraphProto } from "../onnx/schema.ts";
import { typeFromProto } from "../onnx/type-proto.ts";
import type { Archive } from "./archive-file.ts";
import { extractArchive } from "./extract-archive.ts";
import { readOnnxMessages } from "./onnx-file.ts";
import { isOnnxName, type ReadArchiveOptions } from "./open-archive.ts";

/** An input or output of a model. */
export interface ModelPort {
  readonly name: string;
  readonly type: ValueType;
}

export interface ModelPorts {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
}

export interface ArchiveInspection extends Archive {
  /** Absent where the model is no ONNX file. */
  readonly ports?: ModelPorts;
}

/**
 * Opens an archive and looks into its model. It is unpacked into a temporary folder for that, so everything that would be found wrong when it is
 * served is found here; an archive that only TorchServe can serve is described all the same.
 * Throws what `extractArchive` throws, `NotOnnx` and `OnnxInvalid`.
 */
export async function inspectArchive(path: string, options: ReadArchiveOptions = {}): Promise<ArchiveInspection> {
  const folder = await mkdtemp(join(tmpdir(), "ingot-archive-"));
  try {
    const unpacked = join(folder, "archive");
    const archive = { ...(await extractArchive(path, unpacked, { ...options, anyModel: true })), path };
    const { serializedFile } = archive.manifest.model;
    if (!isOnnxName(serializedFile)) return archive;
    const { graph } = await readOnnxMessages(join(unpacked, serializedFile));
    return { ...archive, ports: portsOf(graph ?? {}, serializedFile) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The inputs of a graph that have no value of their own, and its outputs, as the file declares them. */
export function portsOf(graph: GraphProto, file: string): ModelPorts {
  const given = new Set((graph.initializer ?? []).map(({ name }) => name));
  const port = ({ name = "", type }: NonNullable<GraphProto["input"]>[number]): ModelPort => ({
    name,
    type: typeFromProto(type, name, file),
  });
  return {
    inputs: (graph.input ?? []).filter(({ name }) => !given.has(name)).map(port),
    outputs: (graph.output ?? []).map(port),
  };
}
