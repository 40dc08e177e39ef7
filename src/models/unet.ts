// U-Net for segmentation: double convolutions on the way down and up, with a bridge at every size. Keys as in milesial's Pytorch-UNet, the most
// used implementation. O. Ronneberger, P. Fischer and T. Brox, U-Net: Convolutional Networks for Biomedical Image Segmentation, 2015.
import { cat, pad } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ReLU } from "../nn/activation.ts";
import { BatchNorm2d } from "../nn/batch-norm.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { ConvTranspose2d } from "../nn/conv-transpose.ts";
import { Module } from "../nn/module.ts";
import { MaxPool2d } from "../nn/pool.ts";
import { Upsample } from "../nn/resample.ts";
import { build, type ModelOptions } from "./build.ts";

export interface UNetShape {
  /** Channels of the images; 3 by default. */
  readonly channels?: number;
  readonly numClasses: number;
  /** Channels at full size, which double at every halving; 64 by default. */
  readonly width?: number;
  /** Enlarge by interpolation rather than by transposed convolutions; false by default. */
  readonly bilinear?: boolean;
}

/** Twice: 3×3 convolution, normalisation, ReLU. */
export class DoubleConv extends Module {
  readonly double_conv: Sequential;

  constructor(from: number, to: number, between = to) {
    super();
    this.double_conv = new Sequential(
      new Conv2d(from, between, 3, { padding: 1, bias: false }),
      new BatchNorm2d(between),
      new ReLU({ inplace: true }),
      new Conv2d(between, to, 3, { padding: 1, bias: false }),
      new BatchNorm2d(to),
      new ReLU({ inplace: true }),
    );
  }

  forward(x: Tensor): Tensor {
    return this.double_conv.forward(x);
  }
}

/** Half the size, then a double convolution. */
export class Down extends Module {
  readonly maxpool_conv: Sequential;

  constructor(from: number, to: number) {
    super();
    this.maxpool_conv = new Sequential(new MaxPool2d(2), new DoubleConv(from, to));
  }

  forward(x: Tensor): Tensor {
    return this.maxpool_conv.forward(x);
  }
}

/** Twice the size, what the bridge brings beside it, then a double convolution. */
export class Up extends Module {
  readonly up: Upsample | ConvTranspose2d;
  readonly conv: DoubleConv;

  constructor(from: number, to: number, bilinear: boolean) {
    super();
    this.up = bilinear
      ? new Upsample({ scaleFactor: 2, mode: "bilinear", alignCorners: true })
      : new ConvTranspose2d(from, from / 2, 2, { stride: 2 });
    this.conv = bilinear ? new DoubleConv(from, to, from / 2) : new DoubleConv(from, to);
  }

  forward(x: Tensor, bridge: Tensor): Tensor {
    const enlarged = this.up.forward(x);
    const missing = (axis: number) => (bridge.shape[axis] as number) - (enlarged.shape[axis] as number);
    const [rows, columns] = [missing(2), missing(3)];
    // A size that was odd before it was halved comes back one short.
    const [top, left] = [Math.floor(rows / 2), Math.floor(columns / 2)];
    return this.conv.forward(cat([bridge, pad(enlarged, [left, columns - left, top, rows - top])], 1));
  }
}

/** A 1×1 convolution. */
export class OutConv extends Module {
  readonly conv: Conv2d;

  constructor(from: number, to: number) {
    super();
    this.conv = new Conv2d(from, to, 1);
  }

  forward(x: Tensor): Tensor {
    return this.conv.forward(x);
  }
}

/**
 * Images [N, C, H, W] of any size from 16 → scores [N, numClasses, H, W] of every pixel.
 *
 * @example unet({ numClasses: 2, seed: 0 }).eval().forward(randn([1, 3, 96, 96], { seed: 1 }))
 */
export class UNet extends Module {
  static readonly inputs = ({ channels }: UNet) => `float32[batch=1, ${channels}, height=96, width=96]`;
  readonly channels: number;
  readonly inc: DoubleConv;
  readonly down1: Down;
  readonly down2: Down;
  readonly down3: Down;
  readonly down4: Down;
  readonly up1: Up;
  readonly up2: Up;
  readonly up3: Up;
  readonly up4: Up;
  readonly outc: OutConv;

  constructor({ channels = 3, numClasses, width = 64, bilinear = false }: UNetShape) {
    super();
    this.channels = channels;
    // Interpolation keeps the channels, so that the narrow side of each step up must be narrower.
    const factor = bilinear ? 2 : 1;
    this.inc = new DoubleConv(channels, width);
    this.down1 = new Down(width, 2 * width);
    this.down2 = new Down(2 * width, 4 * width);
    this.down3 = new Down(4 * width, 8 * width);
    this.down4 = new Down(8 * width, (16 * width) / factor);
    this.up1 = new Up(16 * width, (8 * width) / factor, bilinear);
    this.up2 = new Up(8 * width, (4 * width) / factor, bilinear);
    this.up3 = new Up(4 * width, (2 * width) / factor, bilinear);
    this.up4 = new Up(2 * width, width, bilinear);
    this.outc = new OutConv(width, numClasses);
  }

  forward(x: Tensor): Tensor {
    const x1 = this.inc.forward(x);
    const x2 = this.down1.forward(x1);
    const x3 = this.down2.forward(x2);
    const x4 = this.down3.forward(x3);
    let y = this.up1.forward(this.down4.forward(x4), x4);
    y = this.up2.forward(y, x3);
    y = this.up3.forward(y, x2);
    y = this.up4.forward(y, x1);
    return this.outc.forward(y);
  }
}

export interface UNetOptions extends ModelOptions, Partial<Omit<UNetShape, "numClasses">> {}

/** For 2 classes by default: 31,037,698 parameters, with interpolation 17,263,042. */
export function unet(options: UNetOptions = {}): UNet {
  return build({ ...options, numClasses: options.numClasses ?? 2 }, (numClasses) => new UNet({ ...options, numClasses }));
}
