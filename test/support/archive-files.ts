// The files of a small archive as parts for the writers of zip and tar, so that a test changes the one thing that it is about.

import type { ZipPart } from "./hostile/zip-writer.ts";
import { tinyModel } from "./tiny-models.ts";

/** y = relu(x), `[n, 2]`. */
export const reluModel = tinyModel({
  inputs: [{ name: "x", dtype: 1, shape: ["n", 2] }],
  outputs: [{ name: "y", dtype: 1, shape: ["n", 2] }],
  nodes: [{ op: "Relu", inputs: ["x"], outputs: ["y"] }],
});

/** y = x + w with w in another file, `location`. */
export const modelWithData = (location: string): Uint8Array =>
  tinyModel({
    inputs: [{ name: "x", dtype: 1, shape: [4] }],
    outputs: [{ name: "y", dtype: 1, shape: [4] }],
    nodes: [{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }],
    initializers: [{ name: "w", dtype: 1, shape: [4], location }],
  });

export const goodManifest = {
  createdOn: "18/11/2026 12:00:00",
  runtime: "python",
  model: { modelName: "m", serializedFile: "m.onnx", handler: "base_handler", modelVersion: "1.0" },
  archiverVersion: "0.12.0",
};

export const manifestPart = (manifest: unknown = goodManifest): ZipPart => ({
  name: "MAR-INF/MANIFEST.json",
  bytes: Buffer.from(typeof manifest === "string" ? manifest : JSON.stringify(manifest)),
});

/** A model and its manifest, with `more` in between. */
export const goodParts = (...more: readonly ZipPart[]): ZipPart[] => [{ name: "m.onnx", bytes: reluModel }, ...more, manifestPart()];
