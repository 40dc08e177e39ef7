// Swin Transformers, v1 and v2, under torchvision's names and state-dict keys. Z. Liu and others, Swin Transformer, 2021, and V2, 2022.
import { flatten, permute } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { GELU } from "../nn/activation.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { Dropout } from "../nn/dropout.ts";
import { fans, truncNormal, uniform, zeros } from "../nn/init.ts";
import { Flatten, Linear } from "../nn/linear.ts";
import { type Layer, Module } from "../nn/module.ts";
import { LayerNorm } from "../nn/norm.ts";
import { AdaptiveAvgPool2d } from "../nn/pool.ts";
import { build, initialise, type ModelOptions } from "./build.ts";
import { Permute } from "./permute.ts";
import { StochasticDepth } from "./stochastic-depth.ts";
import { ShiftedWindowAttention, ShiftedWindowAttentionV2 } from "./swin-attention.ts";
import { PatchMerging, PatchMergingV2 } from "./swin-merging.ts";

interface SwinShape {
  readonly version: 1 | 2;
  readonly channels: number;
  /** Blocks per stage. */
  readonly counts: readonly number[];
  /** Attention heads per stage. */
  readonly heads: readonly number[];
  readonly window: number;
  /** How often the last block is left out in training; the first never is. */
  readonly dropped: number;
}

interface BlockShape {
  readonly version: 1 | 2;
  readonly channels: number;
  readonly heads: number;
  readonly window: number;
  readonly shift: number;
  readonly dropped: number;
}

/** Attention within windows and an MLP over [N, H, W, C]. Version 1 normalises before each of them, version 2 behind. */
export class SwinTransformerBlock extends Module {
  readonly version: 1 | 2;
  readonly norm1: LayerNorm;
  readonly attn: ShiftedWindowAttention;
  readonly stochastic_depth: StochasticDepth;
  readonly norm2: LayerNorm;
  readonly mlp: Sequential;

  constructor({ version, channels, heads, window, shift, dropped }: BlockShape) {
    super();
    const Attention = version === 1 ? ShiftedWindowAttention : ShiftedWindowAttentionV2;
    this.version = version;
    this.norm1 = new LayerNorm(channels);
    this.attn = new Attention(channels, heads, window, shift);
    this.stochastic_depth = new StochasticDepth(dropped);
    this.norm2 = new LayerNorm(channels);
    this.mlp = new Sequential(
      new Linear(channels, 4 * channels),
      new GELU(),
      new Dropout(0),
      new Linear(4 * channels, channels),
      new Dropout(0),
    );
  }

  forward(input: Tensor): Tensor {
    if (this.version === 1) {
      const x = input.add(this.stochastic_depth.forward(this.attn.forward(this.norm1.forward(input))));
      return x.add(this.stochastic_depth.forward(this.mlp.forward(this.norm2.forward(x))));
    }
    const x = input.add(this.stochastic_depth.forward(this.norm1.forward(this.attn.forward(input))));
    return x.add(this.stochastic_depth.forward(this.norm2.forward(this.mlp.forward(x))));
  }
  protected override printName(): string {
    return this.version === 1 ? "SwinTransformerBlock" : "SwinTransformerBlockV2";
  }
}

/**
 * A Swin Transformer for images [N, 3, H, W], usually 224×224 (256×256 for v2); gives scores [N, numClasses].
 *
 * @example swinT({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class SwinTransformer extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly features: Sequential;
  readonly norm: LayerNorm;
  readonly permute: Permute;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly flatten: Flatten;
  readonly head: Linear;

  constructor({ version, channels, counts, heads, window, dropped }: SwinShape, numClasses = 1000) {
    super();
    const patches = new Sequential(new Conv2d(3, channels, 4, { stride: 4 }), new Permute([0, 2, 3, 1]), new LayerNorm(channels));
    const layers: Layer[] = [patches];
    const total = counts.reduce((a, b) => a + b, 0);
    let done = 0;
    counts.forEach((count, s) => {
      const width = channels * 2 ** s;
      const blocks = Array.from({ length: count }, (_, i) => {
        // Every other block looks through windows that are moved by half their size.
        const shift = i % 2 === 0 ? 0 : Math.floor(window / 2);
        return new SwinTransformerBlock({
          version,
          channels: width,
          heads: heads[s] as number,
          window,
          shift,
          dropped: (dropped * done++) / (total - 1),
        });
      });
      layers.push(new Sequential(...blocks));
      if (s < counts.length - 1) layers.push(version === 1 ? new PatchMerging(width) : new PatchMergingV2(width));
    });
    this.features = new Sequential(...layers);
    const last = channels * 2 ** (counts.length - 1);
    this.norm = new LayerNorm(last);
    this.permute = new Permute([0, 3, 1, 2]);
    this.avgpool = new AdaptiveAvgPool2d(1);
    this.flatten = new Flatten(1);
    this.head = new Linear(last, numClasses);
  }

  forward(x: Tensor): Tensor {
    const maps = permute(this.norm.forward(this.features.forward(x)), [0, 3, 1, 2]);
    return this.head.forward(flatten(this.avgpool.forward(maps), 1));
  }
}

/** torchvision's initialisation. */
function initialWeights(model: SwinTransformer): void {
  for (const module of model.modules()) {
    if (module instanceof Linear) {
      module.registerParameter("weight", truncNormal(module.weight.shape, 0, 0.02));
      if (module.bias) module.registerParameter("bias", zeros([module.outFeatures]));
    }
    if (module instanceof ShiftedWindowAttention) module.resetTable();
  }
  // The convolution keeps the initial weights that PyTorch gives to every convolution.
  const patches = (model.features.at(0) as Sequential).at(0) as Conv2d;
  const bound = 1 / Math.sqrt(fans(patches.weight.shape).fanIn);
  patches.registerParameter("weight", uniform(patches.weight.shape, -bound, bound));
  patches.registerParameter("bias", uniform([patches.outChannels], -bound, bound));
}

const factory =
  (shape: SwinShape) =>
  (options: ModelOptions = {}): SwinTransformer =>
    build(options, (numClasses) => initialise(() => new SwinTransformer(shape, numClasses), initialWeights));

const tiny = { channels: 96, counts: [2, 2, 6, 2], heads: [3, 6, 12, 24], dropped: 0.2 };
const small = { channels: 96, counts: [2, 2, 18, 2], heads: [3, 6, 12, 24], dropped: 0.3 };
const base = { channels: 128, counts: [2, 2, 18, 2], heads: [4, 8, 16, 32], dropped: 0.5 };
/** 28,288,354 parameters. */
export const swinT = factory({ version: 1, window: 7, ...tiny });
/** 49,606,258 parameters. */
export const swinS = factory({ version: 1, window: 7, ...small });
/** 87,768,224 parameters. */
export const swinB = factory({ version: 1, window: 7, ...base });
/** 28,351,570 parameters. */
export const swinV2T = factory({ version: 2, window: 8, ...tiny });
/** 49,737,442 parameters. */
export const swinV2S = factory({ version: 2, window: 8, ...small });
/** 87,930,848 parameters. */
export const swinV2B = factory({ version: 2, window: 8, ...base });
