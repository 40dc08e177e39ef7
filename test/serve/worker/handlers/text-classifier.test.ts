import assert from "node:assert/strict";
import { tensor } from "../../../../src/eager/create.ts";
import type { TensorSpec } from "../../../../src/serve/wire/messages.ts";
import { textClassifier } from "../../../../src/serve/worker/handlers/text-classifier.ts";
import { handlerContext, handlerRequest, refusal } from "../../../support/handler-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "sat", "on", "mat", "##s", "play", "##ing", "."];
const [pad, unk, cls, sep, the, cat, sat, , , s, play, ing, dot] = words.keys();

/** A tokenizer of BERT's kind, as `save_pretrained` writes it. */
const tokenizer = (more: object = {}) => ({
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: words.slice(0, 4).map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
    },
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(words.map((w, i) => [w, i])),
  },
  ...more,
});

const ids = (name: string, ...shape: (number | string)[]): TensorSpec => ({
  name,
  dtype: "int64",
  shape: shape.length ? shape : ["n", "t"],
});

describe("text_classifier", () => {
  const inFolder = temporaryFolder({ eachTest: true });
  const make = async (inputs: readonly TensorSpec[], file: unknown = tokenizer(), config = {}) => {
    if (file !== null) inFolder("tokenizer.json", typeof file === "string" ? file : JSON.stringify(file));
    return textClassifier(handlerContext({ inputs, folder: inFolder(), config }));
  };
  const encode = async (text: unknown, ...options: Parameters<typeof make>) => {
    const { preprocess } = await make(...options);
    return (await preprocess(handlerRequest(text))).map((t) => t.toArray());
  };

  it("makes the inputs that the model asks for, in its order and type", async () => {
    const inputs = [
      ids("attention_mask"),
      ids("input_ids"),
      { name: "token_type_ids", dtype: "int32", shape: ["n", "t"] },
      ids("position_ids"),
    ];
    const { preprocess } = await make(inputs);
    const tensors = await preprocess(handlerRequest("The cats play."));
    assert.deepEqual(
      tensors.map((t) => t.toArray()),
      [[[1, 1, 1, 1, 1, 1, 1]], [[cls, the, cat, s, play, dot, sep]], [[0, 0, 0, 0, 0, 0, 0]], [[0, 1, 2, 3, 4, 5, 6]]],
    );
    assert.deepEqual(
      tensors.map((t) => t.dtype),
      ["int64", "int64", "int32", "int64"],
    );
  });

  it("takes text, UTF-8, and JSON strings and objects", async () => {
    const expected = [[[cls, cat, unk, sep]]];
    for (const data of ["cat café", Buffer.from("cat café"), { text: "cat café" }, { data: "cat café" }])
      assert.deepEqual(await encode(data, [ids("tokens")]), expected);
    const { preprocess } = await make([ids("input_ids")]);
    for (const data of ["  ", Buffer.from([0xff]), [1], {}, 5, undefined])
      assert.equal((await refusal(() => preprocess(handlerRequest(data)))).status, 400);
  });

  it("cuts a long text as tokenizer.json says, and keeps the tokens around it", async () => {
    const inputs = [ids("input_ids")];
    const truncation = { direction: "Right", max_length: 4, strategy: "LongestFirst", stride: 0 };
    assert.deepEqual(await encode("the cat sat playing", inputs, tokenizer({ truncation })), [[[cls, the, cat, sep]]]);
    const left = { ...truncation, direction: "Left" };
    assert.deepEqual(await encode("the cat sat playing", inputs, tokenizer({ truncation: left })), [[[cls, play, ing, sep]]]);
    assert.deepEqual(await encode("cat", inputs, tokenizer({ truncation })), [[[cls, cat, sep]]]);
    assert.deepEqual(await encode("the cat sat playing", inputs, tokenizer(), { max_length: 5 }), [[[cls, the, cat, sat, sep]]]);
    inFolder("tokenizer_config.json", '{"model_max_length": 3}');
    assert.deepEqual(await encode("the cat sat playing", inputs), [[[cls, the, sep]]]);
  });

  it("fills a short text as tokenizer.json says, or as the model's size asks", async () => {
    const inputs = [ids("input_ids"), ids("attention_mask")];
    const padding = { strategy: { Fixed: 5 }, direction: "Right", pad_to_multiple_of: null, pad_id: 0, pad_type_id: 0, pad_token: "[PAD]" };
    assert.deepEqual(await encode("cat", inputs, tokenizer({ padding })), [[[cls, cat, sep, pad, pad]], [[1, 1, 1, 0, 0]]]);
    const left = { ...padding, strategy: "BatchLongest", direction: "Left", pad_to_multiple_of: 4 };
    assert.deepEqual(await encode("cat", inputs, tokenizer({ padding: left })), [[[pad, cls, cat, sep]], [[0, 1, 1, 1]]]);
    const fixed = [ids("input_ids", 1, 4), ids("attention_mask", 1, 4)];
    assert.deepEqual(await encode("cat", fixed), [[[cls, cat, sep, pad]], [[1, 1, 1, 0]]]);
    assert.deepEqual(await encode("the cat sat", fixed), [[[cls, the, cat, sep]], [[1, 1, 1, 1]]]);
  });

  it("answers all classes in their order, or the most likely ones", async () => {
    inFolder("index_to_name.json", '{"0": "World", "1": "Sports", "2": "Business"}');
    const scores = [tensor([[0, Math.log(3), Math.log(4)]])];
    const answer = async (config = {}) => {
      const { postprocess } = await make([ids("input_ids")], tokenizer(), config);
      const pairs = [...((await postprocess(scores, handlerRequest("cat"))) as Map<string, number>)];
      return pairs.map(([name, p]) => [name, Math.round(p * 1000)]);
    };
    assert.deepEqual(await answer(), [
      ["World", 125],
      ["Sports", 375],
      ["Business", 500],
    ]);
    assert.deepEqual(await answer({ topk: 1 }), [["Business", 500]]);
  });

  it("does not start without a tokenizer, with one that is none, or with a model that it cannot feed", async () => {
    await assert.rejects(make([ids("input_ids")], null), /tokenizer.json of model m is missing/);
    await assert.rejects(make([ids("input_ids")], "{"), /tokenizer.json of model m is not JSON/);
    await assert.rejects(make([ids("input_ids")], "[]"), /is not a JSON object/);
    await assert.rejects(make([ids("input_ids")], { model: { type: "Nonsense" } }), /tokenizer.json of model m cannot be used/);
    await assert.rejects(make([ids("input_ids"), ids("pixels")]), /nothing is known to give to its input pixels/);
    await assert.rejects(make([{ name: "input_ids", dtype: "float32", shape: ["n", "t"] }]), { code: "HandlerModel" });
  });
});
