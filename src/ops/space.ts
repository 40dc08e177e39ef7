// Moving between channels and space: both operators are one reshape, one permuted view and one reshape.
import { ingotError } from "../errors/error.ts";
import { type Dim, divideExactly, floorDivDims, mulDims } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { formatShape } from "../tensor/shape.ts";
import { anyDType, defineOp, int, string } from "./define.ts";
import { inputType, requireRank } from "./infer.ts";

/** `[N, C·b², H, W]` → `[N, C, H·b, W·b]`; in mode DCR the block index is the slower part of the channel, in CRD the faster. */
export const depthToSpace = defineOp("DepthToSpace", {
  since: [1, 11, 13],
  breaking: [1, 11],
  minVersion: ({ attributes }) => ((attributes.mode ?? "DCR") === "DCR" ? 1 : 11),
  inputs: ["input: T"],
  outputs: ["output: T"],
  types: { T: anyDType },
  attributes: { blocksize: int.required, mode: string("DCR") },
  accuracy: "exact",
  infer(c) {
    const shape = requireRank(c, 0, "input", 4);
    const b = blockSize(c);
    if (c.attributes.mode !== "DCR" && c.attributes.mode !== "CRD")
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "mode",
        expected: "DCR or CRD",
        actual: String(c.attributes.mode),
        hint: "DCR: depth, column, row; CRD: column, row, depth.",
      });
    return [
      tensorType(
        inputType(c, 0).dtype,
        shape && [shape[0] as Dim, part(c, shape, 1, b * b), mulDims(shape[2] as Dim, b), mulDims(shape[3] as Dim, b)],
      ),
    ];
  },
  eval({ input }, { blocksize: b, mode }, context) {
    const [n, c, h, w] = input.shape as [number, number, number, number];
    const depth = c / (b * b);
    const blocks = mode === "DCR" ? input.reshape([n, b, b, depth, h, w]) : input.reshape([n, depth, b, b, h, w]);
    return blocks.transpose(mode === "DCR" ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]).reshape(context.shape(0));
  },
});

/** `[N, C, H·b, W·b]` → `[N, b²·C, H, W]`. */
export const spaceToDepth = defineOp("SpaceToDepth", {
  since: [1, 13],
  breaking: [1],
  inputs: ["input: T"],
  outputs: ["output: T"],
  types: { T: anyDType },
  attributes: { blocksize: int.required },
  accuracy: "exact",
  infer(c) {
    const shape = requireRank(c, 0, "input", 4);
    const b = blockSize(c);
    return [
      tensorType(
        inputType(c, 0).dtype,
        shape && [shape[0] as Dim, mulDims(shape[1] as Dim, b * b), part(c, shape, 2, b), part(c, shape, 3, b)],
      ),
    ];
  },
  eval({ input }, { blocksize: b }, context) {
    const [n, c, h, w] = input.shape as [number, number, number, number];
    return input
      .reshape([n, c, h / b, b, w / b, b])
      .transpose([0, 3, 5, 1, 2, 4])
      .reshape(context.shape(0));
  },
});

function blockSize(c: InferContext): number {
  const b = c.attributes.blocksize as number;
  if (b >= 1) return b;
  throw ingotError("InvalidArgument", {
    op: c.op,
    name: "blocksize",
    expected: "an integer from 1",
    actual: String(b),
    hint: "A block is blocksize × blocksize.",
  });
}

function part(c: InferContext, shape: readonly Dim[], axis: number, by: number): Dim {
  const size = shape[axis] as Dim;
  const whole = divideExactly(size, by);
  if (whole === undefined && typeof size === "number")
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "input",
      actual: formatShape(shape.map(String)),
      expected: `a multiple of ${by} in dimension ${axis}`,
      hint: `blocksize is ${c.attributes.blocksize}: pad the input, or choose another block size.`,
    });
  return whole ?? floorDivDims(size, by);
}
