// Checks of what language models are given: a mistake is named where it enters, not by an operator deep inside.
import { rankMismatch, requireTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { invalid } from "../nn/options.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";

/** How many tokens the texts [N, L] have. Throws `InvalidArgument` for what is no tensor, `RankMismatch` and `DTypeMismatch`. */
export function textLength(op: string, inputIds: Tensor): number {
  requireTensor(op, "inputIds", inputIds);
  if (inputIds.rank !== 2) throw rankMismatch(op, "inputIds", inputIds.shape, "2: [N, L], one row per text");
  if (inputIds.dtype !== "int64" && inputIds.dtype !== "int32")
    throw ingotError("DTypeMismatch", { op, what: "inputIds", actual: inputIds.dtype, expected: "int64 or int32", convert: "int64" });
  return inputIds.shape[1] as number;
}

/** Throws `InvalidArgument` where a text goes beyond the positions that a model has learned. */
export function checkPositions(op: string, end: number, positions: number): void {
  if (end > positions)
    throw invalid(op, "inputIds", `at most ${positions} tokens, with those before`, end, "Cut the text, or keep less of what came before.");
}

/** Throws `ShapeMismatch` unless the mask says for every token of the texts whether it is one. */
export function checkMask(op: string, mask: Tensor, inputIds: Tensor): void {
  requireTensor(op, "attentionMask", mask);
  if (!sameShape(mask.shape, inputIds.shape))
    throw ingotError("ShapeMismatch", {
      op,
      what: "attentionMask",
      actual: formatShape(mask.shape),
      expected: formatShape(inputIds.shape),
      hint: "Give 1 for each token of inputIds and 0 for padding.",
    });
}
