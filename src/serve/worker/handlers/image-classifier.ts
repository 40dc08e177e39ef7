// image_classifier: a picture in, the most likely classes out, as TorchServe's handler of that name.
import { topk } from "../../../eager/functions/reduce.ts";
import type { HandlerFactory } from "../handler.ts";
import { readClassNames } from "./class-names.ts";
import { classScores } from "./class-scores.ts";
import { readOptions, whole } from "./options.ts";
import { pictureInput, pictureOptions } from "./picture-input.ts";

/** `{"tabby": 0.47, …}`, the most likely class first; classes of one name are one entry, as in TorchServe. */
export const imageClassifier: HandlerFactory = async (context) => {
  const { topk: best = 5, ...picture } = readOptions("image_classifier", context, { ...pictureOptions, topk: whole(1) });
  const nameOf = await readClassNames(context);
  const input = pictureInput("image_classifier", context, picture);
  return {
    preprocess: async ({ data }) => [await input(data)],
    postprocess(outputs) {
      const scores = classScores("image_classifier", outputs);
      const { values, indices } = topk(scores, Math.min(best, scores.shape[0] as number));
      const odds = values.toArray() as number[];
      return new Map((indices.toArray() as number[]).map((index, i) => [nameOf(index), odds[i]]));
    },
  };
};
