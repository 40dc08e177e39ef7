// image_classifier: a picture in, the five most likely classes out, as TorchServe's handler of that name.
import { softmax, topk } from "../../../eager/functions/reduce.ts";
import { preprocess } from "../../../image/index.ts";
import { refuse } from "../../fault.ts";
import type { HandlerFactory } from "../handler.ts";
import { readClassNames } from "./class-names.ts";
import { imageBytes, pictureFault } from "./image-request.ts";

const best = 5;

export const imageClassifier: HandlerFactory = async ({ folder, maxImagePixels, warn }) => {
  const nameOf = await readClassNames(folder, warn);
  return {
    async preprocess({ data }) {
      const bytes = imageBytes(data);
      try {
        return [await preprocess(bytes, { maxPixels: maxImagePixels })];
      } catch (error) {
        throw pictureFault(error);
      }
    },
    postprocess([scores]) {
      if (scores === undefined || scores.rank !== 2)
        throw refuse(
          "InternalServerException",
          `The model gives no scores of classes [N, classes] but ${scores ? `[${scores.shape}]` : "nothing"}.`,
        );
      const { values, indices } = topk(softmax(scores, -1), Math.min(best, scores.shape[1] as number));
      const chosen = (indices.toArray() as bigint[][])[0] ?? [];
      const odds = (values.toArray() as number[][])[0] ?? [];
      return new Map(chosen.map((index, i) => [nameOf(Number(index)), odds[i]]));
    },
  };
};
