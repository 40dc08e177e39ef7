// ConvNeXt under torchvision's names and state-dict keys. Z. Liu and others, A ConvNet for the 2020s, 2022.
import { permute } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { GELU } from "../nn/activation.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { constant, truncNormal, zeros } from "../nn/init.ts";
import { Flatten, Linear } from "../nn/linear.ts";
import { type Layer, Module } from "../nn/module.ts";
import { LayerNorm } from "../nn/norm.ts";
import type { Parameter } from "../nn/parameter.ts";
import { AdaptiveAvgPool2d } from "../nn/pool.ts";
import { build, initialise, type ModelOptions } from "./build.ts";
import { Permute } from "./permute.ts";
import { StochasticDepth } from "./stochastic-depth.ts";

/** Layer normalisation over the channels of [N, C, H, W]. */
export class LayerNorm2d extends LayerNorm {
  constructor(channels: number) {
    super(channels, { eps: 1e-6 });
  }
  override forward(x: Tensor): Tensor {
    return permute(super.forward(permute(x, [0, 2, 3, 1])), [0, 3, 1, 2]);
  }
}

/** A 7×7 convolution per channel, then two products over the channels; its input is added, the change scaled per channel. */
export class CNBlock extends Module {
  readonly block: Sequential;
  declare layer_scale: Parameter;
  readonly stochastic_depth: StochasticDepth;

  constructor(channels: number, dropped: number) {
    super();
    this.block = new Sequential(
      new Conv2d(channels, channels, 7, { padding: 3, groups: channels }),
      new Permute([0, 2, 3, 1]),
      new LayerNorm(channels, { eps: 1e-6 }),
      new Linear(channels, 4 * channels),
      new GELU(),
      new Linear(4 * channels, channels),
      new Permute([0, 3, 1, 2]),
    );
    this.registerParameter("layer_scale", constant([channels, 1, 1], 1e-6));
    this.stochastic_depth = new StochasticDepth(dropped);
  }

  forward(x: Tensor): Tensor {
    return this.stochastic_depth.forward(this.layer_scale.mul(this.block.forward(x))).add(x);
  }
}

interface ConvNeXtShape {
  /** Channels of the four stages. */
  readonly widths: readonly number[];
  /** Blocks of the four stages. */
  readonly counts: readonly number[];
  /** How often the last block is left out in training; the first never is. */
  readonly dropped: number;
}

/**
 * ConvNeXt for images [N, 3, H, W], usually 224×224; gives scores [N, numClasses].
 *
 * @example convnextTiny({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class ConvNeXt extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly classifier: Sequential;

  constructor({ widths, counts, dropped }: ConvNeXtShape, numClasses = 1000) {
    super();
    const first = widths[0] as number;
    const layers: Layer[] = [new Sequential(new Conv2d(3, first, 4, { stride: 4 }), new LayerNorm2d(first))];
    const total = counts.reduce((a, b) => a + b, 0);
    let done = 0;
    widths.forEach((width, s) => {
      const blocks = Array.from({ length: counts[s] as number }, () => new CNBlock(width, (dropped * done++) / (total - 1)));
      layers.push(new Sequential(...blocks));
      const next = widths[s + 1];
      if (next !== undefined) layers.push(new Sequential(new LayerNorm2d(width), new Conv2d(width, next, 2, { stride: 2 })));
    });
    this.features = new Sequential(...layers);
    this.avgpool = new AdaptiveAvgPool2d(1);
    const last = widths[widths.length - 1] as number;
    this.classifier = new Sequential(new LayerNorm2d(last), new Flatten(1), new Linear(last, numClasses));
  }

  forward(x: Tensor): Tensor {
    return this.classifier.forward(this.avgpool.forward(this.features.forward(x)));
  }
}

/** torchvision's initialisation. */
function initialWeights(model: ConvNeXt): void {
  for (const module of model.modules()) {
    if (!(module instanceof Conv2d || module instanceof Linear)) continue;
    module.registerParameter("weight", truncNormal(module.weight.shape, 0, 0.02));
    module.registerParameter("bias", zeros([module.weight.shape[0] as number]));
  }
}

const factory =
  (shape: ConvNeXtShape) =>
  (options: ModelOptions = {}): ConvNeXt =>
    build(options, (numClasses) => initialise(() => new ConvNeXt(shape, numClasses), initialWeights));

/** 28,589,128 parameters. */
export const convnextTiny = factory({ widths: [96, 192, 384, 768], counts: [3, 3, 9, 3], dropped: 0.1 });
/** 50,223,688 parameters. */
export const convnextSmall = factory({ widths: [96, 192, 384, 768], counts: [3, 3, 27, 3], dropped: 0.4 });
/** 88,591,464 parameters. */
export const convnextBase = factory({ widths: [128, 256, 512, 1024], counts: [3, 3, 27, 3], dropped: 0.5 });
/** 197,767,336 parameters. */
export const convnextLarge = factory({ widths: [192, 384, 768, 1536], counts: [3, 3, 27, 3], dropped: 0.5 });
