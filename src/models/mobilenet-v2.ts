// MobileNet v2 under torchvision's names and state-dict keys.
// M. Sandler and others, Inverted Residuals and Linear Bottlenecks, 2018.
import { flatten } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ReLU6 } from "../nn/activation.ts";
import { BatchNorm2d } from "../nn/batch-norm.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { Dropout } from "../nn/dropout.ts";
import { adaptiveAvgPool2d } from "../nn/functional/pool.ts";
import { declareKeepsNothing } from "../nn/keeps-nothing.ts";
import { Linear } from "../nn/linear.ts";
import { type Layer, Module } from "../nn/module.ts";
import { build, initialise, type ModelOptions, normalWeights } from "./build.ts";
import { ConvNormActivation, initConvolutions } from "./conv-norm-activation.ts";

const activation = () => new ReLU6({ inplace: true });

/** Widens by a 1×1 convolution, filters each channel on its own, narrows again; adds its input where the shape is the same. */
export class InvertedResidual extends Module {
  readonly conv: Sequential;
  readonly addsInput: boolean;

  constructor(from: number, to: number, stride: number, expandRatio: number) {
    super();
    const hidden = from * expandRatio;
    const layers: Layer[] = expandRatio === 1 ? [] : [new ConvNormActivation(from, hidden, 1, { activation })];
    layers.push(
      new ConvNormActivation(hidden, hidden, 3, { stride, groups: hidden, activation }),
      new Conv2d(hidden, to, 1, { bias: false }),
      new BatchNorm2d(to),
    );
    this.conv = new Sequential(...layers);
    this.addsInput = stride === 1 && from === to;
  }

  forward(x: Tensor): Tensor {
    const y = this.conv.forward(x);
    return this.addsInput ? x.add(y) : y;
  }
}
declareKeepsNothing("caller", InvertedResidual);

/** Per stage: expansion, output channels, blocks, stride of the first block. */
const stages = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/**
 * MobileNet v2 for images [N, 3, H, W], usually 224×224; gives scores [N, numClasses].
 *
 * @example mobilenetV2({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class MobileNetV2 extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor(numClasses = 1000) {
    super();
    const layers: Layer[] = [new ConvNormActivation(3, 32, 3, { stride: 2, activation })];
    let from = 32;
    for (const [expandRatio, to, count, stride] of stages)
      for (let i = 0; i < count; i++) {
        layers.push(new InvertedResidual(from, to, i === 0 ? stride : 1, expandRatio));
        from = to;
      }
    layers.push(new ConvNormActivation(from, 1280, 1, { activation }));
    this.features = new Sequential(...layers);
    this.classifier = new Sequential(new Dropout(0.2), new Linear(1280, numClasses));
  }

  forward(x: Tensor): Tensor {
    const pooled = adaptiveAvgPool2d(this.features.forward(x), 1);
    return this.classifier.forward(flatten(pooled, 1));
  }
}

/** torchvision's initialisation. */
function initialWeights(model: MobileNetV2): void {
  initConvolutions(model);
  normalWeights(model, 0.01);
}

/** 3,504,872 parameters. */
export const mobilenetV2 = (options: ModelOptions = {}): MobileNetV2 =>
  build(options, (numClasses) => initialise(() => new MobileNetV2(numClasses), initialWeights));
