// The one registry of operators: families put together, and operators that users define. Implements the IR's OpSchemas.
import type { OpSchemas } from "../ir/schema.ts";
import * as activation from "./activation.ts";
import * as affineGrid from "./affine-grid.ts";
import * as argReduce from "./arg-reduce.ts";
import * as arithmetic from "./arithmetic.ts";
import * as attention from "./attention.ts";
import * as batchNormalization from "./batch-normalization.ts";
import * as bitCast from "./bit-cast.ts";
import * as cast from "./cast.ts";
import * as causalConv from "./causal-conv.ts";
import * as centerCropPad from "./center-crop-pad.ts";
import * as col2im from "./col2im.ts";
import * as concat from "./concat.ts";
import * as contribAttention from "./contrib-attention.ts";
import * as contribEmbedding from "./contrib-embedding.ts";
import * as contribMatmul from "./contrib-matmul.ts";
import * as contribQuantized from "./contrib-quantized.ts";
import * as control from "./control.ts";
import * as conv from "./conv.ts";
import * as create from "./create.ts";
import * as cumulative from "./cumulative.ts";
import type { OpDefinition } from "./define.ts";
import * as deformConv from "./deform-conv.ts";
import * as det from "./det.ts";
import * as dft from "./dft.ts";
import * as dropout from "./dropout.ts";
import { opsetOf } from "./dtype-versions.ts";
import * as einsum from "./einsum.ts";
import * as fused from "./fused.ts";
import * as gather from "./gather.ts";
import * as gridSample from "./grid-sample.ts";
import * as groupQueryAttention from "./group-query-attention.ts";
import * as imageDecoder from "./image-decoder.ts";
import * as linearAttention from "./linear-attention.ts";
import * as logic from "./logic.ts";
import * as loss from "./loss.ts";
import * as matmul from "./matmul.ts";
import * as maxUnpool from "./max-unpool.ts";
import * as mlFeatures from "./ml-features.ts";
import * as mlLabels from "./ml-labels.ts";
import * as mlLinear from "./ml-linear.ts";
import * as mlMaps from "./ml-maps.ts";
import * as mlSvm from "./ml-svm.ts";
import * as mlTreeEnsembles from "./ml-tree-ensembles.ts";
import * as nonMaxSuppression from "./non-max-suppression.ts";
import * as normalization from "./normalization.ts";
import * as optional from "./optional.ts";
import * as pad from "./pad.ts";
import * as pool from "./pool.ts";
import * as quantize from "./quantize.ts";
import * as quantizedLinear from "./quantized-linear.ts";
import * as raise from "./raise.ts";
import * as random from "./random.ts";
import * as recurrent from "./recurrent.ts";
import * as reduce from "./reduce.ts";
import * as resize from "./resize.ts";
import * as roi from "./roi.ts";
import * as rotaryEmbedding from "./rotary-embedding.ts";
import * as scan from "./scan.ts";
import * as scatter from "./scatter.ts";
import * as select from "./select.ts";
import * as sequence from "./sequence.ts";
import * as sequenceTensors from "./sequence-tensors.ts";
import * as shape from "./shape.ts";
import * as slice from "./slice.ts";
import * as softmax from "./softmax.ts";
import * as space from "./space.ts";
import * as strings from "./strings.ts";
import * as tensorScatter from "./tensor-scatter.ts";
import * as tfidf from "./tfidf.ts";
import * as unaryMath from "./unary-math.ts";
import * as whereClip from "./where-clip.ts";
import * as windowFunctions from "./window-functions.ts";

const families = {
  activation,
  affineGrid,
  argReduce,
  arithmetic,
  attention,
  batchNormalization,
  bitCast,
  cast,
  centerCropPad,
  col2im,
  causalConv,
  concat,
  contribAttention,
  contribEmbedding,
  contribMatmul,
  contribQuantized,
  control,
  conv,
  create,
  cumulative,
  deformConv,
  det,
  dft,
  dropout,
  einsum,
  fused,
  gather,
  gridSample,
  imageDecoder,
  groupQueryAttention,
  linearAttention,
  logic,
  loss,
  matmul,
  maxUnpool,
  mlFeatures,
  mlLabels,
  mlLinear,
  mlMaps,
  mlSvm,
  mlTreeEnsembles,
  nonMaxSuppression,
  normalization,
  optional,
  pad,
  pool,
  quantize,
  quantizedLinear,
  raise,
  random,
  recurrent,
  reduce,
  resize,
  roi,
  rotaryEmbedding,
  scan,
  scatter,
  select,
  sequence,
  sequenceTensors,
  shape,
  slice,
  softmax,
  space,
  strings,
  tfidf,
  tensorScatter,
  unaryMath,
  windowFunctions,
  whereClip,
} as const;

type Family = (typeof families)[keyof typeof families];
type DefinitionOf<F> = F extends unknown ? { [K in keyof F]: F[K] extends OpDefinition<infer N> ? N : never }[keyof F] : never;
/** The full names of all built-in operators. */
export type OpName = DefinitionOf<Family>;

const table = new Map<string, OpDefinition>();
for (const family of Object.values(families))
  for (const definition of Object.values(family)) if (isDefinition(definition)) table.set(definition.name, definition);

function isDefinition(value: unknown): value is OpDefinition {
  return typeof value === "object" && value !== null && "evaluate" in value;
}

export interface Registry extends OpSchemas {
  get(name: string): OpDefinition | undefined;
  all(): Iterable<OpDefinition>;
  /** Registers a user's operator under its full name. */
  add(definition: OpDefinition): void;
}

/** The operators, by full name. */
export const registry: Registry = {
  get: (name) => table.get(name),
  opsetOf: (node) => opsetOf(node, table.get(node.op)),
  all: () => table.values(),
  add: (definition) => void table.set(definition.name, definition),
};
