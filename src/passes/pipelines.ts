// The optimiser, as lists of passes in order. `portable` keeps to standard operators; each engine's list runs after it.
import type { Pass } from "./pass.ts";
import { commonSubexpression } from "./rules/common-subexpression.ts";
import { constantFold } from "./rules/constant-fold.ts";
import { deadCode } from "./rules/dead-code.ts";

/** What every graph goes through; standard operators only. */
export const portablePasses: readonly Pass[] = [deadCode, constantFold, commonSubexpression, deadCode];

/** Lowering for ONNX Runtime, after `portablePasses`: its fused operators. */
export const onnxruntimePasses: readonly Pass[] = [deadCode];
