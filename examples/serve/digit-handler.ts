// A handler of the operator's: a picture of a handwritten digit in, the digit out. The server is told of it with
//
//     ingot serve --start --ncs --model-store model_store --models all --handler-module digit-handler=digit-handler.ts
//
// and serves with it every archive that was made with `--handler digit-handler.ts`; the copy in the archive is never run. Outside of this repository the imports are from "ingot" and "ingot/serve".
import { image, Tensor } from "../../src/index.ts";
import { badRequest, type HandlerFactory } from "../../src/serve/index.ts";

const side = 8;

export const createHandler: HandlerFactory = ({ config, maxImagePixels }) => {
  // From `handler: {sure: 0.9}` in the archive's model-config.yaml.
  const sure = typeof config.sure === "number" ? config.sure : 0.5;
  return {
    async preprocess({ data }) {
      if (!(data instanceof Uint8Array)) throw badRequest("Send the picture of one digit as the body.");
      const picture = await image.decode(data, { maxPixels: maxImagePixels }).catch((error: Error) => {
        throw badRequest(error.message);
      });
      const small = image.resize(picture, side, side);
      const grey = Tensor.fromStorage(image.preprocessRgb(small, { resize: false, crop: false, mean: [0, 0, 0], std: [1, 1, 1] }));
      return [grey.mean(1, true)];
    },
    postprocess([scores]) {
      if (!scores) throw new Error("the model gives no scores");
      const odds = scores.softmax(1).reshape(-1).toArray() as number[];
      const digit = odds.indexOf(Math.max(...odds));
      const probability = odds[digit] as number;
      return { digit, probability, sure: probability >= sure };
    },
  };
};
