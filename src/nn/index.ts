// The public entry `ingot/nn` and the namespace `nn` of the root entry: modules, layers, functional forms, initialisers.
export {
  ELU,
  GELU,
  Hardsigmoid,
  Hardswish,
  Hardtanh,
  type InplaceOption,
  LeakyReLU,
  LogSoftmax,
  Mish,
  PReLU,
  ReLU,
  ReLU6,
  SELU,
  Sigmoid,
  SiLU,
  Softmax,
  Softplus,
  Tanh,
} from "./activation.ts";
export { MultiheadAttention } from "./attention.ts";
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions } from "./batch-norm.ts";
export { type CalibrateOptions, type CalibrateProgress, calibrate } from "./calibrate.ts";
export { ModuleDict, ModuleList, Sequential } from "./container.ts";
export { Conv1d, Conv2d, Conv3d, type ConvOptions, type PaddingMode } from "./conv.ts";
export { Dropout, type DropoutOptions } from "./dropout.ts";
export * as init from "./init.ts";
export { seeded, withoutInit } from "./init-scope.ts";
export { Embedding, Flatten, Identity, Linear } from "./linear.ts";
export { isModule, type Layer, Module } from "./module.ts";
export { GroupNorm, LayerNorm, RMSNorm } from "./norm.ts";
export { isParameter, Parameter } from "./parameter.ts";
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
} from "./pool.ts";
export type { LoadReport, StateDict } from "./state-dict.ts";
