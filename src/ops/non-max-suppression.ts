// NonMaxSuppression: of boxes that overlap, the one with the best score.
import { ingotError } from "../errors/error.ts";
import { type Dim, unknownDim } from "../ir/dim.ts";
import { tensorType } from "../ir/type.ts";
import { formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int } from "./define.ts";
import { requireRank } from "./infer.ts";

interface Box {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** From (y1, x1, y2, x2), any two opposite corners, or from (centre x, centre y, width, height). */
function boxAt(boxes: Float32Array, at: number, center: boolean): Box {
  const [a, b, c, d] = boxes.subarray(at, at + 4) as unknown as [number, number, number, number];
  if (center) return { top: b - d / 2, left: a - c / 2, bottom: b + d / 2, right: a + c / 2 };
  return { top: Math.min(a, c), left: Math.min(b, d), bottom: Math.max(a, c), right: Math.max(b, d) };
}

const areaOf = ({ top, left, bottom, right }: Box): number => (bottom - top) * (right - left);

/** The shared area divided by that of both together; 0 for boxes without area. */
function overlap(a: Box, b: Box): number {
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  if (height <= 0 || width <= 0 || areaOf(a) <= 0 || areaOf(b) <= 0) return 0;
  return (height * width) / (areaOf(a) + areaOf(b) - height * width);
}

/**
 * `boxes: [N, boxes, 4]` and `scores: [N, classes, boxes]` give `[selected, 3]`: (batch, class, box), per class by falling score (of equal
 * ones, the first box). A box goes when it overlaps a selected one by more than `iou_threshold`, or does not score above
 * `score_threshold`. Without `max_output_boxes_per_class`, none is selected.
 */
export const nonMaxSuppression = defineOp("NonMaxSuppression", {
  since: [10, 11],
  breaking: [10],
  inputs: [
    "boxes: float32",
    "scores: float32",
    "max_output_boxes_per_class?: int64",
    "iou_threshold?: float32",
    "score_threshold?: float32",
  ],
  outputs: ["selected_indices: int64"],
  attributes: { center_point_box: int(0) },
  accuracy: "exact",
  infer(c) {
    const boxes = requireRank(c, 0, "boxes", 3);
    const scores = requireRank(c, 1, "scores", 3);
    const differ = (a: Dim | undefined, b: Dim | undefined) => typeof a === "number" && typeof b === "number" && a !== b;
    if (differ(boxes?.[2], 4) || differ(boxes?.[0], scores?.[0]) || differ(boxes?.[1], scores?.[2]))
      throw ingotError("ShapeMismatch", {
        op: c.op,
        what: "boxes",
        actual: formatShape((boxes ?? []).map(String)),
        expected: `[${scores?.[0] ?? "N"}, ${scores?.[2] ?? "boxes"}, 4], for scores of shape ${formatShape((scores ?? []).map(String))}`,
        hint: "Boxes are [N, boxes, 4], scores [N, classes, boxes].",
      });
    return [tensorType("int64", [unknownDim(), 3])];
  },
  eval({ boxes, scores, ...limits }, { center_point_box }) {
    const number = (x: Storage | undefined, otherwise: number) => (x && x.size > 0 ? Number(x.toNumbers()[0]) : otherwise);
    const most = number(limits.max_output_boxes_per_class, 0);
    const mostOverlap = number(limits.iou_threshold, 0);
    const leastScore = number(limits.score_threshold, Number.NEGATIVE_INFINITY);
    if (mostOverlap < 0 || mostOverlap > 1)
      throw ingotError("InvalidArgument", {
        op: "NonMaxSuppression",
        name: "iou_threshold",
        expected: "a number from 0 to 1",
        actual: mostOverlap,
        hint: "It is a shared area divided by a whole.",
      });
    const [batch, classes, count] = scores.shape as [number, number, number];
    const b = boxes.dense() as Float32Array;
    const s = scores.dense() as Float32Array;
    const selected: number[] = [];
    for (let n = 0; n < batch; n++) {
      const all = Array.from({ length: count }, (_, i) => boxAt(b, (n * count + i) * 4, center_point_box === 1));
      for (let k = 0; k < classes; k++) {
        const at = (n * classes + k) * count;
        const score = (i: number) => s[at + i] as number;
        const candidates = all.map((_, i) => i).filter((i) => score(i) > leastScore);
        candidates.sort((i, j) => score(j) - score(i));
        const kept: number[] = [];
        for (const i of candidates) {
          if (kept.length >= most) break;
          if (kept.every((j) => overlap(all[i] as Box, all[j] as Box) <= mostOverlap)) kept.push(i);
        }
        for (const i of kept) selected.push(n, k, i);
      }
    }
    return Storage.from("int64", selected, [selected.length / 3, 3]);
  },
});
