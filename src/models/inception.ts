// Inception v3 under torchvision's names and state-dict keys. C. Szegedy and others, Rethinking the Inception Architecture, 2015.
import { cat, flatten } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { Dropout } from "../nn/dropout.ts";
import { adaptiveAvgPool2d, avgPool2d, maxPool2d } from "../nn/functional/pool.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { AdaptiveAvgPool2d, MaxPool2d } from "../nn/pool.ts";
import { BasicConv2d, initInception, transformInput } from "./basic-conv.ts";
import { build, initialise, type ModelOptions } from "./build.ts";

const conv1x1 = (from: number, to: number) => new BasicConv2d(from, to, 1);
const conv3x3 = (from: number, to: number) => new BasicConv2d(from, to, 3, { padding: 1 });
/** A 3×3 convolution that halves the size, without padding. */
const halving = (from: number, to: number) => new BasicConv2d(from, to, 3, { stride: 2 });
/** An n×n convolution as two: one along rows, one along columns. */
const wide = (from: number, to: number, n: number) => new BasicConv2d(from, to, [1, n], { padding: [0, (n - 1) / 2] });
const tall = (from: number, to: number, n: number) => new BasicConv2d(from, to, [n, 1], { padding: [(n - 1) / 2, 0] });
const averaged = (x: Tensor) => avgPool2d(x, 3, { stride: 1, padding: 1 });

/** At 35×35: 1×1, 5×5, two 3×3 in a row, and a pooled branch. */
export class InceptionA extends Module {
  readonly branch1x1: BasicConv2d;
  readonly branch5x5_1: BasicConv2d;
  readonly branch5x5_2: BasicConv2d;
  readonly branch3x3dbl_1: BasicConv2d;
  readonly branch3x3dbl_2: BasicConv2d;
  readonly branch3x3dbl_3: BasicConv2d;
  readonly branch_pool: BasicConv2d;

  constructor(from: number, pooled: number) {
    super();
    this.branch1x1 = conv1x1(from, 64);
    this.branch5x5_1 = conv1x1(from, 48);
    this.branch5x5_2 = new BasicConv2d(48, 64, 5, { padding: 2 });
    this.branch3x3dbl_1 = conv1x1(from, 64);
    this.branch3x3dbl_2 = conv3x3(64, 96);
    this.branch3x3dbl_3 = conv3x3(96, 96);
    this.branch_pool = conv1x1(from, pooled);
  }

  forward(x: Tensor): Tensor {
    const five = this.branch5x5_2.forward(this.branch5x5_1.forward(x));
    const twice = this.branch3x3dbl_3.forward(this.branch3x3dbl_2.forward(this.branch3x3dbl_1.forward(x)));
    return cat([this.branch1x1.forward(x), five, twice, this.branch_pool.forward(averaged(x))], 1);
  }
}

/** From 35×35 to 17×17. */
export class InceptionB extends Module {
  readonly branch3x3: BasicConv2d;
  readonly branch3x3dbl_1: BasicConv2d;
  readonly branch3x3dbl_2: BasicConv2d;
  readonly branch3x3dbl_3: BasicConv2d;

  constructor(from: number) {
    super();
    this.branch3x3 = halving(from, 384);
    this.branch3x3dbl_1 = conv1x1(from, 64);
    this.branch3x3dbl_2 = conv3x3(64, 96);
    this.branch3x3dbl_3 = halving(96, 96);
  }

  forward(x: Tensor): Tensor {
    const twice = this.branch3x3dbl_3.forward(this.branch3x3dbl_2.forward(this.branch3x3dbl_1.forward(x)));
    return cat([this.branch3x3.forward(x), twice, maxPool2d(x, 3, { stride: 2 })], 1);
  }
}

/** At 17×17: 7×7 convolutions, each as a row and a column. */
export class InceptionC extends Module {
  readonly branch1x1: BasicConv2d;
  readonly branch7x7_1: BasicConv2d;
  readonly branch7x7_2: BasicConv2d;
  readonly branch7x7_3: BasicConv2d;
  readonly branch7x7dbl_1: BasicConv2d;
  readonly branch7x7dbl_2: BasicConv2d;
  readonly branch7x7dbl_3: BasicConv2d;
  readonly branch7x7dbl_4: BasicConv2d;
  readonly branch7x7dbl_5: BasicConv2d;
  readonly branch_pool: BasicConv2d;

