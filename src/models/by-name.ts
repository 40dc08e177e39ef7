// The zoo as a table from torchvision's names to factories: for the command line, servers and tests.
import { ingotError } from "../errors/error.ts";
import type { Layer } from "../nn/module.ts";
import { alexnet } from "./alexnet.ts";
import type { ModelOptions } from "./build.ts";
import * as convnext from "./convnext.ts";
import * as densenet from "./densenet.ts";
import * as efficientnet from "./efficientnet.ts";
import { googlenet } from "./googlenet.ts";
import { inceptionV3 } from "./inception.ts";
import * as mobilenet from "./mobilenet-v2.ts";
import * as mobilenet3 from "./mobilenet-v3.ts";
import * as regnet from "./regnet.ts";
import * as resnet from "./resnet.ts";
import * as shufflenet from "./shufflenet-v2.ts";
import * as squeezenet from "./squeezenet.ts";
import * as swin from "./swin.ts";
import * as vgg from "./vgg.ts";
import * as vit from "./vision-transformer.ts";

/** Makes a model. */
export type ModelFactory = (options?: ModelOptions) => Layer;

const table = {
  resnet18: resnet.resnet18,
  resnet34: resnet.resnet34,
  resnet50: resnet.resnet50,
  resnet101: resnet.resnet101,
  resnet152: resnet.resnet152,
  wide_resnet50_2: resnet.wideResnet50_2,
  wide_resnet101_2: resnet.wideResnet101_2,
  resnext50_32x4d: resnet.resnext50_32x4d,
  resnext101_32x8d: resnet.resnext101_32x8d,
  resnext101_64x4d: resnet.resnext101_64x4d,
  vgg11: vgg.vgg11,
  vgg13: vgg.vgg13,
  vgg16: vgg.vgg16,
  vgg19: vgg.vgg19,
  vgg11_bn: vgg.vgg11Bn,
  vgg13_bn: vgg.vgg13Bn,
  vgg16_bn: vgg.vgg16Bn,
  vgg19_bn: vgg.vgg19Bn,
  mobilenet_v2: mobilenet.mobilenetV2,
  mobilenet_v3_large: mobilenet3.mobilenetV3Large,
  mobilenet_v3_small: mobilenet3.mobilenetV3Small,
  alexnet,
  squeezenet1_0: squeezenet.squeezenet1_0,
  squeezenet1_1: squeezenet.squeezenet1_1,
  densenet121: densenet.densenet121,
  densenet161: densenet.densenet161,
  densenet169: densenet.densenet169,
  densenet201: densenet.densenet201,
  googlenet,
  inception_v3: inceptionV3,
  shufflenet_v2_x0_5: shufflenet.shufflenetV2_x0_5,
  shufflenet_v2_x1_0: shufflenet.shufflenetV2_x1_0,
  shufflenet_v2_x1_5: shufflenet.shufflenetV2_x1_5,
  shufflenet_v2_x2_0: shufflenet.shufflenetV2_x2_0,
  efficientnet_b0: efficientnet.efficientnetB0,
  efficientnet_b1: efficientnet.efficientnetB1,
  efficientnet_b2: efficientnet.efficientnetB2,
  efficientnet_b3: efficientnet.efficientnetB3,
  efficientnet_b4: efficientnet.efficientnetB4,
  efficientnet_b5: efficientnet.efficientnetB5,
  efficientnet_b6: efficientnet.efficientnetB6,
  efficientnet_b7: efficientnet.efficientnetB7,
  convnext_tiny: convnext.convnextTiny,
  convnext_small: convnext.convnextSmall,
  convnext_base: convnext.convnextBase,
  convnext_large: convnext.convnextLarge,
  regnet_y_400mf: regnet.regnetY400mf,
  regnet_y_800mf: regnet.regnetY800mf,
  regnet_y_1_6gf: regnet.regnetY1_6gf,
  regnet_y_3_2gf: regnet.regnetY3_2gf,
  regnet_y_8gf: regnet.regnetY8gf,
  regnet_y_16gf: regnet.regnetY16gf,
  regnet_y_32gf: regnet.regnetY32gf,
  regnet_y_128gf: regnet.regnetY128gf,
  regnet_x_400mf: regnet.regnetX400mf,
  regnet_x_800mf: regnet.regnetX800mf,
  regnet_x_1_6gf: regnet.regnetX1_6gf,
  regnet_x_3_2gf: regnet.regnetX3_2gf,
  regnet_x_8gf: regnet.regnetX8gf,
  regnet_x_16gf: regnet.regnetX16gf,
  regnet_x_32gf: regnet.regnetX32gf,
  swin_t: swin.swinT,
  swin_s: swin.swinS,
  swin_b: swin.swinB,
  swin_v2_t: swin.swinV2T,
  swin_v2_s: swin.swinV2S,
  swin_v2_b: swin.swinV2B,
  vit_b_16: vit.vitB16,
  vit_b_32: vit.vitB32,
  vit_l_16: vit.vitL16,
  vit_l_32: vit.vitL32,
} as const satisfies Record<string, ModelFactory>;

/** torchvision's names of the models here. */
export type ModelName = keyof typeof table;

/** The names that `byName` takes. */
export const modelNames = Object.keys(table) as readonly ModelName[];

/**
 * The factory of torchvision's name. Throws `UnknownModel`.
 *
 * @example const model = byName("wide_resnet50_2")({ seed: 0 }).eval();
 */
export function byName(name: string): ModelFactory {
  if (Object.hasOwn(table, name)) return table[name as ModelName];
  throw ingotError("UnknownModel", { name, known: modelNames.join(", ") });
}
