// The public entry `ingot`: everything a user needs for the way from a model to a file, a runtime and a measurement.
export type { CompiledModule } from "./compile/compiled-module.ts";
export type { EngineChoice } from "./compile/evidence.ts";
export type { CheckOptions, CompileOptions } from "./compile/finish.ts";
export { type LoadOptions, load } from "./compile/load.ts";
export type { Progress } from "./compile/progress.ts";
export type { CompileReport } from "./compile/report.ts";
export type { SaveOptions, SaveReport } from "./compile/save.ts";
export { type ScriptOptions, script } from "./compile/script.ts";
export { type InputSpec, parseSpec } from "./compile/spec.ts";
export { type OutputOf, type TraceOptions, trace } from "./compile/trace.ts";
export { type VerifyOptions, type VerifyReport, type VerifyRow, verifyCertificate, verifyFiles, verifyModel } from "./compile/verify.ts";
export { type AllcloseOptions, allclose, equal } from "./eager/allclose.ts";
export {
  arange,
  type CreateOptions,
  eye,
  fromNdarray,
  full,
  fullLike,
  linspace,
  manualSeed,
  meshgrid,
  oneHot,
  ones,
  onesLike,
  type RandomOptions,
  rand,
  randint,
  randLike,
  randn,
  randnLike,
  randperm,
  tensor,
  zeros,
  zerosLike,
} from "./eager/create.ts";
export type { Index } from "./eager/functions/indexing.ts";
export { type AddmmOptions, addmm, baddbmm, bmm, diag, dot, mm, mv, outer } from "./eager/functions/linear-algebra.ts";
export { isclose, lerp, maximum, minimum, where } from "./eager/functions/math.ts";
export { type Unique, type UniqueOptions, unique } from "./eager/functions/order.ts";
export { einsum, logSoftmax, matmul, softmax, sort, topk, type ValuesAndIndices } from "./eager/functions/reduce.ts";
export { cat, chunk, flip, roll, split, stack, tril, triu, unbind } from "./eager/functions/shape.ts";
export { op } from "./eager/op.ts";
export { isTensor, type TensorLike } from "./eager/operand.ts";
export { type ElementValue, type NestedArray, Tensor } from "./eager/tensor.ts";
export type { Executable, RunOptions } from "./engines/engine.ts";
export type { EngineName } from "./engines/engines.ts";
export type { Certificate } from "./equivalence/certificate.ts";
export { type CompareOptions, type Comparison, compare, type OutputComparison } from "./equivalence/compare.ts";
export {
  ArchiveError,
  ArgumentError,
  type CodeFrame,
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
export { getThreads, setThreads } from "./kernels/threads/thread-count.ts";
export * as models from "./models/index.ts";
export * as nn from "./nn/index.ts";
export type { PipelineOptions } from "./passes/manager.ts";
export type { Match } from "./passes/match.ts";
export { explain, type Optimized, type OptimizeOptions, optimize } from "./passes/optimize.ts";
export type { Accuracy, Pass, PassContext, RewriteClaim, Step, Target } from "./passes/pass.ts";
export type { PatternInput, PatternOps, PatternValue, PatternVariables } from "./passes/pattern.ts";
export { onnxruntimePasses, portablePasses } from "./passes/pipelines.ts";
export type { PassReport, PassRow } from "./passes/report.ts";
export {
  defineRule,
  type Explanation,
  type PatternWriter,
  type ReplacementOps,
  type Rule,
  type RuleDefinition,
} from "./passes/rewriter.ts";
export type { DType } from "./tensor/dtype.ts";
export { limitTensorMemory } from "./tensor/memory.ts";
export { Generator } from "./tensor/random.ts";
export { Storage } from "./tensor/storage.ts";
export type { CompareRow, TimerComparison, Verdict } from "./timer/comparison.ts";
export type { Measurement } from "./timer/measurement.ts";
export { Timer, type TimerOptions } from "./timer/timer.ts";
export type { DynamicDim, DynamicOption } from "./trace/dynamic.ts";
export type { ExampleInputs, Nested, ScalarMap } from "./trace/structure.ts";
export { readCheckpoint } from "./weights/checkpoint.ts";
export type { CheckpointValue } from "./weights/checkpoint-names.ts";
export { readNpy, writeNpy } from "./weights/npy.ts";
export { type NpzOptions, readNpz, writeNpz } from "./weights/npz.ts";
export { readWeights } from "./weights/read-weights.ts";
export { readSafetensors, writeSafetensors } from "./weights/safetensors.ts";
export { type ShardOptions, writeShardedSafetensors } from "./weights/safetensors-shards.ts";
export { type WriteWeightsOptions, writeWeights } from "./weights/write-weights.ts";
