// Saving a graph as ONNX: the lowest opset and IR version it needs, or at least those of a runtime that is named.
import { stat } from "node:fs/promises";
import { ingotError } from "../errors/error.ts";
import type { Graph } from "../ir/graph.ts";
import { exportModel } from "../onnx/export.ts";
import { writeModel } from "../onnx/write-file.ts";

export interface SaveOptions {
  /** Write at least this opset of the default ONNX domain. Default: the lowest that the graph needs. */
  readonly opset?: number;
  /** Weights in `<file>.data` beside the model. Default: only where the model would reach 2 GiB. */
  readonly externalData?: boolean;
}

export interface SaveReport {
  readonly path: string;
  readonly irVersion: number;
  readonly opsets: Readonly<Record<string, number>>;
  /** Size of the model file in bytes, without a data file. */
  readonly bytes: number;
}

/** Throws `SaveFormat` for another format's name, `FileNotWritable`, `DiskFull`; then nothing is left of the file. */
export async function saveOnnx(graph: Graph, path: string, options: SaveOptions = {}): Promise<SaveReport> {
  if (typeof path !== "string" || path === "")
    throw ingotError("InvalidArgument", {
      op: "save",
      name: "path",
      expected: "a path that ends in .onnx",
      actual: JSON.stringify(path),
      hint: 'Write save("model.onnx").',
    });
  const { model } = exportModel(graph, { opset: options.opset });
  await writeModel(path, model, options.externalData === undefined ? {} : { externalData: options.externalData });
  const opsets = Object.fromEntries((model.opsetImport ?? []).map(({ domain, version }) => [domain || "ai.onnx", Number(version)]));
  return { path, irVersion: Number(model.irVersion), opsets, bytes: (await stat(path)).size };
}
