// The input of a model that takes pictures: from what a request holds to the tensor, whatever layout of it the model has.
import type { Tensor } from "../../../eager/tensor.ts";
import { IngotError, ingotError } from "../../../errors/error.ts";
import { preprocess } from "../../../image/index.ts";
import { type DType, isFloat } from "../../../tensor/dtype.ts";
import { refuse } from "../../fault.ts";
import type { TensorSpec } from "../../wire/messages.ts";
import type { HandlerContext } from "../handler.ts";
import { checkShape, listTensor } from "./nested-list.ts";
import { deviations, flag, means, type OptionsOf, side } from "./options.ts";

/** The options of all handlers of pictures. */
export const pictureOptions = { resize: side, crop: side, mean: means, std: deviations, rotate: flag } as const;

export type PictureOptions = OptionsOf<typeof pictureOptions>;

/**
 * Makes the function from a request's data to the model's input: bytes and base64 text are decoded and preprocessed as `ingot/image` does it, a
 * list of numbers is the tensor itself. The function throws ServeFault 400 for what is no picture. Throws `HandlerModel` for a model whose
 * input cannot be a picture, or is one of another size than the options make.
 */
export function pictureInput(handler: string, context: HandlerContext, options: PictureOptions): (data: unknown) => Promise<Tensor> {
  const spec = pictureSpec(handler, context, options);
  // Without a batch axis: [3, H, W].
  const isBare = spec.shape?.length === 3;
  return async (data) => {
    if (Array.isArray(data)) return listTensor(spec, data).tensor;
    const bytes = imageBytes(data);
    let pixels: Tensor;
    try {
      pixels = await preprocess(bytes, { ...options, maxPixels: context.maxImagePixels });
    } catch (error) {
      throw pictureFault(error);
    }
    const typed = spec.dtype === "float32" ? pixels : pixels.to(spec.dtype as DType);
    const input = isBare ? typed.squeeze(0) : typed;
    checkShape(spec, input.shape);
    return input;
  };
}

function pictureSpec(handler: string, { io, model }: HandlerContext, { resize = 256, crop = 224 }: PictureOptions): TensorSpec {
  const wrong = (problem: string, hint: string) => ingotError("HandlerModel", { handler, model: model.name, problem, hint });
  const [spec, ...others] = io.inputs;
  if (!spec || others.length > 0)
    throw wrong(
      `it has the inputs ${io.inputs.map((i) => i.name).join(", ")}, and a picture is one`,
      "Use base_handler, or a handler module.",
    );
  const described = `its input ${spec.name} is ${spec.dtype}[${spec.shape?.join(", ") ?? "…"}]`;
  const layout = "It takes one of float32 as [batch, 3, height, width] or [3, height, width].";
  if (!isFloat(spec.dtype as DType)) throw wrong(described, layout);
  const { shape } = spec;
  if (shape === undefined) return spec;
  const [channels, height, width] = shape.slice(-3);
  if ((shape.length !== 3 && shape.length !== 4) || (typeof channels === "number" && channels !== 3)) throw wrong(described, layout);
  for (const size of [height, width])
    if (typeof size === "number" && crop !== false && size !== crop)
      throw wrong(
        `${described}, and it makes pictures of ${crop} x ${crop}`,
        `Write the size into the archive's model-config.yaml, as in \`handler: {resize: ${Math.round((size * 256) / 224)}, crop: ${size}}\` (now resize ${resize}, crop ${crop}).`,
      );
  return spec;
}

/** A picture's bytes: as they are, or as text in base64 (a data URL too). Throws ServeFault 400 where there is no picture. */
export function imageBytes(data: unknown): Uint8Array {
  if (data instanceof Uint8Array && data.byteLength > 0) return data;
  if (typeof data === "string") {
    const bytes = Buffer.from(data.replace(/^data:[^,]*,/, ""), "base64");
    if (bytes.byteLength > 0) return bytes;
  }
  throw refuse(
    "BadRequestException",
    "The request holds no picture: send the bytes of a JPEG, PNG, WebP, GIF, TIFF or AVIF file as its body.",
  );
}

/** What a client is told whose picture cannot be decoded: that it is the picture, not the server. */
function pictureFault(error: unknown): unknown {
  if (!(error instanceof IngotError) || !/^Image/.test(error.code) || error.code === "ImageDecoderMissing") return error;
  return refuse("BadRequestException", error.summary, { status: error.code === "ImageTooLarge" ? 413 : 400, cause: error });
}
