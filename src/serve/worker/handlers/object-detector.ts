// object_detector: a picture in, boxes of what is seen out. For models exported from torchvision's detection package, which give boxes
// [n, 4], labels [n] and scores [n], in any order, with or without a batch axis of 1.
import type { Tensor } from "../../../eager/tensor.ts";
import { isFloat } from "../../../tensor/dtype.ts";
import type { HandlerFactory } from "../handler.ts";
import { readClassNames } from "./class-names.ts";
import { flag, fraction, readOptions } from "./options.ts";
import { pictureInput } from "./picture-input.ts";

/** `[{"person": [x1, y1, x2, y2], "score": 0.99}, …]`, what scores less than `threshold` left out. The picture is only scaled to [0, 1]. */
export const objectDetector: HandlerFactory = async (context) => {
  const { threshold = 0.5, rotate = false } = readOptions("object_detector", context, { threshold: fraction, rotate: flag });
  const nameOf = await readClassNames(context);
  const input = pictureInput("object_detector", context, { resize: false, crop: false, mean: [0, 0, 0], std: [1, 1, 1], rotate });
  const names = context.io.outputs.map((o) => o.name);
  return {
    preprocess: async ({ data }) => [await input(data)],
    postprocess(outputs) {
      const { boxes, labels, scores } = detections(outputs.map(withoutBatch), names);
      const corners = boxes.toArray() as number[][];
      const classes = labels.toArray() as number[];
      const found = (scores.toArray() as number[]).flatMap((score, i) => (score >= threshold ? [{ score, i }] : []));
      return found.map(
        ({ score, i }) =>
          new Map<string, unknown>([
            [nameOf(classes[i] as number), corners[i]],
            ["score", score],
          ]),
      );
    },
  };
};

interface Detections {
  readonly boxes: Tensor;
  readonly labels: Tensor;
  readonly scores: Tensor;
}

const spoken = { boxes: /box/i, labels: /label|class/i, scores: /score|conf/i } as const;

/** Which output is which: by its name, or else by its shape and type. Throws Error where there is no such three. */
function detections(outputs: readonly Tensor[], names: readonly string[]): Detections {
  const looks: { readonly [K in keyof Detections]: (t: Tensor) => boolean } = {
    boxes: (t) => t.rank === 2 && t.shape[1] === 4,
    labels: (t) => t.rank === 1 && !isFloat(t.dtype),
    scores: (t) => t.rank === 1 && isFloat(t.dtype),
  };
  const pick = (what: keyof Detections): Tensor => {
    const fitting = outputs.filter(looks[what]);
    const named = outputs.filter((t, i) => spoken[what].test(names[i] ?? "") && fitting.includes(t));
    const [found] = named.length > 0 ? named : fitting;
    if (found) return found;
    const have = outputs.map((t, i) => `${names[i]} ${t.dtype}[${t.shape.join(", ")}]`).join(", ");
    throw new Error(`object_detector: the model's outputs are no boxes [n, 4], labels [n] and scores [n]: ${have}.`);
  };
  const found = { boxes: pick("boxes"), labels: pick("labels"), scores: pick("scores") };
  const counts = new Set([found.boxes, found.labels, found.scores].map((t) => t.shape[0]));
  if (counts.size > 1) throw new Error("object_detector: the model gives different numbers of boxes, labels and scores.");
  return found;
}

/** Boxes [1, n, 4] are [n, 4], labels and scores [1, n] are [n]. */
function withoutBatch(t: Tensor): Tensor {
  const bare = t.rank === 3 || (t.rank === 2 && t.shape[1] !== 4) || (t.rank === 2 && !isFloat(t.dtype));
  return bare && t.shape[0] === 1 ? t.squeeze(0) : t;
}
