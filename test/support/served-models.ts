// Small models for tests of whole servers, beside the doubler of model-store.ts.
import { tinyModel } from "./tiny-models.ts";

const float = 1;

/** Three scores of a picture: the mean of each of its channels. */
export const meanColours = (): Uint8Array =>
  tinyModel({
    inputs: [{ name: "picture", dtype: float, shape: ["batch", 3, 224, 224] }],
    outputs: [{ name: "scores", dtype: float, shape: ["batch", 3] }],
    nodes: [
      { op: "GlobalAveragePool", inputs: ["picture"], outputs: ["mean"] },
      { op: "Flatten", inputs: ["mean"], outputs: ["scores"] },
    ],
  });

/** A row of `count` nodes that no rule makes one of, each of which reads the input too; names are given. */
export const longRow = (count: number, nameOf: (i: number) => string = (i) => `v${i}`): Uint8Array =>
  tinyModel({
    inputs: [{ name: nameOf(0), dtype: float, shape: ["batch", 3] }],
    outputs: [{ name: nameOf(count), dtype: float, shape: ["batch", 3] }],
    nodes: Array.from({ length: count }, (_, i) => ({
      op: i % 2 === 0 ? "Add" : "Mul",
      inputs: [nameOf(i), nameOf(0)],
      outputs: [nameOf(i + 1)],
    })),
  });
