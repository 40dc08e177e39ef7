// Layers that change the size of images: Upsample, PixelShuffle, and paddings.
import { pad } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { type InterpolateOptions, interpolate, pixelShuffle, pixelUnshuffle } from "./functional/resample.ts";
import { Module } from "./module.ts";
import { integerFrom, invalid, type Size } from "./options.ts";
import { pyFloat, pyTuple } from "./print-module.ts";

/**
 * Resizes [N, C, ...] to `size` or by `scaleFactor`.
 *
 * @example new Upsample({ scaleFactor: 2, mode: "bilinear", alignCorners: false })
 */
export class Upsample extends Module {
  readonly size: Size | undefined;
  readonly scaleFactor: number | readonly number[] | undefined;
  readonly mode: NonNullable<InterpolateOptions["mode"]>;
  readonly alignCorners: boolean | undefined;
  constructor(options: InterpolateOptions) {
    super();
    const { size, scaleFactor, mode = "nearest", alignCorners } = options;
    if ((size === undefined) === (scaleFactor === undefined))
      throw invalid("Upsample", "size", "left out exactly when scaleFactor is given", size, "Write new Upsample({ scaleFactor: 2 }).");
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = mode;
    this.alignCorners = alignCorners;
  }
  forward(input: Tensor): Tensor {
    return interpolate(input, this);
  }
  override extraRepr(): string {
    const factors =
      typeof this.scaleFactor === "number" ? pyFloat(this.scaleFactor) : `(${(this.scaleFactor ?? []).map(pyFloat).join(", ")})`;
    return `${this.size === undefined ? `scale_factor=${factors}` : `size=${pyTuple(this.size)}`}, mode='${this.mode}'`;
  }
}

/** [N, C·r², H, W] → [N, C, H·r, W·r]. */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number;
  constructor(upscaleFactor: number) {
    super();
    this.upscaleFactor = integerFrom("PixelShuffle", "upscaleFactor", upscaleFactor, 1);
  }
  forward(input: Tensor): Tensor {
    return pixelShuffle(input, this.upscaleFactor);
  }
  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`;
  }
}

/** [N, C, H·r, W·r] → [N, C·r², H, W]. */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number;
  constructor(downscaleFactor: number) {
    super();
    this.downscaleFactor = integerFrom("PixelUnshuffle", "downscaleFactor", downscaleFactor, 1);
  }
  forward(input: Tensor): Tensor {
    return pixelUnshuffle(input, this.downscaleFactor);
  }
  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`;
  }
}

/** What the paddings share: [left, right, top, bottom] of the last axes, or one number for all sides. */
abstract class PadNd extends Module {
  readonly padding: readonly number[];
  protected abstract readonly mode: "constant" | "reflect" | "edge";
  constructor(op: string, rank: number, padding: number | readonly number[]) {
    super();
    const list = typeof padding === "number" ? new Array<number>(2 * rank).fill(padding) : padding;
    if (list.length !== 2 * rank || !list.every(Number.isInteger))
      throw invalid(op, "padding", `an integer, or ${2 * rank} of them`, padding);
    this.padding = list;
  }
  /** What constant padding is made of. */
  protected get fill(): number {
    return 0;
  }
  forward(input: Tensor): Tensor {
    return pad(input, this.padding, this.mode, this.fill);
  }
  override extraRepr(): string {
    return pyTuple(this.padding);
  }
}

/** Adds zeros around images [N, C, H, W]: [left, right, top, bottom]. */
export class ZeroPad2d extends PadNd {
  protected readonly mode = "constant";
  constructor(padding: number | readonly number[]) {
    super("ZeroPad2d", 2, padding);
  }
}

/** Adds a value around images [N, C, H, W]. */
export class ConstantPad2d extends PadNd {
  protected readonly mode = "constant";
  readonly value: number;
  constructor(padding: number | readonly number[], value: number) {
    super("ConstantPad2d", 2, padding);
    this.value = value;
  }
  protected override get fill(): number {
    return this.value;
  }
  override extraRepr(): string {
    return `padding=${pyTuple(this.padding)}, value=${this.value}`;
  }
}

/** Mirrors images [N, C, H, W] at their borders, which are not repeated. */
export class ReflectionPad2d extends PadNd {
  protected readonly mode = "reflect";
  constructor(padding: number | readonly number[]) {
    super("ReflectionPad2d", 2, padding);
  }
}

/** Repeats the border elements of images [N, C, H, W]. */
export class ReplicationPad2d extends PadNd {
  protected readonly mode = "edge";
  constructor(padding: number | readonly number[]) {
    super("ReplicationPad2d", 2, padding);
  }
}

/** Mirrors sequences [N, C, L] at their ends. */
export class ReflectionPad1d extends PadNd {
  protected readonly mode = "reflect";
  constructor(padding: number | readonly number[]) {
    super("ReflectionPad1d", 1, padding);
  }
}

/** Repeats the ends of sequences [N, C, L]. */
export class ReplicationPad1d extends PadNd {
  protected readonly mode = "edge";
  constructor(padding: number | readonly number[]) {
    super("ReplicationPad1d", 1, padding);
  }
}