  constructor(from: number, inner: number) {
    super();
    this.branch1x1 = conv1x1(from, 192);
    this.branch7x7_1 = conv1x1(from, inner);
    this.branch7x7_2 = wide(inner, inner, 7);
    this.branch7x7_3 = tall(inner, 192, 7);
    this.branch7x7dbl_1 = conv1x1(from, inner);
    this.branch7x7dbl_2 = tall(inner, inner, 7);
    this.branch7x7dbl_3 = wide(inner, inner, 7);
    this.branch7x7dbl_4 = tall(inner, inner, 7);
    this.branch7x7dbl_5 = wide(inner, 192, 7);
    this.branch_pool = conv1x1(from, 192);
  }

  forward(x: Tensor): Tensor {
    const seven = this.branch7x7_3.forward(this.branch7x7_2.forward(this.branch7x7_1.forward(x)));
    let twice = this.branch7x7dbl_3.forward(this.branch7x7dbl_2.forward(this.branch7x7dbl_1.forward(x)));
    twice = this.branch7x7dbl_5.forward(this.branch7x7dbl_4.forward(twice));
    return cat([this.branch1x1.forward(x), seven, twice, this.branch_pool.forward(averaged(x))], 1);
  }
}

/** From 17×17 to 8×8. */
export class InceptionD extends Module {
  readonly branch3x3_1: BasicConv2d;
  readonly branch3x3_2: BasicConv2d;
  readonly branch7x7x3_1: BasicConv2d;
  readonly branch7x7x3_2: BasicConv2d;
  readonly branch7x7x3_3: BasicConv2d;
  readonly branch7x7x3_4: BasicConv2d;

  constructor(from: number) {
    super();
    this.branch3x3_1 = conv1x1(from, 192);
    this.branch3x3_2 = halving(192, 320);
    this.branch7x7x3_1 = conv1x1(from, 192);
    this.branch7x7x3_2 = wide(192, 192, 7);
    this.branch7x7x3_3 = tall(192, 192, 7);
    this.branch7x7x3_4 = halving(192, 192);
  }

  forward(x: Tensor): Tensor {
    const three = this.branch3x3_2.forward(this.branch3x3_1.forward(x));
    const seven = this.branch7x7x3_3.forward(this.branch7x7x3_2.forward(this.branch7x7x3_1.forward(x)));
    return cat([three, this.branch7x7x3_4.forward(seven), maxPool2d(x, 3, { stride: 2 })], 1);
  }
}

/** At 8×8: 3×3 convolutions whose row and column stand side by side. */
export class InceptionE extends Module {
  readonly branch1x1: BasicConv2d;
  readonly branch3x3_1: BasicConv2d;
  readonly branch3x3_2a: BasicConv2d;
  readonly branch3x3_2b: BasicConv2d;
  readonly branch3x3dbl_1: BasicConv2d;
  readonly branch3x3dbl_2: BasicConv2d;
  readonly branch3x3dbl_3a: BasicConv2d;
  readonly branch3x3dbl_3b: BasicConv2d;
  readonly branch_pool: BasicConv2d;

  constructor(from: number) {
    super();
    this.branch1x1 = conv1x1(from, 320);
    this.branch3x3_1 = conv1x1(from, 384);
    this.branch3x3_2a = wide(384, 384, 3);
    this.branch3x3_2b = tall(384, 384, 3);
    this.branch3x3dbl_1 = conv1x1(from, 448);
    this.branch3x3dbl_2 = conv3x3(448, 384);
    this.branch3x3dbl_3a = wide(384, 384, 3);
    this.branch3x3dbl_3b = tall(384, 384, 3);
    this.branch_pool = conv1x1(from, 192);
  }

  forward(x: Tensor): Tensor {
    const three = this.branch3x3_1.forward(x);
    const twice = this.branch3x3dbl_2.forward(this.branch3x3dbl_1.forward(x));
    const branches = [
      this.branch1x1.forward(x),
      this.branch3x3_2a.forward(three),
      this.branch3x3_2b.forward(three),
      this.branch3x3dbl_3a.forward(twice),
      this.branch3x3dbl_3b.forward(twice),
      this.branch_pool.forward(averaged(x)),
    ];
    return cat(branches, 1);
  }
}

/** A classifier on the maps at 17×17; it helps training only. */
export class InceptionAux3 extends Module {
  readonly conv0: BasicConv2d;
  readonly conv1: BasicConv2d;
  readonly fc: Linear;

  constructor(from: number, numClasses: number) {
    super();
    this.conv0 = conv1x1(from, 128);
    this.conv1 = new BasicConv2d(128, 768, 5);
    this.fc = new Linear(768, numClasses);
  }

