// The optimiser, as lists of passes in order. `portable` keeps to standard operators; each engine's list runs after it.
import type { Pass } from "./pass.ts";
import { cancelInverse } from "./rules/cancel-inverse.ts";
import { castForKernel } from "./rules/cast-for-kernel.ts";
import { commonSubexpression } from "./rules/common-subexpression.ts";
import { constantFold } from "./rules/constant-fold.ts";
import { countedLoop } from "./rules/counted-loop.ts";
import { deadCode } from "./rules/dead-code.ts";
import { deadState } from "./rules/dead-state.ts";
import { decomposeBatchNorm } from "./rules/decompose-batchnorm.ts";
import { einsumMatMul, einsumTranspose } from "./rules/einsum-matmul.ts";
import { foldAddConv, foldMulConv } from "./rules/fold-affine-conv.ts";
import { foldBatchNormConv } from "./rules/fold-batchnorm-conv.ts";
import { foldBatchNormGemm } from "./rules/fold-batchnorm-gemm.ts";
import { foldConvAdd, foldConvMul } from "./rules/fold-conv-affine.ts";
import { foldConvBatchNorm } from "./rules/fold-conv-batchnorm.ts";
import { foldGemmAffine, foldMatMulMul, foldMulMatMul } from "./rules/fold-gemm-affine.ts";
import { foldGemmBatchNorm } from "./rules/fold-gemm-batchnorm.ts";
import { foldGemmGemm } from "./rules/fold-gemm-gemm.ts";
import { foldPadConv, foldPadPool } from "./rules/fold-pad.ts";
import { fuseConvActivation, fuseConvAdd, fuseConvAddActivation } from "./rules/fuse-conv.ts";
import { fuseFastGelu, fuseGelu, fuseQuickGelu } from "./rules/fuse-gelu.ts";
import { fuseGemmActivation } from "./rules/fuse-gemm.ts";
import { fuseLayerNorm } from "./rules/fuse-layer-norm.ts";
import { fuseMatMulScale, fuseMatMulTranspose } from "./rules/fuse-matmul.ts";
import { fuseBiasGelu, fuseSkipLayerNorm } from "./rules/fuse-transformer.ts";
import { hoistInvariant } from "./rules/hoist-invariant.ts";
import { inlineIf, inlineLoop } from "./rules/inline-control.ts";
import { logSoftmax } from "./rules/log-softmax.ts";
import { loopScan } from "./rules/loop-scan.ts";
import { gemmAdd, gemmTranspose, matmulAdd, transposeGemm } from "./rules/matmul-add.ts";
import { mergeCast } from "./rules/merge-cast.ts";
import { dropClipBound, mergeClip } from "./rules/merge-clip.ts";
import { mergeAdds, mergeMuls } from "./rules/merge-constants.ts";
import { mergeIf } from "./rules/merge-if.ts";
import { mergeReshape } from "./rules/merge-reshape.ts";
import { mergeSlice, reassemble, sliceOfConcat } from "./rules/merge-slice.ts";
import { mergeTranspose, transposeToReshape } from "./rules/merge-transpose.ts";
import { addZero, neutralElement } from "./rules/neutral-element.ts";
import { noOp } from "./rules/no-op.ts";
import { mulReciprocal } from "./rules/reciprocal.ts";
import { sequenceScan } from "./rules/sequence-scan.ts";
import { constantWhere, notWhere } from "./rules/simplify-where.ts";
import { staticExpand, staticReshape } from "./rules/static-shape.ts";
import { unreachedEffect } from "./rules/unreached-effect.ts";
import { unrollLoop } from "./rules/unroll-loop.ts";

/** What does nothing, or what nobody reads. */
const cleaning: readonly Pass[] = [deadCode, noOp, neutralElement, addZero, cancelInverse, dropClipBound];

/** What is known before the model runs. */
const knowing: readonly Pass[] = [constantFold, inlineIf, inlineLoop, staticReshape, staticExpand, constantWhere, commonSubexpression];

/** Loops and branches that stay. */
const control: readonly Pass[] = [countedLoop, sequenceScan, unrollLoop, mergeIf, unreachedEffect, deadState, hoistInvariant];

/** Two operators in a row that do the same kind of thing, as one. */
const merging: readonly Pass[] = [
  notWhere,
  mergeAdds,
  mergeMuls,
  mulReciprocal,
  mergeCast,
  mergeClip,
  mergeTranspose,
  transposeToReshape,
  mergeReshape,
  mergeSlice,
  sliceOfConcat,
  reassemble,
  einsumTranspose,
  einsumMatMul,
  logSoftmax,
];

/** What a convolution absorbs into its weight and bias. */
const convolutions: readonly Pass[] = [
  foldPadConv,
  foldPadPool,
  foldConvBatchNorm,
  foldBatchNormConv,
  foldConvMul,
  foldConvAdd,
  foldMulConv,
  foldAddConv,
];

/** What a product with a constant matrix absorbs into the matrix and its bias. */
const products: readonly Pass[] = [
  matmulAdd,
  gemmAdd,
  gemmTranspose,
  transposeGemm,
  foldGemmBatchNorm,
  foldBatchNormGemm,
  foldGemmAffine,
  foldMatMulMul,
  foldMulMatMul,
  foldGemmGemm,
];

/** What every graph goes through; standard operators only. */
export const portablePasses: readonly Pass[] = [
  ...cleaning,
  ...knowing,
  ...control,
  ...merging,
  ...convolutions,
  ...products,
  // Behind all rules that fold a BatchNormalization away.
  decomposeBatchNorm,
  deadCode,
];

/** Lowering for ONNX Runtime, after `portablePasses`: its fused operators, and casts around what it has no kernel for. */
export const onnxruntimePasses: readonly Pass[] = [
  loopScan,
  // With activation first: the sum alone would take the activation's place.
  fuseConvAddActivation,
  fuseConvActivation,
  fuseConvAdd,
  fuseLayerNorm,
  fuseGelu,
  fuseFastGelu,
  fuseQuickGelu,
  fuseMatMulTranspose,
  fuseMatMulScale,
  fuseGemmActivation,
  castForKernel,
  deadCode,
];

/**
 * Further fusions for transformers on ONNX Runtime, after `onnxruntimePasses`; off unless asked for, because they sum in another order than the
 * operators they replace.
 *
 * @example runPasses(graph, [...onnxruntimePasses, ...transformerFusions], { target: "onnxruntime" });
 */
export const transformerFusions: readonly Pass[] = [fuseBiasGelu, fuseSkipLayerNorm, deadCode];
