// One small model of each family in the zoo, of the published class: for what must hold of every model and costs a compilation each.
import {
  bertBaseUncased,
  bertForMaskedLM,
  bertForSequenceClassification,
  ConvNeXt,
  DenseNet,
  EfficientNet,
  GPT2Model,
  gpt2,
  LlamaModel,
  lstmLanguageModel,
  mobilenetV2,
  mobilenetV3Small,
  ResNet,
  regnetX400mf,
  SwinTransformer,
  shufflenetV2_x0_5,
  squeezenet1_1,
  tinyLlama,
  unet,
  VisionTransformer,
  WhisperModel,
  whisperTiny,
} from "../../src/models/index.ts";
import { BasicBlock, Bottleneck } from "../../src/models/resnet.ts";
import type { Module } from "../../src/nn/index.ts";

const text = { vocabulary: 50, layers: 2, heads: 4, hidden: 32 };
const bert = { ...text, positions: 64, mlp: 48 };
const llama = { ...text, mlp: 48, keyHeads: 2 };
const whisper = { ...text, melBands: 8, sourcePositions: 48, targetPositions: 64 };
const swin = { channels: 8, counts: [1, 2, 1, 1], heads: [1, 2, 2, 2], dropped: 0.1 };

/** By family; AlexNet, VGG, GoogLeNet and Inception have one size each, which is too heavy for this. */
export const smallZoo: Readonly<Record<string, () => Module>> = {
  ResNet: () => new ResNet({ block: BasicBlock, layers: [1, 1, 1, 1] }),
  ResNeXt: () => new ResNet({ block: Bottleneck, layers: [1, 1, 1, 1], groups: 32, widthPerGroup: 4 }),
  MobileNetV2: () => mobilenetV2({ seed: 0 }),
  MobileNetV3: () => mobilenetV3Small({ seed: 0 }),
  SqueezeNet: () => squeezenet1_1({ seed: 0 }),
  ShuffleNetV2: () => shufflenetV2_x0_5({ seed: 0 }),
  RegNet: () => regnetX400mf({ seed: 0 }),
  DenseNet: () => new DenseNet({ growth: 8, blocks: [1, 2, 1, 1], first: 16 }),
  EfficientNet: () => new EfficientNet({ width: 0.25, depth: 0.5, dropout: 0.2 }),
  ConvNeXt: () => new ConvNeXt({ widths: [8, 16, 16, 32], counts: [1, 1, 2, 1], dropped: 0.1 }),
  Swin: () => new SwinTransformer({ version: 1, window: 7, ...swin }),
  SwinV2: () => new SwinTransformer({ version: 2, window: 8, ...swin }),
  VisionTransformer: () => new VisionTransformer({ imageSize: 32, patchSize: 8, layers: 2, heads: 2, hidden: 16, mlp: 32 }),
  UNet: () => unet({ channels: 1, width: 4, seed: 0 }),
  Bert: () => bertBaseUncased({ shape: bert, seed: 0 }),
  BertForMaskedLM: () => bertForMaskedLM({ shape: bert, seed: 0 }),
  BertForSequenceClassification: () => bertForSequenceClassification({ shape: bert, seed: 0 }),
  GPT2Model: () => new GPT2Model({ ...text, positions: 64, eps: 1e-5 }),
  GPT2: () => gpt2({ shape: { ...text, positions: 64 }, seed: 0 }),
  LlamaModel: () => new LlamaModel({ ...llama, eps: 1e-5, theta: 10000, tied: false }),
  Llama: () => tinyLlama({ shape: llama, seed: 0 }),
  LSTMLanguageModel: () => lstmLanguageModel({ shape: { vocabulary: 50, embedding: 12, hidden: 16, tied: false }, seed: 0 }),
  WhisperModel: () => new WhisperModel(whisper),
  Whisper: () => whisperTiny({ shape: whisper, seed: 0 }),
};
