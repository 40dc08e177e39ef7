// The optimiser, as lists of passes in order. `portable` keeps to standard operators; each engine's list runs after it.
import type { Pass } from "./pass.ts";
import { commonSubexpression } from "./rules/common-subexpression.ts";
import { constantFold } from "./rules/constant-fold.ts";
import { deadCode } from "./rules/dead-code.ts";
import { decomposeBatchNorm } from "./rules/decompose-batchnorm.ts";
import { foldBatchNormConv } from "./rules/fold-batchnorm-conv.ts";
import { foldConvAdd, foldConvMul } from "./rules/fold-conv-affine.ts";
import { foldConvBatchNorm } from "./rules/fold-conv-batchnorm.ts";
import { fuseConvActivation, fuseConvAddActivation } from "./rules/fuse-conv.ts";
import { noOp } from "./rules/no-op.ts";

/** What every graph goes through; standard operators only. */
export const portablePasses: readonly Pass[] = [
  deadCode,
  noOp,
  constantFold,
  commonSubexpression,
  foldConvBatchNorm,
  foldBatchNormConv,
  foldConvMul,
  foldConvAdd,
  decomposeBatchNorm,
  deadCode,
];

/** Lowering for ONNX Runtime, after `portablePasses`: its fused operators. */
export const onnxruntimePasses: readonly Pass[] = [fuseConvAddActivation, fuseConvActivation, deadCode];
