// MobileNet v3, large and small, under torchvision's names and state-dict keys. A. Howard and others, Searching for MobileNetV3, 2019.
import { flatten } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { Hardsigmoid, Hardswish, ReLU } from "../nn/activation.ts";
import { Sequential } from "../nn/container.ts";
import { Dropout } from "../nn/dropout.ts";
import { adaptiveAvgPool2d } from "../nn/functional/pool.ts";
import { declareKeepsNothing } from "../nn/keeps-nothing.ts";
import { Linear } from "../nn/linear.ts";
import { type Layer, Module } from "../nn/module.ts";
import { residual } from "../nn/through.ts";
import { build, initialise, type ModelOptions, normalWeights } from "./build.ts";
import { ConvNormActivation, initConvolutions, makeDivisible, SqueezeExcitation } from "./conv-norm-activation.ts";

const norm = { eps: 0.001, momentum: 0.01 };
const activations = { RE: () => new ReLU({ inplace: true }), HS: () => new Hardswish({ inplace: true }) };

/** Kernel, widened channels, channels out, whether it weighs channels, activation, stride. */
type Row = readonly [kernel: number, expanded: number, to: number, excites: boolean, activation: keyof typeof activations, stride: number];

const large: readonly Row[] = [
  [3, 16, 16, false, "RE", 1],
  [3, 64, 24, false, "RE", 2],
  [3, 72, 24, false, "RE", 1],
  [5, 72, 40, true, "RE", 2],
  [5, 120, 40, true, "RE", 1],
  [5, 120, 40, true, "RE", 1],
  [3, 240, 80, false, "HS", 2],
  [3, 200, 80, false, "HS", 1],
  [3, 184, 80, false, "HS", 1],
  [3, 184, 80, false, "HS", 1],
  [3, 480, 112, true, "HS", 1],
  [3, 672, 112, true, "HS", 1],
  [5, 672, 160, true, "HS", 2],
  [5, 960, 160, true, "HS", 1],
  [5, 960, 160, true, "HS", 1],
];

const small: readonly Row[] = [
  [3, 16, 16, true, "RE", 2],
  [3, 72, 24, false, "RE", 2],
  [3, 88, 24, false, "RE", 1],
  [5, 96, 40, true, "HS", 2],
  [5, 240, 40, true, "HS", 1],
  [5, 240, 40, true, "HS", 1],
  [5, 120, 48, true, "HS", 1],
  [5, 144, 48, true, "HS", 1],
  [5, 288, 96, true, "HS", 2],
  [5, 576, 96, true, "HS", 1],
  [5, 576, 96, true, "HS", 1],
];

/** Widens, filters each channel on its own, weighs the channels, narrows; adds its input where the shape is the same. */
export class InvertedResidualV3 extends Module {
  readonly block: Sequential;
  readonly addsInput: boolean;

  constructor(from: number, [kernel, expanded, to, excites, name, stride]: Row) {
    super();
    const activation = activations[name];
    const layers: Layer[] = expanded === from ? [] : [new ConvNormActivation(from, expanded, 1, { activation, norm })];
    layers.push(new ConvNormActivation(expanded, expanded, kernel, { stride, groups: expanded, activation, norm }));
    if (excites) layers.push(new SqueezeExcitation(expanded, makeDivisible(expanded / 4, 8), new ReLU(), new Hardsigmoid()));
    layers.push(new ConvNormActivation(expanded, to, 1, { norm }));
    this.block = new Sequential(...layers);
    this.addsInput = stride === 1 && from === to;
  }

  forward(x: Tensor): Tensor {
    return this.addsInput ? residual(x, { branch: [this.block] }) : this.block.forward(x);
  }
  protected override printName(): string {
    return "InvertedResidual";
  }
}
declareKeepsNothing("caller", InvertedResidualV3);

/**
 * MobileNet v3 for images [N, 3, H, W], usually 224×224; gives scores [N, numClasses].
 *
 * @example mobilenetV3Large({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class MobileNetV3 extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly features: Sequential;
  readonly classifier: Sequential;

  constructor(rows: readonly Row[], lastChannels: number, numClasses = 1000) {
    super();
    const activation = activations.HS;
    const layers: Layer[] = [new ConvNormActivation(3, 16, 3, { stride: 2, activation, norm })];
    let from = 16;
    for (const row of rows) {
      layers.push(new InvertedResidualV3(from, row));
      from = row[2];
    }
    layers.push(new ConvNormActivation(from, 6 * from, 1, { activation, norm }));
    this.features = new Sequential(...layers);
    this.classifier = new Sequential(
      new Linear(6 * from, lastChannels),
      activation(),
      new Dropout(0.2, { inplace: true }),
      new Linear(lastChannels, numClasses),
    );
  }

  forward(x: Tensor): Tensor {
    return this.classifier.forward(flatten(adaptiveAvgPool2d(this.features.forward(x), 1), 1));
  }
}

/** torchvision's initialisation. */
function initialWeights(model: MobileNetV3): void {
  initConvolutions(model);
  normalWeights(model, 0.01);
}

const factory =
  (rows: readonly Row[], lastChannels: number) =>
  (options: ModelOptions = {}): MobileNetV3 =>
    build(options, (numClasses) => initialise(() => new MobileNetV3(rows, lastChannels, numClasses), initialWeights));

/** 5,483,032 parameters. */
export const mobilenetV3Large = factory(large, 1280);
/** 2,542,856 parameters. */
export const mobilenetV3Small = factory(small, 1024);
