// GoogLeNet (Inception v1, with batch normalisation) under torchvision's names and state-dict keys. C. Szegedy and others, 2014.
import { cat, flatten } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { Sequential } from "../nn/container.ts";
import { Dropout } from "../nn/dropout.ts";
import { relu } from "../nn/functional/activation.ts";
import { adaptiveAvgPool2d } from "../nn/functional/pool.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { AdaptiveAvgPool2d, MaxPool2d } from "../nn/pool.ts";
import { BasicConv2d, initInception, transformInput } from "./basic-conv.ts";
import { build, initialise, type ModelOptions } from "./build.ts";

const conv1x1 = (from: number, to: number) => new BasicConv2d(from, to, 1);
const conv3x3 = (from: number, to: number) => new BasicConv2d(from, to, 3, { padding: 1 });
const pool = (size: number) => new MaxPool2d(size, { stride: 2, ceilMode: true });

/** Channels in; of the 1×1 branch; of the two 3×3 branches, narrowed and widened; of the pooled branch. */
type InceptionShape = readonly [number, number, number, number, number, number, number];

/** Four branches side by side. */
export class Inception extends Module {
  readonly branch1: BasicConv2d;
  readonly branch2: Sequential;
  readonly branch3: Sequential;
  readonly branch4: Sequential;

  constructor([from, c1, c3Reduced, c3, c5Reduced, c5, pooled]: InceptionShape) {
    super();
    this.branch1 = conv1x1(from, c1);
    this.branch2 = new Sequential(conv1x1(from, c3Reduced), conv3x3(c3Reduced, c3));
    // The paper has a 5×5 convolution here; the published weights were trained with 3×3.
    this.branch3 = new Sequential(conv1x1(from, c5Reduced), conv3x3(c5Reduced, c5));
    this.branch4 = new Sequential(new MaxPool2d(3, { stride: 1, padding: 1, ceilMode: true }), conv1x1(from, pooled));
  }

  forward(x: Tensor): Tensor {
    return cat([this.branch1.forward(x), this.branch2.forward(x), this.branch3.forward(x), this.branch4.forward(x)], 1);
  }
}

/** A classifier on maps from the middle of the network; it helps training only. */
export class InceptionAux extends Module {
  readonly conv: BasicConv2d;
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly dropout: Dropout;

  constructor(from: number, numClasses: number) {
    super();
    this.conv = conv1x1(from, 128);
    this.fc1 = new Linear(2048, 1024);
    this.fc2 = new Linear(1024, numClasses);
    this.dropout = new Dropout(0.7);
  }

  forward(x: Tensor): Tensor {
    const maps = flatten(this.conv.forward(adaptiveAvgPool2d(x, 4)), 1);
    return this.fc2.forward(this.dropout.forward(relu(this.fc1.forward(maps))));
  }
}

/** What training adds up: the scores of the main head and of the two auxiliary ones, [N, numClasses] each. */
export interface GoogLeNetOutputs {
  readonly logits: Tensor;
  readonly auxLogits2: Tensor;
  readonly auxLogits1: Tensor;
}

/**
 * GoogLeNet for images [N, 3, H, W], usually 224×224; gives scores [N, numClasses].
 *
 * @example googlenet({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class GoogLeNet extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly transformInput: boolean;
  readonly conv1 = new BasicConv2d(3, 64, 7, { stride: 2, padding: 3 });
  readonly maxpool1 = pool(3);
  readonly conv2 = conv1x1(64, 64);
  readonly conv3 = conv3x3(64, 192);
  readonly maxpool2 = pool(3);
  readonly inception3a = new Inception([192, 64, 96, 128, 16, 32, 32]);
  readonly inception3b = new Inception([256, 128, 128, 192, 32, 96, 64]);
  readonly maxpool3 = pool(3);
  readonly inception4a = new Inception([480, 192, 96, 208, 16, 48, 64]);
  readonly inception4b = new Inception([512, 160, 112, 224, 24, 64, 64]);
  readonly inception4c = new Inception([512, 128, 128, 256, 24, 64, 64]);
  readonly inception4d = new Inception([512, 112, 144, 288, 32, 64, 64]);
  readonly inception4e = new Inception([528, 256, 160, 320, 32, 128, 128]);
  readonly maxpool4 = pool(2);
  readonly inception5a = new Inception([832, 256, 160, 320, 32, 128, 128]);
  readonly inception5b = new Inception([832, 384, 192, 384, 48, 128, 128]);
  readonly aux1: InceptionAux;
  readonly aux2: InceptionAux;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly dropout = new Dropout(0.2);
  readonly fc: Linear;

  constructor(numClasses = 1000, options: { readonly transformInput?: boolean } = {}) {
    super();
    this.transformInput = options.transformInput ?? false;
    this.aux1 = new InceptionAux(512, numClasses);
    this.aux2 = new InceptionAux(528, numClasses);
    this.fc = new Linear(1024, numClasses);
  }

  /** The main head's scores, in either mode; `forwardWithAuxiliary` gives those of all three heads. */
  forward(x: Tensor): Tensor {
    return this.#head(this.#last(this.#middle(this.#first(x))));
  }

  /** What PyTorch's forward gives in train mode. */
  forwardWithAuxiliary(x: Tensor): GoogLeNetOutputs {
    const first = this.#first(x);
    const middle = this.#middle(first);
    const auxLogits1 = this.aux1.forward(first);
    const auxLogits2 = this.aux2.forward(middle);
    return { logits: this.#head(this.#last(middle)), auxLogits2, auxLogits1 };
  }

  /** Up to where the first auxiliary head reads. */
  #first(input: Tensor): Tensor {
    let x = this.transformInput ? transformInput(input) : input;
    x = this.maxpool1.forward(this.conv1.forward(x));
    x = this.maxpool2.forward(this.conv3.forward(this.conv2.forward(x)));
    x = this.maxpool3.forward(this.inception3b.forward(this.inception3a.forward(x)));
    return this.inception4a.forward(x);
  }

  #middle(x: Tensor): Tensor {
    return this.inception4d.forward(this.inception4c.forward(this.inception4b.forward(x)));
  }

  #last(x: Tensor): Tensor {
    const pooled = this.maxpool4.forward(this.inception4e.forward(x));
    return this.inception5b.forward(this.inception5a.forward(pooled));
  }

  #head(x: Tensor): Tensor {
    return this.fc.forward(this.dropout.forward(flatten(this.avgpool.forward(x), 1)));
  }
}

/** 13,004,888 parameters, the auxiliary heads included (6,624,904 without). `transformInput` is for the published weights. */
export const googlenet = (options: ModelOptions & { readonly transformInput?: boolean } = {}): GoogLeNet =>
  build(options, (numClasses) =>
    initialise(
      () => new GoogLeNet(numClasses, options),
      (model) => initInception(model, 0.01),
    ),
  );
