// DenseNet under torchvision's names and state-dict keys. G. Huang and others, Densely Connected Convolutional Networks, 2016.
import { cat, flatten } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ReLU } from "../nn/activation.ts";
import { BatchNorm2d } from "../nn/batch-norm.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { relu as reluOf } from "../nn/functional/activation.ts";
import { adaptiveAvgPool2d } from "../nn/functional/pool.ts";
import { kaimingNormal, zeros } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import { type Layer, Module } from "../nn/module.ts";
import { AvgPool2d, MaxPool2d } from "../nn/pool.ts";
import { build, initialise, type ModelOptions } from "./build.ts";

const relu = () => new ReLU({ inplace: true });
/** The 1×1 convolution of a layer is this many times as wide as what the layer adds. */
const bottleneck = 4;

/** Normalises, narrows by 1×1, and computes `growth` new maps by 3×3. */
export class DenseLayer extends Module {
  readonly norm1: BatchNorm2d;
  readonly relu1: ReLU;
  readonly conv1: Conv2d;
  readonly norm2: BatchNorm2d;
  readonly relu2: ReLU;
  readonly conv2: Conv2d;

  constructor(from: number, growth: number) {
    super();
    this.norm1 = new BatchNorm2d(from);
    this.relu1 = relu();
    this.conv1 = new Conv2d(from, bottleneck * growth, 1, { bias: false });
    this.norm2 = new BatchNorm2d(bottleneck * growth);
    this.relu2 = relu();
    this.conv2 = new Conv2d(bottleneck * growth, growth, 3, { padding: 1, bias: false });
  }

  forward(x: Tensor): Tensor {
    const narrow = this.conv1.forward(this.relu1.forward(this.norm1.forward(x)));
    return this.conv2.forward(this.relu2.forward(this.norm2.forward(narrow)));
  }
  protected override printName(): string {
    return "_DenseLayer";
  }
}

/** Layers that each read what all before them computed. */
export class DenseBlock extends Module {
  constructor(count: number, from: number, growth: number) {
    super();
    // torchvision counts them from 1.
    for (let i = 0; i < count; i++) Object.assign(this, { [`denselayer${i + 1}`]: new DenseLayer(from + i * growth, growth) });
  }

  forward(x: Tensor): Tensor {
    const maps = [x];
    for (const layer of this.children()) if (layer instanceof DenseLayer) maps.push(layer.forward(maps.length === 1 ? x : cat(maps, 1)));
    return cat(maps, 1);
  }
  protected override printName(): string {
    return "_DenseBlock";
  }
}

const transition = (from: number) =>
  new Sequential({
    norm: new BatchNorm2d(from),
    relu: relu(),
    conv: new Conv2d(from, from / 2, 1, { bias: false }),
    pool: new AvgPool2d(2, { stride: 2 }),
  });

interface DenseNetShape {
  /** Maps that each layer adds. */
  readonly growth: number;
  /** Layers per block. */
  readonly blocks: readonly number[];
  /** Maps of the first convolution. */
  readonly first: number;
}

/**
 * DenseNet for images [N, 3, H, W], usually 224×224; gives scores [N, numClasses].
 *
 * @example densenet121({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class DenseNet extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly features: Sequential;
  readonly classifier: Linear;

  constructor({ growth, blocks, first }: DenseNetShape, numClasses = 1000) {
    super();
    const layers: Record<string, Layer> = {
      conv0: new Conv2d(3, first, 7, { stride: 2, padding: 3, bias: false }),
      norm0: new BatchNorm2d(first),
      relu0: relu(),
      pool0: new MaxPool2d(3, { stride: 2, padding: 1 }),
    };
    let channels = first;
    blocks.forEach((count, i) => {
      layers[`denseblock${i + 1}`] = new DenseBlock(count, channels, growth);
      channels += count * growth;
      if (i === blocks.length - 1) return;
      layers[`transition${i + 1}`] = transition(channels);
      channels /= 2;
    });
    layers.norm5 = new BatchNorm2d(channels);
    this.features = new Sequential(layers);
    this.classifier = new Linear(channels, numClasses);
  }

  forward(x: Tensor): Tensor {
    const maps = reluOf(this.features.forward(x));
    return this.classifier.forward(flatten(adaptiveAvgPool2d(maps, 1), 1));
  }
}

/** torchvision's initialisation. */
function initialWeights(model: DenseNet): void {
  for (const module of model.modules())
    if (module instanceof Conv2d) module.registerParameter("weight", kaimingNormal(module.weight.shape));
  model.classifier.resetParameters();
  model.classifier.registerParameter("bias", zeros([model.classifier.outFeatures]));
}

const factory =
  (shape: DenseNetShape) =>
  (options: ModelOptions = {}): DenseNet =>
    build(options, (numClasses) => initialise(() => new DenseNet(shape, numClasses), initialWeights));

/** 7,978,856 parameters. */
export const densenet121 = factory({ growth: 32, blocks: [6, 12, 24, 16], first: 64 });
/** 28,681,000 parameters. */
export const densenet161 = factory({ growth: 48, blocks: [6, 12, 36, 24], first: 96 });
/** 14,149,480 parameters. */
export const densenet169 = factory({ growth: 32, blocks: [6, 12, 32, 32], first: 64 });
/** 20,013,928 parameters. */
export const densenet201 = factory({ growth: 32, blocks: [6, 12, 48, 32], first: 64 });
