// ResNet, Wide ResNet and ResNeXt under torchvision's names and state-dict keys.
// K. He and others, Deep Residual Learning, 2015; S. Zagoruyko and N. Komodakis, 2016; S. Xie and others, 2016.

import { flatten } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ReLU } from "../nn/activation.ts";
import { BatchNorm2d } from "../nn/batch-norm.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { kaimingNormal } from "../nn/init.ts";
import { declareKeepsNothing } from "../nn/keeps-nothing.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { AdaptiveAvgPool2d, MaxPool2d } from "../nn/pool.ts";
import { residual, through } from "../nn/through.ts";
import { build, initialise, type ModelOptions } from "./build.ts";

/** What a block is built from: channels in, base width, stride of its 3×3 convolution, its shortcut when shapes change. */
interface BlockShape {
  readonly inplanes: number;
  readonly planes: number;
  readonly stride: number;
  readonly downsample: Sequential | undefined;
  readonly groups: number;
  readonly baseWidth: number;
}

const conv1x1 = (from: number, to: number, stride = 1) => new Conv2d(from, to, 1, { stride, bias: false });
const conv3x3 = (from: number, to: number, stride = 1, groups = 1) => new Conv2d(from, to, 3, { stride, padding: 1, groups, bias: false });
const relu = () => new ReLU({ inplace: true });

/** Two 3×3 convolutions and a shortcut: the block of ResNet-18 and 34. */
export class BasicBlock extends Module {
  static readonly expansion = 1;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly relu: ReLU;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly downsample: Sequential | undefined;

  constructor({ inplanes, planes, stride, downsample }: BlockShape) {
    super();
    this.conv1 = conv3x3(inplanes, planes, stride);
    this.bn1 = new BatchNorm2d(planes);
    this.relu = relu();
    this.conv2 = conv3x3(planes, planes);
    this.bn2 = new BatchNorm2d(planes);
    this.downsample = downsample;
  }

  forward(x: Tensor): Tensor {
    const branch = [this.conv1, this.bn1, this.relu, this.conv2, this.bn2];
    return residual(x, { branch, shortcut: this.downsample, after: [this.relu] });
  }
}

/** 1×1, 3×3 (which carries the stride) and 1×1 convolutions and a shortcut: the block of ResNet-50 and deeper. */
export class Bottleneck extends Module {
  static readonly expansion = 4;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly relu: ReLU;
  readonly downsample: Sequential | undefined;

  constructor({ inplanes, planes, stride, downsample, groups, baseWidth }: BlockShape) {
    super();
    const width = Math.floor((planes * baseWidth) / 64) * groups;
    this.conv1 = conv1x1(inplanes, width);
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = conv3x3(width, width, stride, groups);
    this.bn2 = new BatchNorm2d(width);
    this.conv3 = conv1x1(width, planes * Bottleneck.expansion);
    this.bn3 = new BatchNorm2d(planes * Bottleneck.expansion);
    this.relu = relu();
    this.downsample = downsample;
  }

  forward(x: Tensor): Tensor {
    const branch = [this.conv1, this.bn1, this.relu, this.conv2, this.bn2, this.relu, this.conv3, this.bn3];
    return residual(x, { branch, shortcut: this.downsample, after: [this.relu] });
  }
}
declareKeepsNothing("row", BasicBlock, Bottleneck);

export interface ResNetShape {
  readonly block: typeof BasicBlock | typeof Bottleneck;
  /** Blocks in each of the four stages. */
  readonly layers: readonly [number, number, number, number];
  readonly groups?: number;
  readonly widthPerGroup?: number;
  readonly numClasses?: number;
}

