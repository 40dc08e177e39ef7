// What the Inception networks share: their convolution, their initialisation, and the input scale that their published weights want.
import { cat, narrow } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { BatchNorm2d } from "../nn/batch-norm.ts";
import { Conv2d, type ConvOptions } from "../nn/conv.ts";
import { relu } from "../nn/functional/activation.ts";
import { truncNormal } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import type { Size } from "../nn/options.ts";

/** A convolution without bias, batch normalisation and ReLU. */
export class BasicConv2d extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;

  constructor(from: number, to: number, kernelSize: Size, options: ConvOptions = {}) {
    super();
    this.conv = new Conv2d(from, to, kernelSize, { ...options, bias: false });
    this.bn = new BatchNorm2d(to, { eps: 0.001 });
  }

  forward(x: Tensor): Tensor {
    return relu(this.bn.forward(this.conv.forward(x)));
  }
}

/** From torchvision's usual normalisation of images to the one of −1 to 1 that the published weights were trained with. */
export function transformInput(x: Tensor): Tensor {
  const means = [0.485, 0.456, 0.406];
  const deviations = [0.229, 0.224, 0.225];
  const channels = means.map((mean, c) =>
    narrow(x, 1, c, 1)
      .mul((deviations[c] as number) / 0.5)
      .add((mean - 0.5) / 0.5),
  );
  return cat(channels, 1);
}

/** Weights from a normal distribution cut at ±2: of this deviation, or of another for the layers in `others`. */
export function initInception(model: Module, std: number, others: ReadonlyMap<Module, number> = new Map()): void {
  for (const module of model.modules()) {
    if (!(module instanceof Conv2d || module instanceof Linear)) continue;
    // Biases keep the layer's own initial values.
    if (module instanceof Linear) module.resetParameters();
    module.registerParameter("weight", truncNormal(module.weight.shape, 0, others.get(module) ?? std));
  }
}
