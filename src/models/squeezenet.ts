// SqueezeNet 1.0 and 1.1 under torchvision's names and state-dict keys. F. Iandola and others, 2016.
import { cat, flatten } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ReLU } from "../nn/activation.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { Dropout } from "../nn/dropout.ts";
import { kaimingUniform, normal, zeros } from "../nn/init.ts";
import { type Layer, Module } from "../nn/module.ts";
import { AdaptiveAvgPool2d, MaxPool2d } from "../nn/pool.ts";
import { build, initialise, type ModelOptions } from "./build.ts";

const relu = () => new ReLU({ inplace: true });

/** Channels in, of the narrow convolution, and of each of the two wide ones. */
type FireShape = readonly [number, number, number];

/** Narrows by a 1×1 convolution, then widens by 1×1 and 3×3 convolutions side by side. */
export class Fire extends Module {
  readonly squeeze: Conv2d;
  readonly squeeze_activation: ReLU;
  readonly expand1x1: Conv2d;
  readonly expand1x1_activation: ReLU;
  readonly expand3x3: Conv2d;
  readonly expand3x3_activation: ReLU;

  constructor([from, squeezed, expanded]: FireShape) {
    super();
    this.squeeze = new Conv2d(from, squeezed, 1);
    this.squeeze_activation = relu();
    this.expand1x1 = new Conv2d(squeezed, expanded, 1);
    this.expand1x1_activation = relu();
    this.expand3x3 = new Conv2d(squeezed, expanded, 3, { padding: 1 });
    this.expand3x3_activation = relu();
  }

  forward(x: Tensor): Tensor {
    const narrow = this.squeeze_activation.forward(this.squeeze.forward(x));
    const wide = [
      this.expand1x1_activation.forward(this.expand1x1.forward(narrow)),
      this.expand3x3_activation.forward(this.expand3x3.forward(narrow)),
    ];
    return cat(wide, 1);
  }
}

type Stage = FireShape | "pool";

const versions = {
  "1_0": {
    stem: [96, 7],
    stages: [
      "pool",
      [96, 16, 64],
      [128, 16, 64],
      [128, 32, 128],
      "pool",
      [256, 32, 128],
      [256, 48, 192],
      [384, 48, 192],
      [384, 64, 256],
      "pool",
      [512, 64, 256],
    ],
  },
  "1_1": {
    stem: [64, 3],
    stages: [
      "pool",
      [64, 16, 64],
      [128, 16, 64],
      "pool",
      [128, 32, 128],
      [256, 32, 128],
      "pool",
      [256, 48, 192],
      [384, 48, 192],
      [384, 64, 256],
      [512, 64, 256],
    ],
  },
} as const satisfies Record<string, { readonly stem: readonly [number, number]; readonly stages: readonly Stage[] }>;

/**
 * SqueezeNet for images [N, 3, H, W], usually 224×224; gives scores [N, numClasses].
 *
 * @example squeezenet1_1({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class SqueezeNet extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor(version: keyof typeof versions, numClasses = 1000) {
    super();
    const { stem, stages } = versions[version];
    const layers: Layer[] = [new Conv2d(3, stem[0], stem[1], { stride: 2 }), relu()];
    for (const stage of stages) layers.push(stage === "pool" ? new MaxPool2d(3, { stride: 2, ceilMode: true }) : new Fire(stage));
    this.features = new Sequential(...layers);
    this.classifier = new Sequential(new Dropout(0.5), new Conv2d(512, numClasses, 1), relu(), new AdaptiveAvgPool2d(1));
  }

  forward(x: Tensor): Tensor {
    return flatten(this.classifier.forward(this.features.forward(x)), 1);
  }
}

/** torchvision's initialisation. */
function initialWeights(model: SqueezeNet): void {
  const last = model.classifier.at(1);
  for (const module of model.modules()) {
    if (!(module instanceof Conv2d)) continue;
    const { shape } = module.weight;
    module.registerParameter("weight", module === last ? normal(shape, 0, 0.01) : kaimingUniform(shape));
    module.registerParameter("bias", zeros([module.outChannels]));
  }
}

const factory =
  (version: keyof typeof versions) =>
  (options: ModelOptions = {}): SqueezeNet =>
    build(options, (numClasses) => initialise(() => new SqueezeNet(version, numClasses), initialWeights));

/** 1,248,424 parameters. */
export const squeezenet1_0 = factory("1_0");
/** 1,235,496 parameters. */
export const squeezenet1_1 = factory("1_1");
