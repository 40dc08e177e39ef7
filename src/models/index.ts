// The public entry `ingot/models` and the namespace `models` of the root entry: torchvision's classification models, U-Net, and models of language
// and speech as Hugging Face has them.
export { AlexNet, alexnet } from "./alexnet.ts";
export { BertModel, type BertOutputs, type BertShape } from "./bert.ts";
export {
  BertForMaskedLM,
  BertForSequenceClassification,
  type BertOptions,
  bertBaseCased,
  bertBaseUncased,
  bertForMaskedLM,
  bertForSequenceClassification,
  bertLargeUncased,
} from "./bert-heads.ts";
export type { ModelOptions, WeightOptions } from "./build.ts";
export { byName, type ModelFactory, type ModelName, modelNames } from "./by-name.ts";
export type { CausalOutput, KeyValue, Past } from "./causal.ts";
export { ConvNeXt, convnextBase, convnextLarge, convnextSmall, convnextTiny } from "./convnext.ts";
export { DenseNet, densenet121, densenet161, densenet169, densenet201 } from "./densenet.ts";
export {
  EfficientNet,
  efficientnetB0,
  efficientnetB1,
  efficientnetB2,
  efficientnetB3,
  efficientnetB4,
  efficientnetB5,
  efficientnetB6,
  efficientnetB7,
} from "./efficientnet.ts";
export { GoogLeNet, type GoogLeNetOutputs, googlenet } from "./googlenet.ts";
export { GPT2LMHeadModel, GPT2Model, type GPT2Options, type GPT2Shape, gpt2, gpt2Large, gpt2Medium, gpt2Xl } from "./gpt2.ts";
export { Inception3, type InceptionOutputs, inceptionV3 } from "./inception.ts";
export { LlamaForCausalLM, LlamaModel, type LlamaOptions, type LlamaShape, llama2_7b, llama3_8b, tinyLlama } from "./llama.ts";
export {
  LSTMLanguageModel,
  type LSTMLanguageModelOptions,
  type LSTMLanguageModelShape,
  type LSTMState,
  lstmLanguageModel,
} from "./lstm-language-model.ts";
export { MobileNetV2, mobilenetV2 } from "./mobilenet-v2.ts";
export { MobileNetV3, mobilenetV3Large, mobilenetV3Small } from "./mobilenet-v3.ts";
export {
  RegNet,
  regnetX1_6gf,
  regnetX3_2gf,
  regnetX8gf,
  regnetX16gf,
  regnetX32gf,
  regnetX400mf,
  regnetX800mf,
  regnetY1_6gf,
  regnetY3_2gf,
  regnetY8gf,
  regnetY16gf,
  regnetY32gf,
  regnetY128gf,
  regnetY400mf,
  regnetY800mf,
} from "./regnet.ts";
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
export { ShuffleNetV2, shufflenetV2_x0_5, shufflenetV2_x1_0, shufflenetV2_x1_5, shufflenetV2_x2_0 } from "./shufflenet-v2.ts";
export { SqueezeNet, squeezenet1_0, squeezenet1_1 } from "./squeezenet.ts";
export { SwinTransformer, swinB, swinS, swinT, swinV2B, swinV2S, swinV2T } from "./swin.ts";
export { UNet, type UNetOptions, type UNetShape, unet } from "./unet.ts";
export { VGG, vgg11, vgg11Bn, vgg13, vgg13Bn, vgg16, vgg16Bn, vgg19, vgg19Bn } from "./vgg.ts";
export { VisionTransformer, vitB16, vitB32, vitL16, vitL32 } from "./vision-transformer.ts";
export {
  WhisperForConditionalGeneration,
  WhisperModel,
  type WhisperOptions,
  type WhisperShape,
  whisperBase,
  whisperSmall,
  whisperTiny,
} from "./whisper.ts";
