// The convolutions of a recorded model by themselves: each with its sizes, on numbers of its own.

import { randn } from "../../src/index.ts";
import type { Graph, Value } from "../../src/ir/graph.ts";
import type { TensorType } from "../../src/ir/type.ts";
import type { ConvOperands } from "../../src/kernels/conv.ts";
import type { ConvAttributes } from "../../src/ops/conv.ts";

/** What `convF32` takes for each Conv of `graph`, whose sizes are all known. */
export function convolutionsOf(graph: Graph): ConvOperands[] {
  return [...graph.nodes()].filter((node) => node.op === "Conv").map((node) => operandsOf(node.inputs, node.attributes));
}

function operandsOf(inputs: readonly (Value | undefined)[], { group = 1, strides, pads, dilations }: ConvAttributes): ConvOperands {
  const [x, w] = inputs.map((value) => ((value as Value).type as TensorType).shape) as [number[], number[]];
  const numbers = (shape: readonly number[]) => randn(shape, { seed: 1 }).data as Float32Array;
  return {
    ...{ x: numbers(x), xShape: x, w: numbers(w), wShape: w, groups: group },
    ...(strides && { strides }),
    ...(pads && { pads }),
    ...(dilations && { dilations }),
  };
}
