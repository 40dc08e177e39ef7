// text_classifier: a text in, the probability of each class out. TorchServe's handler of that name reads a pickled vocabulary, which is Python
// code; here the archive brings a tokenizer.json.
import { topk } from "../../../eager/functions/reduce.ts";
import { Tensor } from "../../../eager/tensor.ts";
import { ingotError } from "../../../errors/error.ts";
import { type DType, integers } from "../../../tensor/dtype.ts";
import { Storage } from "../../../tensor/storage.ts";
import { refuse } from "../../fault.ts";
import type { TensorSpec } from "../../wire/messages.ts";
import type { HandlerContext, HandlerFactory } from "../handler.ts";
import { readClassNames } from "./class-names.ts";
import { classScores } from "./class-scores.ts";
import { readOptions, whole } from "./options.ts";
import { type Encoded, readTokenizer } from "./tokenizer.ts";

/** `{"World": 0.02, "Sports": 0.9, …}`: all classes in their order, or the `topk` most likely ones, the best first. */
export const textClassifier: HandlerFactory = async (context) => {
  const { topk: best, max_length: most } = readOptions("text_classifier", context, { topk: whole(1), max_length: whole(1) });
  const [nameOf, tokenizer] = await Promise.all([readClassNames(context), readTokenizer(context)]);
  const makers = context.io.inputs.map((spec) => maker(spec, context));
  // A model of one length gets texts of that length.
  const lengths = context.io.inputs.map((i) => i.shape?.at(-1)).filter((d) => typeof d === "number");
  const exactly = lengths[0];
  const limits = { ...(most !== undefined && { most }), ...(exactly !== undefined && { exactly }) };
  return {
    preprocess({ data }) {
      const encoded = tokenizer.encode(textOf(data), limits);
      return makers.map((make) => make(encoded));
    },
    postprocess(outputs) {
      const scores = classScores("text_classifier", outputs);
      const count = scores.shape[0] as number;
      if (best === undefined) {
        const odds = scores.toArray() as number[];
        return new Map(odds.map((p, index) => [nameOf(index), p]));
      }
      const { values, indices } = topk(scores, Math.min(best, count));
      const odds = values.toArray() as number[];
      return new Map((indices.toArray() as number[]).map((index, i) => [nameOf(index), odds[i]]));
    },
  };
};

/** What an input is made of, by its name; a model with one input takes the tokens, whatever it is called. */
const parts: Readonly<Record<string, (e: Encoded) => readonly number[]>> = {
  input_ids: (e) => e.ids,
  attention_mask: (e) => e.mask,
  token_type_ids: (e) => e.types,
  position_ids: (e) => e.ids.map((_, i) => i),
};

function maker(spec: TensorSpec, { io, model }: HandlerContext): (encoded: Encoded) => Tensor {
  const wrong = (problem: string) =>
    ingotError("HandlerModel", {
      handler: "text_classifier",
      model: model.name,
      problem,
      hint: `It takes integers [batch, tokens]: ${Object.keys(parts).join(", ")}. For another model use a handler module.`,
    });
  const part = Object.hasOwn(parts, spec.name) ? parts[spec.name] : io.inputs.length === 1 ? parts.input_ids : undefined;
  if (!part) throw wrong(`nothing is known to give to its input ${spec.name}`);
  const dtype = spec.dtype as DType;
  const rank = spec.shape?.length ?? 2;
  if (!integers.includes(dtype) || rank > 2 || rank < 1)
    throw wrong(`its input ${spec.name} is ${spec.dtype}[${spec.shape?.join(", ") ?? "…"}]`);
  return (encoded) => {
    const values = part(encoded);
    return Tensor.fromStorage(Storage.from(dtype, values, rank === 1 ? [values.length] : [1, values.length]));
  };
}

/** The text: as it is, as UTF-8, or as `text` or `data` of a JSON object. Throws ServeFault 400. */
function textOf(data: unknown): string {
  if (data instanceof Uint8Array) {
    try {
      return textOf(new TextDecoder("utf-8", { fatal: true }).decode(data));
    } catch (cause) {
      throw refuse("BadRequestException", "The body is not text in UTF-8.", { cause });
    }
  }
  if (typeof data === "string" && data.trim() !== "") return data;
  if (typeof data === "object" && data !== null)
    for (const key of ["text", "data"]) {
      const inner: unknown = Object.hasOwn(data, key) ? (data as Record<string, unknown>)[key] : undefined;
      if (typeof inner === "string" && inner.trim() !== "") return inner;
    }
  throw refuse("BadRequestException", 'The request holds no text: send it as text/plain, or as JSON, "…" or {"text": "…"}.');
}
