// The public entry `ingot`: everything a user needs for the way from a model to a file, a runtime and a measurement.
export type { CompiledModule } from "./compile/compiled-module.ts";
export type { CheckOptions, CompileOptions } from "./compile/finish.ts";
export { type LoadOptions, load } from "./compile/load.ts";
export type { CompileReport } from "./compile/report.ts";
export type { SaveOptions, SaveReport } from "./compile/save.ts";
export { type InputSpec, parseSpec } from "./compile/spec.ts";
export { type OutputOf, type TraceOptions, trace } from "./compile/trace.ts";
export { type VerifyOptions, type VerifyReport, verifyCertificate, verifyFiles, verifyModel } from "./compile/verify.ts";
export { allclose } from "./eager/allclose.ts";
export {
  arange,
  type CreateOptions,
  eye,
  fromNdarray,
  full,
  fullLike,
  linspace,
  manualSeed,
  ones,
  onesLike,
  type RandomOptions,
  rand,
  randint,
  randn,
  randperm,
  tensor,
  zeros,
  zerosLike,
} from "./eager/create.ts";
export { maximum, minimum, where } from "./eager/functions/math.ts";
export { einsum, matmul, topk, type ValuesAndIndices } from "./eager/functions/reduce.ts";
export { cat, chunk, flip, roll, split, stack, unbind } from "./eager/functions/shape.ts";
export { op } from "./eager/op.ts";
export { isTensor, type TensorLike } from "./eager/operand.ts";
export { type ElementValue, type NestedArray, Tensor } from "./eager/tensor.ts";
export type { Executable, RunOptions } from "./engines/engine.ts";
export type { EngineName } from "./engines/engines.ts";
export type { Certificate } from "./equivalence/certificate.ts";
export { type CompareOptions, type Comparison, compare } from "./equivalence/compare.ts";
export {
  ArchiveError,
  ArgumentError,
  DTypeError,
  EngineError,
  EquivalenceError,
  FileError,
  GraphError,
  ImageError,
  IngotError,
  OnnxFormatError,
  ScriptError,
  ServeError,
  ShapeError,
  TraceError,
  UnsupportedOpError,
  WeightsError,
} from "./errors/error.ts";
export * as image from "./image/index.ts";
export { Graph, type Node, type Value } from "./ir/graph.ts";
export * as models from "./models/index.ts";
export * as nn from "./nn/index.ts";
export { portablePasses } from "./passes/pipelines.ts";
export { defineRule, type Explanation, explainRule, type Rule, type RuleDefinition } from "./passes/rewriter.ts";
export type { DType } from "./tensor/dtype.ts";
export { Generator } from "./tensor/random.ts";
export type { CompareRow, TimerComparison, Verdict } from "./timer/comparison.ts";
export type { Measurement } from "./timer/measurement.ts";
export { Timer, type TimerOptions } from "./timer/timer.ts";
export type { DynamicDim, DynamicOption } from "./trace/dynamic.ts";
export type { ExampleInputs, Nested } from "./trace/structure.ts";
