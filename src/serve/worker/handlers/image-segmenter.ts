// image_segmenter: a picture in, the most likely class of each pixel out, as TorchServe's handler of that name.
import { maxAlong, softmax } from "../../../eager/functions/reduce.ts";
import type { HandlerFactory } from "../handler.ts";
import { readOptions } from "./options.ts";
import { pictureInput, pictureOptions } from "./picture-input.ts";

/** Rows of pixels, each `[class, probability]`. Preprocessing is the classifier's. */
export const imageSegmenter: HandlerFactory = (context) => {
  const input = pictureInput("image_segmenter", context, readOptions("image_segmenter", context, pictureOptions));
  // torchvision's models have a second output for training, `aux`.
  const out = Math.max(
    context.io.outputs.findIndex((o) => o.name === "out"),
    0,
  );
  return {
    preprocess: async ({ data }) => [await input(data)],
    postprocess(outputs) {
      const scores = outputs[out];
      const map = scores?.rank === 4 && scores.shape[0] === 1 ? scores.squeeze(0) : scores;
      if (map?.rank !== 3)
        throw new Error(
          `image_segmenter: the model gives no scores [1, classes, height, width] but ${scores ? `[${scores.shape.join(", ")}]` : "nothing"}.`,
        );
      const { values, indices } = maxAlong(softmax(map.dtype === "float64" ? map : map.to("float32"), 0), 0);
      const [, height, width] = map.shape as [number, number, number];
      const [odds, classes] = [values.data, indices.data];
      return Array.from({ length: height }, (_, y) =>
        Array.from({ length: width }, (__, x) => [Number(classes[y * width + x]), Number(odds[y * width + x])]),
      );
    },
  };
};
