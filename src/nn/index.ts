// The public entry `ingot/nn` and the namespace `nn` of the root entry: modules, layers, functional forms, initialisers.
export {
  CELU,
  ELU,
  GELU,
  GLU,
  Hardshrink,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  type InplaceOption,
  LeakyReLU,
  LogSigmoid,
  LogSoftmax,
  Mish,
  PReLU,
  ReLU,
  ReLU6,
  SELU,
  Sigmoid,
  SiLU,
  Softmax,
  Softmin,
  Softplus,
  Softshrink,
  Softsign,
  Tanh,
  Tanhshrink,
} from "./activation.ts";
export { type AttentionCall, MultiheadAttention, type MultiheadAttentionOptions } from "./attention.ts";
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions } from "./batch-norm.ts";
export { type CalibrateOptions, type CalibrateProgress, calibrate } from "./calibrate.ts";
export { ModuleDict, ModuleList, Sequential } from "./container.ts";
export { Conv1d, Conv2d, Conv3d, type ConvOptions, type PaddingMode } from "./conv.ts";
export { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, type ConvTransposeOptions } from "./conv-transpose.ts";
export { Dropout, Dropout1d, Dropout2d, Dropout3d, type DropoutOptions } from "./dropout.ts";
export * as functional from "./functional/index.ts";
export * as init from "./init.ts";
export { seeded, withoutInit } from "./init-scope.ts";
export { Embedding, Flatten, Identity, Linear, Unflatten } from "./linear.ts";
export { isModule, type Layer, Module } from "./module.ts";
export {
  GroupNorm,
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type InstanceNormOptions,
  LayerNorm,
  type NormLayerOptions,
  RMSNorm,
} from "./norm.ts";
export { isParameter, Parameter } from "./parameter.ts";
export { ParameterDict, ParameterList } from "./parameter-container.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
} from "./pool.ts";
export { GRU, LSTM, type RecurrentOptions, RNN, type RNNOptions } from "./recurrent.ts";
export {
  ConstantPad2d,
  PixelShuffle,
  PixelUnshuffle,
  ReflectionPad1d,
  ReflectionPad2d,
  ReplicationPad1d,
  ReplicationPad2d,
  Upsample,
  ZeroPad2d,
} from "./resample.ts";
export type { LoadReport, StateDict } from "./state-dict.ts";
export {
  type Masks,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "./transformer.ts";