/**
 * A residual network for images [N, 3, H, W], usually 224×224; gives scores [N, numClasses].
 *
 * @example resnet152({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class ResNet extends Module {
  /** What `trace()` and the command line take as example when none is given. */
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly relu: ReLU;
  readonly maxpool: MaxPool2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly fc: Linear;

  constructor(shape: ResNetShape) {
    super();
    const { layers } = shape;
    this.conv1 = new Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false });
    this.bn1 = new BatchNorm2d(64);
    this.relu = relu();
    this.maxpool = new MaxPool2d(3, { stride: 2, padding: 1 });
    this.layer1 = stage(shape, 64, 64, layers[0], 1);
    this.layer2 = stage(shape, 64 * shape.block.expansion, 128, layers[1], 2);
    this.layer3 = stage(shape, 128 * shape.block.expansion, 256, layers[2], 2);
    this.layer4 = stage(shape, 256 * shape.block.expansion, 512, layers[3], 2);
    this.avgpool = new AdaptiveAvgPool2d([1, 1]);
    this.fc = new Linear(512 * shape.block.expansion, shape.numClasses ?? 1000);
  }

  forward(x: Tensor): Tensor {
    const stem = [this.conv1, this.bn1, this.relu, this.maxpool];
    const y = through(x, ...stem, this.layer1, this.layer2, this.layer3, this.layer4, this.avgpool);
    return this.fc.forward(flatten(y, 1));
  }
}

/** The blocks of one stage; the first changes size and channels, with a 1×1 convolution on its shortcut where they differ. */
function stage(
  { block: Block, groups = 1, widthPerGroup: baseWidth = 64 }: ResNetShape,
  from: number,
  planes: number,
  count: number,
  stride: number,
): Sequential {
  const to = planes * Block.expansion;
  const changes = stride !== 1 || from !== to;
  const blocks = Array.from({ length: count }, (_, i) => {
    const downsample = i === 0 && changes ? new Sequential(conv1x1(from, to, stride), new BatchNorm2d(to)) : undefined;
    return new Block({ inplanes: i === 0 ? from : to, planes, stride: i === 0 ? stride : 1, downsample, groups, baseWidth });
  });
  return new Sequential(...blocks);
}

/** torchvision's initialisation: normal convolutions that keep the variance of gradients; the last layer as Linear has it. */
function initialWeights(model: ResNet): void {
  for (const module of model.modules()) {
    if (module instanceof Conv2d)
      module.registerParameter("weight", kaimingNormal(module.weight.shape, { mode: "fanOut", nonlinearity: "relu" }));
    if (module instanceof Linear) module.resetParameters();
  }
}

const factory =
  (shape: ResNetShape) =>
  (options: ModelOptions = {}): ResNet =>
    build(options, (numClasses) => initialise(() => new ResNet({ ...shape, numClasses }), initialWeights));

/** 11,689,512 parameters. */
export const resnet18 = factory({ block: BasicBlock, layers: [2, 2, 2, 2] });
/** 21,797,672 parameters. */
export const resnet34 = factory({ block: BasicBlock, layers: [3, 4, 6, 3] });
/** 25,557,032 parameters. */
export const resnet50 = factory({ block: Bottleneck, layers: [3, 4, 6, 3] });
/** 44,549,160 parameters. */
export const resnet101 = factory({ block: Bottleneck, layers: [3, 4, 23, 3] });
/** 60,192,808 parameters. */
export const resnet152 = factory({ block: Bottleneck, layers: [3, 8, 36, 3] });
/** ResNet-50 with twice as many channels inside its blocks; 68,883,240 parameters. */
export const wideResnet50_2 = factory({ block: Bottleneck, layers: [3, 4, 6, 3], widthPerGroup: 128 });
/** ResNet-101 with twice as many channels inside its blocks; 126,886,696 parameters. */
export const wideResnet101_2 = factory({ block: Bottleneck, layers: [3, 4, 23, 3], widthPerGroup: 128 });
/** 25,028,904 parameters. */
export const resnext50_32x4d = factory({ block: Bottleneck, layers: [3, 4, 6, 3], groups: 32, widthPerGroup: 4 });
/** 88,791,336 parameters. */
export const resnext101_32x8d = factory({ block: Bottleneck, layers: [3, 4, 23, 3], groups: 32, widthPerGroup: 8 });
/** 83,455,272 parameters. */
export const resnext101_64x4d = factory({ block: Bottleneck, layers: [3, 4, 23, 3], groups: 64, widthPerGroup: 4 });
