// EfficientNet b0 to b7 under torchvision's names and state-dict keys. M. Tan and Q. Le, EfficientNet, 2019.
import { flatten } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { Sigmoid, SiLU } from "../nn/activation.ts";
import type { BatchNormOptions } from "../nn/batch-norm.ts";
import { Sequential } from "../nn/container.ts";
import { Dropout } from "../nn/dropout.ts";
import { uniform, zeros } from "../nn/init.ts";
import { declareKeepsNothing } from "../nn/keeps-nothing.ts";
import { Linear } from "../nn/linear.ts";
import { type Layer, Module } from "../nn/module.ts";
import { AdaptiveAvgPool2d } from "../nn/pool.ts";
import { residual } from "../nn/through.ts";
import { build, initialise, type ModelOptions } from "./build.ts";
import { ConvNormActivation, initConvolutions, makeDivisible, SqueezeExcitation } from "./conv-norm-activation.ts";
import { StochasticDepth } from "./stochastic-depth.ts";

const activation = () => new SiLU({ inplace: true });

interface BlockShape {
  readonly from: number;
  readonly to: number;
  readonly expandRatio: number;
  readonly kernel: number;
  readonly stride: number;
  readonly norm: BatchNormOptions;
  /** How often the block is left out in training. */
  readonly dropped: number;
}

/** Widens, filters each channel on its own, weighs the channels, narrows; adds its input where the shape is the same. */
export class MBConv extends Module {
  readonly block: Sequential;
  readonly stochastic_depth: StochasticDepth;
  readonly addsInput: boolean;

  constructor({ from, to, expandRatio, kernel, stride, norm, dropped }: BlockShape) {
    super();
    const expanded = makeDivisible(from * expandRatio, 8);
    const layers: Layer[] = expanded === from ? [] : [new ConvNormActivation(from, expanded, 1, { activation, norm })];
    layers.push(
      new ConvNormActivation(expanded, expanded, kernel, { stride, groups: expanded, activation, norm }),
      new SqueezeExcitation(expanded, Math.max(1, Math.floor(from / 4)), activation(), new Sigmoid()),
      new ConvNormActivation(expanded, to, 1, { norm }),
    );
    this.block = new Sequential(...layers);
    this.stochastic_depth = new StochasticDepth(dropped);
    this.addsInput = stride === 1 && from === to;
  }

  forward(x: Tensor): Tensor {
    return this.addsInput ? residual(x, { branch: [this.block, this.stochastic_depth] }) : this.block.forward(x);
  }
}
declareKeepsNothing("caller", MBConv);

/** Per stage of b0: expansion, kernel, stride, channels in, channels out, blocks. */
const stages = [
  [1, 3, 1, 32, 16, 1],
  [6, 3, 2, 16, 24, 2],
  [6, 5, 2, 24, 40, 2],
  [6, 3, 2, 40, 80, 3],
  [6, 5, 1, 80, 112, 3],
  [6, 5, 2, 112, 192, 4],
  [6, 3, 1, 192, 320, 1],
] as const;

interface EfficientNetShape {
  /** Factor on the channels of b0. */
  readonly width: number;
  /** Factor on its blocks per stage. */
  readonly depth: number;
  readonly dropout: number;
  readonly norm?: BatchNormOptions;
}

/**
 * EfficientNet for images [N, 3, H, W] (224×224 for b0, larger for the others); gives scores [N, numClasses].
 *
 * @example efficientnetB0({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class EfficientNet extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly classifier: Sequential;

  constructor({ width, depth, dropout, norm = {} }: EfficientNetShape, numClasses = 1000) {
    super();
    const channels = (n: number) => makeDivisible(n * width, 8);
    const counts = stages.map((row) => Math.ceil(row[5] * depth));
    const total = counts.reduce((a, b) => a + b, 0);
    const layers: Layer[] = [new ConvNormActivation(3, channels(32), 3, { stride: 2, activation, norm })];
    let done = 0;
    stages.forEach(([expandRatio, kernel, stride, from, to], s) => {
      const blocks = Array.from({ length: counts[s] as number }, (_, i) => {
        const place = i === 0 ? { from: channels(from), stride } : { from: channels(to), stride: 1 };
        return new MBConv({ ...place, to: channels(to), expandRatio, kernel, norm, dropped: (0.2 * done++) / total });
      });
      layers.push(new Sequential(...blocks));
    });
    const last = channels(320);
    layers.push(new ConvNormActivation(last, 4 * last, 1, { activation, norm }));
    this.features = new Sequential(...layers);
    this.avgpool = new AdaptiveAvgPool2d(1);
    this.classifier = new Sequential(new Dropout(dropout, { inplace: true }), new Linear(4 * last, numClasses));
  }

  forward(x: Tensor): Tensor {
    return this.classifier.forward(flatten(this.avgpool.forward(this.features.forward(x)), 1));
  }
}

/** torchvision's initialisation. */
function initialWeights(model: EfficientNet): void {
  initConvolutions(model);
  const head = model.classifier.at(1) as Linear;
  const bound = 1 / Math.sqrt(head.outFeatures);
  head.registerParameter("weight", uniform(head.weight.shape, -bound, bound));
  head.registerParameter("bias", zeros([head.outFeatures]));
}

const factory =
  (shape: EfficientNetShape) =>
  (options: ModelOptions = {}): EfficientNet =>
    build(options, (numClasses) => initialise(() => new EfficientNet(shape, numClasses), initialWeights));

const largeNorm = { eps: 0.001, momentum: 0.01 };
/** 5,288,548 parameters. */
export const efficientnetB0 = factory({ width: 1, depth: 1, dropout: 0.2 });
/** 7,794,184 parameters. */
export const efficientnetB1 = factory({ width: 1, depth: 1.1, dropout: 0.2 });
/** 9,109,994 parameters. */
export const efficientnetB2 = factory({ width: 1.1, depth: 1.2, dropout: 0.3 });
/** 12,233,232 parameters. */
export const efficientnetB3 = factory({ width: 1.2, depth: 1.4, dropout: 0.3 });
/** 19,341,616 parameters. */
export const efficientnetB4 = factory({ width: 1.4, depth: 1.8, dropout: 0.4 });
/** 30,389,784 parameters. */
export const efficientnetB5 = factory({ width: 1.6, depth: 2.2, dropout: 0.4, norm: largeNorm });
/** 43,040,704 parameters. */
export const efficientnetB6 = factory({ width: 1.8, depth: 2.6, dropout: 0.5, norm: largeNorm });
/** 66,347,960 parameters. */
export const efficientnetB7 = factory({ width: 2, depth: 3.1, dropout: 0.5, norm: largeNorm });
