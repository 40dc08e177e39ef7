// Pooling layers: thin over nn.functional, with PyTorch's settings in print.
import type { Tensor } from "../eager/tensor.ts";
import type { AdaptiveSize, AvgPoolOptions, MaxPoolOptions } from "./functional/pool.ts";
import * as f from "./functional/pool.ts";
import { Module } from "./module.ts";
import { type Size, sizes } from "./options.ts";
import { pyBool, pyTuple } from "./print-module.ts";

abstract class MaxPoolNd extends Module {
  readonly kernelSize: Size;
  readonly stride: Size;
  readonly padding: Size;
  readonly dilation: Size;
  readonly ceilMode: boolean;
  constructor(rank: number, kernelSize: Size, options: MaxPoolOptions = {}) {
    super();
    const op = `MaxPool${rank}d`;
    sizes(op, "kernelSize", kernelSize, rank, 1);
    this.kernelSize = kernelSize;
    this.stride = options.stride ?? kernelSize;
    this.padding = options.padding ?? 0;
    this.dilation = options.dilation ?? 1;
    this.ceilMode = options.ceilMode ?? false;
    sizes(op, "stride", this.stride, rank, 1);
    sizes(op, "padding", this.padding, rank, 0);
    sizes(op, "dilation", this.dilation, rank, 1);
  }
  abstract override forward(input: Tensor): Tensor;
  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return `kernel_size=${pyTuple(kernelSize)}, stride=${pyTuple(stride)}, padding=${pyTuple(padding)}, dilation=${pyTuple(dilation)}, ceil_mode=${pyBool(ceilMode)}`;
  }
}

/** The largest element of each window of [N, C, L]. */
export class MaxPool1d extends MaxPoolNd {
  constructor(kernelSize: Size, options: MaxPoolOptions = {}) {
    super(1, kernelSize, options);
  }
  forward(input: Tensor): Tensor {
    return f.maxPool1d(input, this.kernelSize, this);
  }
}

/**
 * The largest element of each window of [N, C, H, W].
 *
 * @example new MaxPool2d(3, { stride: 2, padding: 1 })
 */
export class MaxPool2d extends MaxPoolNd {
  constructor(kernelSize: Size, options: MaxPoolOptions = {}) {
    super(2, kernelSize, options);
  }
  forward(input: Tensor): Tensor {
    return f.maxPool2d(input, this.kernelSize, this);
  }
}

/** The largest element of each window of [N, C, D, H, W]. */
export class MaxPool3d extends MaxPoolNd {
  constructor(kernelSize: Size, options: MaxPoolOptions = {}) {
    super(3, kernelSize, options);
  }
  forward(input: Tensor): Tensor {
    return f.maxPool3d(input, this.kernelSize, this);
  }
}

abstract class AvgPoolNd extends Module {
  readonly kernelSize: Size;
  readonly stride: Size;
  readonly padding: Size;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
  constructor(rank: number, kernelSize: Size, options: AvgPoolOptions = {}) {
    super();
    const op = `AvgPool${rank}d`;
    sizes(op, "kernelSize", kernelSize, rank, 1);
    this.kernelSize = kernelSize;
    this.stride = options.stride ?? kernelSize;
    this.padding = options.padding ?? 0;
    this.ceilMode = options.ceilMode ?? false;
    this.countIncludePad = options.countIncludePad ?? true;
    sizes(op, "stride", this.stride, rank, 1);
    sizes(op, "padding", this.padding, rank, 0);
  }
  abstract override forward(input: Tensor): Tensor;
  override extraRepr(): string {
    return `kernel_size=${pyTuple(this.kernelSize)}, stride=${pyTuple(this.stride)}, padding=${pyTuple(this.padding)}`;
  }
}

/** The mean of each window of [N, C, L]. */
export class AvgPool1d extends AvgPoolNd {
  constructor(kernelSize: Size, options: AvgPoolOptions = {}) {
    super(1, kernelSize, options);
  }
  forward(input: Tensor): Tensor {
    return f.avgPool1d(input, this.kernelSize, this);
  }
  override extraRepr(): string {
    const one = (size: Size) => pyTuple(typeof size === "number" ? [size] : size);
    return `kernel_size=${one(this.kernelSize)}, stride=${one(this.stride)}, padding=${one(this.padding)}`;
  }
}

