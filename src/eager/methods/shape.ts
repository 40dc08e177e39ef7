// The methods of Tensor that give the same elements in another shape, and that join, split and repeat.
import * as indexing from "../functions/indexing.ts";
import * as shape from "../functions/shape.ts";
import type { Tensor } from "../tensor.ts";
import { ReductionMethods } from "./reduction.ts";

/** Sizes one by one or as a list: `x.reshape(2, 3)` and `x.reshape([2, 3])`. */
export type Sizes = readonly number[] | [readonly number[]];

/** Views and rearrangements; views share memory with the tensor they are made from. */
export abstract class ShapeMethods extends ReductionMethods {
  reshape(this: Tensor, ...sizes: Sizes): Tensor {
    return shape.reshape(this, list(sizes));
  }
  view(this: Tensor, ...sizes: Sizes): Tensor {
    return shape.reshape(this, list(sizes));
  }
  flatten(this: Tensor, start?: number, end?: number): Tensor {
    return shape.flatten(this, start, end);
  }
  permute(this: Tensor, ...dims: Sizes): Tensor {
    return shape.permute(this, list(dims));
  }
  transpose(this: Tensor, dim0: number, dim1: number): Tensor {
    return shape.transpose(this, dim0, dim1);
  }
  reshapeAs(this: Tensor, other: Tensor): Tensor {
    return shape.reshape(this, other.shape);
  }
  /** All elements in one row. */
  ravel(this: Tensor): Tensor {
    return shape.reshape(this, [-1]);
  }
  /** Splits one axis into several; one of the sizes may be -1. */
  unflatten(this: Tensor, dim: number, sizes: readonly number[]): Tensor {
    return indexing.unflatten(this, dim, sizes);
  }
  /** As `transpose`. */
  swapaxes(this: Tensor, dim0: number, dim1: number): Tensor {
    return shape.transpose(this, dim0, dim1);
  }
  /** The transpose of a matrix; throws `RankMismatch` for tensors of more dimensions. */
  t(this: Tensor): Tensor {
    return shape.transposeMatrix(this);
  }
  /** Moves an axis to another place. */
  movedim(this: Tensor, source: number, destination: number): Tensor {
    return indexing.movedim(this, source, destination);
  }
  squeeze(this: Tensor, dims?: number | readonly number[]): Tensor {
    return shape.squeeze(this, dims);
  }
  unsqueeze(this: Tensor, dim: number): Tensor {
    return shape.unsqueeze(this, dim);
  }
  expand(this: Tensor, ...sizes: Sizes): Tensor {
    return shape.expand(this, list(sizes));
  }
  broadcastTo(this: Tensor, sizes: readonly number[]): Tensor {
    return shape.expand(this, sizes);
  }
  expandAs(this: Tensor, other: Tensor): Tensor {
    return shape.expand(this, other.shape);
  }
  repeat(this: Tensor, ...repeats: Sizes): Tensor {
    return shape.repeat(this, list(repeats));
  }
  /** Repeats the last axes; `repeat` wants a number for each. */
  tile(this: Tensor, ...repeats: Sizes): Tensor {
    return shape.tile(this, list(repeats));
  }
  /** Repeats each slice along `dim` in place: [a, b] becomes [a, a, b, b]. */
  repeatInterleave(this: Tensor, repeats: number, dim?: number): Tensor {
    return indexing.repeatInterleave(this, repeats, dim);
  }
  split(this: Tensor, sizes: number | readonly number[], dim?: number): Tensor[] {
    return shape.split(this, sizes, dim);
  }
  chunk(this: Tensor, count: number, dim?: number): Tensor[] {
    return shape.chunk(this, count, dim);
  }
  unbind(this: Tensor, dim?: number): Tensor[] {
    return shape.unbind(this, dim);
  }
  flip(this: Tensor, dims: number | readonly number[]): Tensor {
    return shape.flip(this, dims);
  }
  roll(this: Tensor, shift: number, dim: number): Tensor {
    return shape.roll(this, shift, dim);
  }
  pad(this: Tensor, pads: readonly number[], mode?: "constant" | "reflect" | "edge" | "wrap", value?: number): Tensor {
    return shape.pad(this, pads, mode, value);
  }
}

function list(sizes: Sizes): readonly number[] {
  const first = sizes[0];
  return sizes.length === 1 && Array.isArray(first) ? first : (sizes as readonly number[]);
}
