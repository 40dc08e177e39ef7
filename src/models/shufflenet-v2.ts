// ShuffleNet v2 under torchvision's names and state-dict keys. N. Ma and others, ShuffleNet V2, 2018.
import { cat, chunk, flatten, transpose } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ReLU } from "../nn/activation.ts";
import { BatchNorm2d } from "../nn/batch-norm.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { MaxPool2d } from "../nn/pool.ts";
import { build, type ModelOptions } from "./build.ts";

const relu = () => new ReLU({ inplace: true });
/** A convolution without bias and its normalisation. */
const pointwise = (from: number, to: number) => [new Conv2d(from, to, 1, { bias: false }), new BatchNorm2d(to)];
const depthwise = (channels: number, stride: number) => [
  new Conv2d(channels, channels, 3, { stride, padding: 1, groups: channels, bias: false }),
  new BatchNorm2d(channels),
];

/** Interleaves the channels of [N, C, H, W]: those of the two halves come to stand in turn. */
function shuffleChannels(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  return transpose(x.reshape([batch, 2, channels / 2, height, width]), 1, 2).reshape([batch, channels, height, width]);
}

/** At stride 1 half of the channels pass unchanged; at stride 2 both branches read all of them. */
export class ShuffleUnit extends Module {
  readonly branch1: Sequential;
  readonly branch2: Sequential;
  readonly stride: number;

  constructor(from: number, to: number, stride: number) {
    super();
    const half = to / 2;
    this.stride = stride;
    this.branch1 = stride === 1 ? new Sequential() : new Sequential(...depthwise(from, stride), ...pointwise(from, half), relu());
    const entry = stride === 1 ? half : from;
    this.branch2 = new Sequential(...pointwise(entry, half), relu(), ...depthwise(half, stride), ...pointwise(half, half), relu());
  }

  forward(x: Tensor): Tensor {
    if (this.stride !== 1) return shuffleChannels(cat([this.branch1.forward(x), this.branch2.forward(x)], 1));
    const [kept, changed] = chunk(x, 2, 1) as [Tensor, Tensor];
    return shuffleChannels(cat([kept, this.branch2.forward(changed)], 1));
  }
  protected override printName(): string {
    return "InvertedResidual";
  }
}

/** Channels of the three stages, and of the last convolution. */
type Widths = readonly [number, number, number, number];

/**
 * ShuffleNet v2 for images [N, 3, H, W], usually 224×224; gives scores [N, numClasses].
 *
 * @example shufflenetV2_x1_0({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class ShuffleNetV2 extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly conv1: Sequential;
  readonly maxpool: MaxPool2d;
  readonly stage2: Sequential;
  readonly stage3: Sequential;
  readonly stage4: Sequential;
  readonly conv5: Sequential;
  readonly fc: Linear;

  constructor([c2, c3, c4, last]: Widths, numClasses = 1000) {
    super();
    this.conv1 = new Sequential(new Conv2d(3, 24, 3, { stride: 2, padding: 1, bias: false }), new BatchNorm2d(24), relu());
    this.maxpool = new MaxPool2d(3, { stride: 2, padding: 1 });
    this.stage2 = stage(24, c2, 4);
    this.stage3 = stage(c2, c3, 8);
    this.stage4 = stage(c3, c4, 4);
    this.conv5 = new Sequential(...pointwise(c4, last), relu());
    this.fc = new Linear(last, numClasses);
  }

  forward(x: Tensor): Tensor {
    let maps = this.maxpool.forward(this.conv1.forward(x));
    for (const part of [this.stage2, this.stage3, this.stage4, this.conv5]) maps = part.forward(maps);
    return this.fc.forward(flatten(maps.mean([2, 3]), 1));
  }
}

function stage(from: number, to: number, count: number): Sequential {
  return new Sequential(...Array.from({ length: count }, (_, i) => (i === 0 ? new ShuffleUnit(from, to, 2) : new ShuffleUnit(to, to, 1))));
}

const factory =
  (widths: Widths) =>
  (options: ModelOptions = {}): ShuffleNetV2 =>
    build(options, (numClasses) => new ShuffleNetV2(widths, numClasses));

/** 1,366,792 parameters. */
export const shufflenetV2_x0_5 = factory([48, 96, 192, 1024]);
/** 2,278,604 parameters. */
export const shufflenetV2_x1_0 = factory([116, 232, 464, 1024]);
/** 3,503,624 parameters. */
export const shufflenetV2_x1_5 = factory([176, 352, 704, 1024]);
/** 7,393,996 parameters. */
export const shufflenetV2_x2_0 = factory([244, 488, 976, 2048]);
