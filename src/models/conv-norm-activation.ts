// The convolution, normalisation and activation that most of torchvision's later networks are made of, under its keys 0, 1 and 2.
import type { Tensor } from "../eager/tensor.ts";
import { BatchNorm2d, type BatchNormOptions } from "../nn/batch-norm.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { adaptiveAvgPool2d } from "../nn/functional/pool.ts";
import { kaimingNormal, zeros } from "../nn/init.ts";
import { declareKeepsNothing } from "../nn/keeps-nothing.ts";
import { type Layer, Module } from "../nn/module.ts";

/** Makes a new activation for each place. */
export type ActivationFactory = () => Layer;

export interface ConvNormActivationOptions {
  readonly stride?: number;
  readonly groups?: number;
  /** None for a projection. */
  readonly activation?: ActivationFactory | undefined;
  readonly norm?: BatchNormOptions;
}

/** A convolution without bias that keeps the size at stride 1, its batch normalisation and an activation. */
export class ConvNormActivation extends Sequential {
  constructor(from: number, to: number, kernelSize: number, options: ConvNormActivationOptions = {}) {
    const { stride = 1, groups = 1, activation, norm = {} } = options;
    super(
      new Conv2d(from, to, kernelSize, { stride, groups, padding: (kernelSize - 1) / 2, bias: false }),
      new BatchNorm2d(to, norm),
      ...(activation ? [activation()] : []),
    );
  }
  protected override printName(): string {
    return "Conv2dNormActivation";
  }
}

/**
 * Weighs channels by what they hold on average: x · scale(fc2(act(fc1(mean x)))).
 * J. Hu and others, Squeeze-and-Excitation Networks, 2017.
 */
export class SqueezeExcitation extends Module {
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;
  readonly activation: Layer;
  readonly scaleActivation: Layer;

  constructor(channels: number, squeezed: number, activation: Layer, scaleActivation: Layer) {
    super();
    this.fc1 = new Conv2d(channels, squeezed, 1);
    this.fc2 = new Conv2d(squeezed, channels, 1);
    this.activation = activation;
    this.scaleActivation = scaleActivation;
  }

  forward(x: Tensor): Tensor {
    const inner = this.activation.forward(this.fc1.forward(adaptiveAvgPool2d(x, 1)));
    return x.mul(this.scaleActivation.forward(this.fc2.forward(inner)));
  }
}

declareKeepsNothing("row", ConvNormActivation);
declareKeepsNothing("caller", SqueezeExcitation);

/** The nearest multiple of `divisor`, but never more than a tenth below `value`: how widths are rounded since MobileNet v1. */
export function makeDivisible(value: number, divisor: number): number {
  const rounded = Math.max(divisor, Math.floor((value + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * value ? rounded + divisor : rounded;
}

/** Convolutions as kaiming normal over their outputs, biases 0: the initialisation of most of these networks. */
export function initConvolutions(model: Module): void {
  for (const module of model.modules()) {
    if (!(module instanceof Conv2d)) continue;
    module.registerParameter("weight", kaimingNormal(module.weight.shape, { mode: "fanOut" }));
    if (module.bias) module.registerParameter("bias", zeros([module.outChannels]));
  }
}
