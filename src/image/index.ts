// The public entry `ingot/image`: from picture files to the inputs of models.
import { Tensor } from "../eager/tensor.ts";
import { installImageCodec } from "../ops/image-decoder.ts";
import { decodeSync } from "./codec.ts";
import { type DecodeOptions, decode } from "./decode.ts";
import { type PreprocessOptions, preprocessRgb } from "./preprocess.ts";

installImageCodec(decodeSync);

export { type DecodeOptions, decode } from "./decode.ts";
export { centerCrop, type PerChannel, type PreprocessOptions, preprocessRgb, resizeShortSide } from "./preprocess.ts";
export { type RenderSize, renderImage } from "./render.ts";
export { resize } from "./resize.ts";
export type { RgbImage } from "./rgb.ts";

/**
 * Decodes a picture and makes a classifier's input of it, as torchvision's evaluation transforms do: a float32 tensor [1, 3, H, W].
 * Throws what `decode` and `preprocessRgb` throw.
 *
 * @example
 * const x = await preprocess("cat.jpg"); // shape [1, 3, 224, 224]
 */
export async function preprocess(source: string | Uint8Array, options: PreprocessOptions & DecodeOptions = {}): Promise<Tensor> {
  return Tensor.fromStorage(preprocessRgb(await decode(source, options), options));
}
