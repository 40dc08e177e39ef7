// VGG-11, 13, 16 and 19, with and without batch normalisation, under torchvision's names and state-dict keys.
// K. Simonyan and A. Zisserman, Very Deep Convolutional Networks, 2014.
import { flatten } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ReLU } from "../nn/activation.ts";
import { BatchNorm2d } from "../nn/batch-norm.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { Dropout } from "../nn/dropout.ts";
import { Linear } from "../nn/linear.ts";
import { type Layer, Module } from "../nn/module.ts";
import { AdaptiveAvgPool2d, MaxPool2d } from "../nn/pool.ts";
import { build, initialise, type ModelOptions, normalWeights } from "./build.ts";
import { initConvolutions } from "./conv-norm-activation.ts";

/** Channels of the 3×3 convolutions of each of the five stages; a 2×2 max pool ends a stage. */
type Stages = readonly (readonly number[])[];

const vgg11Stages: Stages = [[64], [128], [256, 256], [512, 512], [512, 512]];
const vgg13Stages: Stages = [
  [64, 64],
  [128, 128],
  [256, 256],
  [512, 512],
  [512, 512],
];
const vgg16Stages: Stages = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
];
const vgg19Stages: Stages = [
  [64, 64],
  [128, 128],
  [256, 256, 256, 256],
  [512, 512, 512, 512],
  [512, 512, 512, 512],
];

function features(stages: Stages, batchNorm: boolean): Sequential {
  const layers: Layer[] = [];
  let from = 3;
  for (const stage of stages) {
    for (const to of stage) {
      layers.push(new Conv2d(from, to, 3, { padding: 1 }));
      if (batchNorm) layers.push(new BatchNorm2d(to));
      layers.push(new ReLU({ inplace: true }));
      from = to;
    }
    layers.push(new MaxPool2d(2, { stride: 2 }));
  }
  return new Sequential(...layers);
}

/**
 * A VGG network for images [N, 3, H, W] of at least 32×32, usually 224×224; gives scores [N, numClasses].
 *
 * @example vgg16({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class VGG extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly classifier: Sequential;

  constructor(stages: Stages, options: { readonly batchNorm?: boolean; readonly numClasses?: number } = {}) {
    super();
    this.features = features(stages, options.batchNorm ?? false);
    this.avgpool = new AdaptiveAvgPool2d([7, 7]);
    this.classifier = new Sequential(
      new Linear(512 * 7 * 7, 4096),
      new ReLU({ inplace: true }),
      new Dropout(0.5),
      new Linear(4096, 4096),
      new ReLU({ inplace: true }),
      new Dropout(0.5),
      new Linear(4096, options.numClasses ?? 1000),
    );
  }

  forward(x: Tensor): Tensor {
    const maps = this.avgpool.forward(this.features.forward(x));
    return this.classifier.forward(flatten(maps, 1));
  }
}

/** torchvision's initialisation. */
function initialWeights(model: VGG): void {
  initConvolutions(model);
  normalWeights(model, 0.01);
}

const factory =
  (stages: Stages, batchNorm = false) =>
  (options: ModelOptions = {}): VGG =>
    build(options, (numClasses) => initialise(() => new VGG(stages, { batchNorm, numClasses }), initialWeights));

/** 132,863,336 parameters. */
export const vgg11 = factory(vgg11Stages);
/** 133,047,848 parameters. */
export const vgg13 = factory(vgg13Stages);
/** 138,357,544 parameters. */
export const vgg16 = factory(vgg16Stages);
/** 143,667,240 parameters. */
export const vgg19 = factory(vgg19Stages);
/** 132,868,840 parameters. */
export const vgg11Bn = factory(vgg11Stages, true);
/** 133,053,736 parameters. */
export const vgg13Bn = factory(vgg13Stages, true);
/** 138,365,992 parameters. */
export const vgg16Bn = factory(vgg16Stages, true);
/** 143,678,248 parameters. */
export const vgg19Bn = factory(vgg19Stages, true);
