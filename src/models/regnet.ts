// RegNet X and Y under torchvision's names and state-dict keys. I. Radosavovic and others, Designing Network Design Spaces, 2020.
import { flatten } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ReLU, Sigmoid } from "../nn/activation.ts";
import { Sequential } from "../nn/container.ts";
import { declareKeepsNothing } from "../nn/keeps-nothing.ts";
import { Linear } from "../nn/linear.ts";
import { type Layer, Module } from "../nn/module.ts";
import { AdaptiveAvgPool2d } from "../nn/pool.ts";
import { build, initialise, type ModelOptions, normalWeights } from "./build.ts";
import { ConvNormActivation, initConvolutions, makeDivisible, SqueezeExcitation } from "./conv-norm-activation.ts";

const activation = () => new ReLU({ inplace: true });

interface BlockShape {
  readonly from: number;
  readonly to: number;
  readonly stride: number;
  readonly groupWidth: number;
  readonly excites: boolean;
}

/** 1×1, grouped 3×3 (which carries the stride), and 1×1; its input is added, projected where the shape changes. */
export class ResBottleneckBlock extends Module {
  readonly proj: ConvNormActivation | undefined;
  readonly f: Sequential;
  readonly activation: ReLU;

  constructor({ from, to, stride, groupWidth, excites }: BlockShape) {
    super();
    this.proj = from !== to || stride !== 1 ? new ConvNormActivation(from, to, 1, { stride }) : undefined;
    const layers: Record<string, Layer> = {
      a: new ConvNormActivation(from, to, 1, { activation }),
      b: new ConvNormActivation(to, to, 3, { stride, groups: to / groupWidth, activation }),
    };
    if (excites) layers.se = new SqueezeExcitation(to, roundHalfToEven(0.25 * from), activation(), new Sigmoid());
    layers.c = new ConvNormActivation(to, to, 1);
    this.f = new Sequential(layers);
    this.activation = activation();
  }

  forward(x: Tensor): Tensor {
    const shortcut = this.proj ? this.proj.forward(x) : x;
    return this.activation.forward(shortcut.add(this.f.forward(x)));
  }
}
declareKeepsNothing("caller", ResBottleneckBlock);

/** The few numbers that describe a network: blocks in all, first width, slope of the widths, ratio of the stages' widths, width of a group. */
type RegNetShape = readonly [depth: number, firstWidth: number, slope: number, ratio: number, groupWidth: number];

interface Stage {
  readonly width: number;
  readonly blocks: number;
  readonly groupWidth: number;
}

/** Widths grow linearly block by block, are rounded to powers of `ratio` and to multiples of 8, and made to fit whole groups. */
function stagesOf([depth, firstWidth, slope, ratio, groupWidth]: RegNetShape): Stage[] {
  const widths = Array.from({ length: depth }, (_, i) => {
    const power = roundHalfToEven(Math.log((firstWidth + slope * i) / firstWidth) / Math.log(ratio));
    return roundHalfToEven((firstWidth * ratio ** power) / 8) * 8;
  });
  return [...new Set(widths)].map((width) => {
    const group = Math.min(groupWidth, width);
    return { width: makeDivisible(width, group), blocks: widths.filter((w) => w === width).length, groupWidth: group };
  });
}

function roundHalfToEven(x: number): number {
  const down = Math.floor(x);
  return x - down === 0.5 ? down + (down % 2) : Math.round(x);
}

/**
 * RegNet for images [N, 3, H, W], usually 224×224; gives scores [N, numClasses].
 *
 * @example regnetY400mf({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class RegNet extends Module {
  static readonly inputs = "float32[batch=1, 3, 224, 224]";
  readonly stem: ConvNormActivation;
  readonly trunk_output: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly fc: Linear;

  constructor(shape: RegNetShape, excites: boolean, numClasses = 1000) {
    super();
    this.stem = new ConvNormActivation(3, 32, 3, { stride: 2, activation });
    let from = 32;
    const stages: Record<string, Layer> = {};
    stagesOf(shape).forEach(({ width, blocks, groupWidth }, s) => {
      const stage: Record<string, Layer> = {};
      for (let i = 0; i < blocks; i++) {
        stage[`block${s + 1}-${i}`] = new ResBottleneckBlock({ from, to: width, stride: i === 0 ? 2 : 1, groupWidth, excites });
        from = width;
      }
      stages[`block${s + 1}`] = new Sequential(stage);
    });
    this.trunk_output = new Sequential(stages);
    this.avgpool = new AdaptiveAvgPool2d(1);
    this.fc = new Linear(from, numClasses);
  }

  forward(x: Tensor): Tensor {
    const maps = this.trunk_output.forward(this.stem.forward(x));
    return this.fc.forward(flatten(this.avgpool.forward(maps), 1));
  }
}

/** torchvision's initialisation. */
function initialWeights(model: RegNet): void {
  initConvolutions(model);
  normalWeights(model, 0.01);
}

const factory =
  (excites: boolean, shape: RegNetShape) =>
  (options: ModelOptions = {}): RegNet =>
    build(options, (numClasses) => initialise(() => new RegNet(shape, excites, numClasses), initialWeights));

/** 4,344,144 parameters. */
export const regnetY400mf = factory(true, [16, 48, 27.89, 2.09, 8]);
/** 6,432,512 parameters. */
export const regnetY800mf = factory(true, [14, 56, 38.84, 2.4, 16]);
/** 11,202,430 parameters. */
export const regnetY1_6gf = factory(true, [27, 48, 20.71, 2.65, 24]);
/** 19,436,338 parameters. */
export const regnetY3_2gf = factory(true, [21, 80, 42.63, 2.66, 24]);
/** 39,381,472 parameters. */
export const regnetY8gf = factory(true, [17, 192, 76.82, 2.19, 56]);
/** 83,590,140 parameters. */
export const regnetY16gf = factory(true, [18, 200, 106.23, 2.48, 112]);
/** 145,046,770 parameters. */
export const regnetY32gf = factory(true, [20, 232, 115.89, 2.53, 232]);
/** 644,812,894 parameters. */
export const regnetY128gf = factory(true, [27, 456, 160.83, 2.52, 264]);
/** 5,495,976 parameters. */
export const regnetX400mf = factory(false, [22, 24, 24.48, 2.54, 16]);
/** 7,259,656 parameters. */
export const regnetX800mf = factory(false, [16, 56, 35.73, 2.28, 16]);
/** 9,190,136 parameters. */
export const regnetX1_6gf = factory(false, [18, 80, 34.01, 2.25, 24]);
/** 15,296,552 parameters. */
export const regnetX3_2gf = factory(false, [25, 88, 26.31, 2.25, 48]);
/** 39,572,648 parameters. */
export const regnetX8gf = factory(false, [23, 80, 49.56, 2.88, 120]);
/** 54,278,536 parameters. */
export const regnetX16gf = factory(false, [22, 216, 55.59, 2.1, 128]);
/** 107,811,560 parameters. */
export const regnetX32gf = factory(false, [23, 320, 69.86, 2, 168]);
