// The methods of Tensor that read and write by position.
import * as indexing from "../functions/indexing.ts";
import * as linear from "../functions/linear-algebra.ts";
import * as shape from "../functions/shape.ts";
import type { Tensor } from "../tensor.ts";
import { ShapeMethods } from "./shape.ts";

/** Slices, gathers, scatters, masks. Nothing is written in place: what writes gives a new tensor. */
export abstract class IndexingMethods extends ShapeMethods {
  /**
   * Indexes axis by axis, as Python's square brackets do.
   * @example x.index(0, "1:3", "...", null) // x[0, 1:3, ..., None]
   */
  index(this: Tensor, ...places: readonly indexing.Index[]): Tensor {
    return indexing.index(this, ...places);
  }
  select(this: Tensor, dim: number, index: number): Tensor {
    return shape.select(this, dim, index);
  }
  slice(this: Tensor, dim: number, start?: number, end?: number, step?: number): Tensor {
    return shape.slice(this, dim, start, end, step);
  }
  narrow(this: Tensor, dim: number, start: number, length: number): Tensor {
    return shape.narrow(this, dim, start, length);
  }
  indexSelect(this: Tensor, dim: number, index: Tensor): Tensor {
    return shape.indexSelect(this, dim, index);
  }
  gather(this: Tensor, dim: number, index: Tensor): Tensor {
    return shape.gather(this, dim, index);
  }
  scatter(this: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
    return shape.scatter(this, dim, index, src);
  }
  scatterAdd(this: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
    return shape.scatterAdd(this, dim, index, src);
  }
  maskedSelect(this: Tensor, mask: Tensor): Tensor {
    return shape.maskedSelect(this, mask);
  }
  /** The elements at which two axes have equal indices, as the last axis. */
  diagonal(this: Tensor, offset?: number, dim0?: number, dim1?: number): Tensor {
    return linear.diagonal(this, offset, dim0, dim1);
  }
  /** A vector as the diagonal of a matrix, or the diagonal of a matrix. */
  diag(this: Tensor, offset?: number): Tensor {
    return linear.diag(this, offset);
  }
  nonzero(this: Tensor): Tensor {
    return shape.nonzero(this);
  }
  tril(this: Tensor, diagonal?: number): Tensor {
    return shape.tril(this, diagonal);
  }
  triu(this: Tensor, diagonal?: number): Tensor {
    return shape.triu(this, diagonal);
  }
}
