// AlexNet under torchvision's names and state-dict keys. A. Krizhevsky, One weird trick for parallelizing convolutional networks, 2014.
import { flatten } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ReLU } from "../nn/activation.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { Dropout } from "../nn/dropout.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { AdaptiveAvgPool2d, MaxPool2d } from "../nn/pool.ts";
import { build, type ModelOptions } from "./build.ts";

const relu = () => new ReLU({ inplace: true });
const pool = () => new MaxPool2d(3, { stride: 2 });

/**
 * AlexNet for images [N, 3, H, W], usually 224×224; gives scores [N, numClasses].
 *
 * @example alexnet({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class AlexNet extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly classifier: Sequential;

  constructor(numClasses = 1000) {
    super();
    const convolutions = [
      [new Conv2d(3, 64, 11, { stride: 4, padding: 2 }), relu(), pool()],
      [new Conv2d(64, 192, 5, { padding: 2 }), relu(), pool()],
      [new Conv2d(192, 384, 3, { padding: 1 }), relu()],
      [new Conv2d(384, 256, 3, { padding: 1 }), relu()],
      [new Conv2d(256, 256, 3, { padding: 1 }), relu(), pool()],
    ];
    this.features = new Sequential(...convolutions.flat());
    this.avgpool = new AdaptiveAvgPool2d([6, 6]);
    this.classifier = new Sequential(
      new Dropout(0.5),
      new Linear(256 * 6 * 6, 4096),
      relu(),
      new Dropout(0.5),
      new Linear(4096, 4096),
      relu(),
      new Linear(4096, numClasses),
    );
  }

  forward(x: Tensor): Tensor {
    return this.classifier.forward(flatten(this.avgpool.forward(this.features.forward(x)), 1));
  }
}

/** 61,100,840 parameters. */
export const alexnet = (options: ModelOptions = {}): AlexNet => build(options, (numClasses) => new AlexNet(numClasses));
