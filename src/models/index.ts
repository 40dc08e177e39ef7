// The public entry `ingot/models` and the namespace `models` of the root entry: torchvision's classification models.
export type { ModelOptions } from "./build.ts";
export { byName, type ModelFactory, type ModelName, modelNames } from "./by-name.ts";
export { MobileNetV2, mobilenetV2 } from "./mobilenet-v2.ts";
export {
  ResNet,
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  resnet152,
  resnext50_32x4d,
  resnext101_32x8d,
  resnext101_64x4d,
  wideResnet50_2,
  wideResnet101_2,
} from "./resnet.ts";
export { VGG, vgg11, vgg11Bn, vgg13, vgg13Bn, vgg16, vgg16Bn, vgg19, vgg19Bn } from "./vgg.ts";
export { VisionTransformer, vitB16, vitB32, vitL16, vitL32 } from "./vision-transformer.ts";
