// Col2Im: columns, one per place of a window, back to the image; where windows overlap, they add up.
import { ingotError } from "../errors/error.ts";
import { type Dim, divideExactly, productOfDims, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { type BigArray, isBig, numeric } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, ints } from "./define.ts";
import { contentsOf, inputType, requireRank, unknownShape } from "./infer.ts";
import { decodedNumbers } from "./map-elements.ts";
import { lengthOf } from "./shape.ts";
import { type WindowAttributes, windowOf, windowOutput } from "./window.ts";

/** `[N, C · Πblock, L]` gives `[N, C, ...image_shape]`; L is the number of the window's places in the padded image. */
export const col2Im = defineOp("Col2Im", {
  since: [18],
  inputs: ["input: T", "image_shape: int64", "block_shape: int64"],
  outputs: ["output: T"],
  types: { T: numeric },
  attributes: { dilations: ints(), pads: ints(), strides: ints() },
  accuracy: "ulp",
  infer(c) {
    const { dtype } = inputType(c, 0);
    const x = requireRank(c, 0, "input", 3);
    const image = contentsOf(c, 1);
    const block = contentsOf(c, 2);
    const rank = image?.length ?? lengthOf(c, 1) ?? block?.length ?? lengthOf(c, 2);
    if (rank === undefined) return [tensorType(dtype)];
    const channels = x && block ? (divideExactly(x[1] as Dim, productOfDims(block)) ?? unknownDim()) : unknownDim();
    requireColumns(c, x, image, block);
    return [tensorType(dtype, [x?.[0] ?? unknownDim(), channels, ...(image ?? unknownShape(rank))])];
  },
  eval({ input, block_shape }, attributes, context) {
    const shape = context.shape(0);
    const image = shape.slice(2);
    const block = block_shape.toNumbers();
    const window = windowOf("Col2Im", block, attributes);
    const steps = windowOutput(window, image) as number[];
    const table = placesOfColumns(block, steps, image, window);
    const [planes, size, columns] = [elementCount(shape.slice(0, 2)), elementCount(image), table.length];
    if (isBig(input.dtype)) {
      const from = input.dense() as BigArray;
      const y = Storage.empty(input.dtype, shape);
      const to = (y.dense() as BigInt64Array).fill(0n);
      for (let p = 0; p < planes; p++)
        for (let i = 0; i < columns; i++) {
          const at = table[i] as number;
          if (at >= 0) to[p * size + at] = (to[p * size + at] as bigint) + (from[p * columns + i] as bigint);
        }
      return y;
    }
    const from = decodedNumbers(input);
    const to = new Float64Array(planes * size);
    for (let p = 0; p < planes; p++)
      for (let i = 0; i < columns; i++) {
        const at = table[i] as number;
        if (at >= 0) to[p * size + at] = (to[p * size + at] as number) + (from[p * columns + i] as number);
      }
    return Storage.from(input.dtype, to, shape);
  },
});

/** The place in the image of each element `[block…, step…]` of the columns of one channel; −1 in the padding. */
function placesOfColumns(
  block: readonly number[],
  steps: readonly number[],
  image: readonly number[],
  {
    strides,
    dilations,
    pads,
  }: { readonly strides: readonly number[]; readonly dilations: readonly number[]; readonly pads: readonly number[] },
): Int32Array {
  const [blocks, windows] = [elementCount(block), elementCount(steps)];
  const table = new Int32Array(blocks * windows);
  for (let i = 0; i < table.length; i++) {
    let [k, s, place, stride] = [Math.floor(i / windows), i % windows, 0, 1];
    for (let axis = block.length - 1; axis >= 0 && place >= 0; axis--) {
      const [size, kernel, count] = [image[axis], block[axis], steps[axis]] as [number, number, number];
      const at = (s % count) * (strides[axis] as number) + (k % kernel) * (dilations[axis] as number) - (pads[axis] as number);
      place = at >= 0 && at < size ? place + at * stride : -1;
      stride *= size;
      k = Math.floor(k / kernel);
      s = Math.floor(s / count);
    }
    table[i] = place;
  }
  return table;
}

function requireColumns(
  c: InferContext,
  x: readonly Dim[] | undefined,
  image: readonly Dim[] | undefined,
  block: readonly Dim[] | undefined,
): void {
  if (!image || !block?.every((d) => typeof d === "number")) return;
  const kernel = block as readonly number[];
  const bad = (what: string, actual: readonly Dim[], expected: string) => {
    const hint = "The columns are those of a window of block_shape that moves over the padded image.";
    throw ingotError("ShapeMismatch", { op: c.op, what, actual: formatShape(actual.map(String)), expected, hint });
  };
  if (kernel.length !== image.length) bad("block_shape", kernel, `${image.length} numbers, as image_shape has`);
  const columns = productOfDims(windowOutput(windowOf(c.op, kernel, c.attributes as WindowAttributes), image));
  if (!x) return;
  if (typeof x[1] === "number" && x[1] % elementCount(kernel) !== 0)
    bad("input", x, `a multiple of ${elementCount(kernel)} in dimension 1`);
  if (typeof x[2] === "number" && typeof columns === "number" && x[2] !== columns) bad("input", x, `${columns} columns in dimension 2`);
}