/** The mean of each window of [N, C, H, W]. */
export class AvgPool2d extends AvgPoolNd {
  constructor(kernelSize: Size, options: AvgPoolOptions = {}) {
    super(2, kernelSize, options);
  }
  forward(input: Tensor): Tensor {
    return f.avgPool2d(input, this.kernelSize, this);
  }
}

/** The mean of each window of [N, C, D, H, W]. */
export class AvgPool3d extends AvgPoolNd {
  constructor(kernelSize: Size, options: AvgPoolOptions = {}) {
    super(3, kernelSize, options);
  }
  forward(input: Tensor): Tensor {
    return f.avgPool3d(input, this.kernelSize, this);
  }
}

/** What the adaptive pools share; `op` names them in errors. */
abstract class AdaptivePoolNd extends Module {
  readonly outputSize: AdaptiveSize;
  constructor(op: string, rank: number, outputSize: AdaptiveSize) {
    super();
    const list = outputSize === null || typeof outputSize === "number" ? new Array<number | null>(rank).fill(outputSize) : outputSize;
    sizes(
      op,
      "outputSize",
      list.map((size) => size ?? 1),
      rank,
      1,
    );
    this.outputSize = outputSize;
  }
  abstract override forward(input: Tensor): Tensor;
  override extraRepr(): string {
    const size = this.outputSize;
    return `output_size=${size === null ? "None" : typeof size === "number" ? size : `(${size.map((s) => s ?? "None").join(", ")}${size.length === 1 ? "," : ""})`}`;
  }
}

/** Means over windows such that the output is [N, C, outputSize]. */
export class AdaptiveAvgPool1d extends AdaptivePoolNd {
  constructor(outputSize: AdaptiveSize) {
    super("AdaptiveAvgPool1d", 1, outputSize);
  }
  forward(input: Tensor): Tensor {
    return f.adaptiveAvgPool1d(input, this.outputSize);
  }
}

/**
 * Means over windows such that the output is [N, C, ...outputSize], whatever the input's size.
 *
 * @example new AdaptiveAvgPool2d([1, 1])
 */
export class AdaptiveAvgPool2d extends AdaptivePoolNd {
  constructor(outputSize: AdaptiveSize) {
    super("AdaptiveAvgPool2d", 2, outputSize);
  }
  forward(input: Tensor): Tensor {
    return f.adaptiveAvgPool2d(input, this.outputSize);
  }
}

/** Means over windows such that the output is [N, C, ...outputSize]. */
export class AdaptiveAvgPool3d extends AdaptivePoolNd {
  constructor(outputSize: AdaptiveSize) {
    super("AdaptiveAvgPool3d", 3, outputSize);
  }
  forward(input: Tensor): Tensor {
    return f.adaptiveAvgPool3d(input, this.outputSize);
  }
}

/** The largest elements of windows such that the output is [N, C, outputSize]. */
export class AdaptiveMaxPool1d extends AdaptivePoolNd {
  constructor(outputSize: AdaptiveSize) {
    super("AdaptiveMaxPool1d", 1, outputSize);
  }
  forward(input: Tensor): Tensor {
    return f.adaptiveMaxPool1d(input, this.outputSize);
  }
}

/** The largest elements of windows such that the output is [N, C, ...outputSize]. */
export class AdaptiveMaxPool2d extends AdaptivePoolNd {
  constructor(outputSize: AdaptiveSize) {
    super("AdaptiveMaxPool2d", 2, outputSize);
  }
  forward(input: Tensor): Tensor {
    return f.adaptiveMaxPool2d(input, this.outputSize);
  }
}

/** The largest elements of windows such that the output is [N, C, ...outputSize]. */
export class AdaptiveMaxPool3d extends AdaptivePoolNd {
  constructor(outputSize: AdaptiveSize) {
    super("AdaptiveMaxPool3d", 3, outputSize);
  }
  forward(input: Tensor): Tensor {
    return f.adaptiveMaxPool3d(input, this.outputSize);
  }
}