  forward(x: Tensor): Tensor {
    const maps = this.conv1.forward(this.conv0.forward(avgPool2d(x, 5, { stride: 3 })));
    return this.fc.forward(flatten(adaptiveAvgPool2d(maps, 1), 1));
  }
  protected override printName(): string {
    return "InceptionAux";
  }
}

/** The scores of the main head and of the auxiliary one, [N, numClasses] each. */
export interface InceptionOutputs {
  readonly logits: Tensor;
  readonly auxLogits: Tensor;
}

/**
 * Inception v3 for images [N, 3, H, W], usually 299×299; gives scores [N, numClasses].
 *
 * @example inceptionV3({ seed: 0 }).eval().forward(randn([1, 3, 299, 299], { seed: 1 }))
 */
export class Inception3 extends Module {
  static readonly inputs = "float32[batch=1, 3, 299, 299]";
  readonly transformInput: boolean;
  readonly Conv2d_1a_3x3 = halving(3, 32);
  readonly Conv2d_2a_3x3 = new BasicConv2d(32, 32, 3);
  readonly Conv2d_2b_3x3 = conv3x3(32, 64);
  readonly maxpool1 = new MaxPool2d(3, { stride: 2 });
  readonly Conv2d_3b_1x1 = conv1x1(64, 80);
  readonly Conv2d_4a_3x3 = new BasicConv2d(80, 192, 3);
  readonly maxpool2 = new MaxPool2d(3, { stride: 2 });
  readonly Mixed_5b = new InceptionA(192, 32);
  readonly Mixed_5c = new InceptionA(256, 64);
  readonly Mixed_5d = new InceptionA(288, 64);
  readonly Mixed_6a = new InceptionB(288);
  readonly Mixed_6b = new InceptionC(768, 128);
  readonly Mixed_6c = new InceptionC(768, 160);
  readonly Mixed_6d = new InceptionC(768, 160);
  readonly Mixed_6e = new InceptionC(768, 192);
  readonly AuxLogits: InceptionAux3;
  readonly Mixed_7a = new InceptionD(768);
  readonly Mixed_7b = new InceptionE(1280);
  readonly Mixed_7c = new InceptionE(2048);
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly dropout = new Dropout(0.5);
  readonly fc: Linear;

  constructor(numClasses = 1000, options: { readonly transformInput?: boolean } = {}) {
    super();
    this.transformInput = options.transformInput ?? false;
    this.AuxLogits = new InceptionAux3(768, numClasses);
    this.fc = new Linear(2048, numClasses);
  }

  /** The main head's scores, in either mode; `forwardWithAuxiliary` gives those of both heads. */
  forward(x: Tensor): Tensor {
    return this.#head(this.#maps17(x));
  }

  /** What PyTorch's forward gives in train mode. */
  forwardWithAuxiliary(x: Tensor): InceptionOutputs {
    const maps = this.#maps17(x);
    const auxLogits = this.AuxLogits.forward(maps);
    return { logits: this.#head(maps), auxLogits };
  }

  #maps17(input: Tensor): Tensor {
    let x = this.transformInput ? transformInput(input) : input;
    for (const layer of [
      this.Conv2d_1a_3x3,
      this.Conv2d_2a_3x3,
      this.Conv2d_2b_3x3,
      this.maxpool1,
      this.Conv2d_3b_1x1,
      this.Conv2d_4a_3x3,
      this.maxpool2,
      this.Mixed_5b,
      this.Mixed_5c,
      this.Mixed_5d,
      this.Mixed_6a,
      this.Mixed_6b,
      this.Mixed_6c,
      this.Mixed_6d,
      this.Mixed_6e,
    ])
      x = layer.forward(x);
    return x;
  }

  #head(x: Tensor): Tensor {
    const maps = this.Mixed_7c.forward(this.Mixed_7b.forward(this.Mixed_7a.forward(x)));
    return this.fc.forward(flatten(this.dropout.forward(this.avgpool.forward(maps)), 1));
  }
}

/** torchvision's initialisation. */
function initialWeights(model: Inception3): void {
  const { conv1, fc } = model.AuxLogits;
  initInception(
    model,
    0.1,
    new Map<Module, number>([
      [conv1.conv, 0.01],
      [fc, 0.001],
    ]),
  );
}

/** 27,161,264 parameters, the auxiliary head included. `transformInput` is for the published weights. */
export const inceptionV3 = (options: ModelOptions & { readonly transformInput?: boolean } = {}): Inception3 =>
  build(options, (numClasses) => initialise(() => new Inception3(numClasses, options), initialWeights));
