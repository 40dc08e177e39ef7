// Probabilities of classes out of a classifier's scores.
import { softmax } from "../../../eager/functions/reduce.ts";
import type { Tensor } from "../../../eager/tensor.ts";

/** The softmax of one request's scores, [classes]. Throws Error for outputs that are none, which is the model's fault. */
export function classScores(handler: string, [scores]: readonly Tensor[]): Tensor {
  const row = scores?.rank === 2 && scores.shape[0] === 1 ? scores.squeeze(0) : scores;
  if (row?.rank !== 1 || row.numel() === 0)
    throw new Error(
      `${handler}: the model gives no scores [1, classes] of one item but ${scores ? `[${scores.shape.join(", ")}]` : "nothing"}.`,
    );
  return softmax(row.dtype === "float64" ? row : row.to("float32"), 0);
}
