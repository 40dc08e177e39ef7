// The zoo as a table from torchvision's names to factories: for the command line, servers and tests.
import { ingotError } from "../errors/error.ts";
import type { Layer } from "../nn/module.ts";
import type { ModelOptions } from "./build.ts";
import * as mobilenet from "./mobilenet-v2.ts";
import * as resnet from "./resnet.ts";
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
