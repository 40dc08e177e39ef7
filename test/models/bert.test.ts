// BERT: Hugging Face's keys and counts, its heads, the padding mask.
import assert from "node:assert/strict";
import { cat, ones, randint, type Tensor, tensor, trace } from "../../src/index.ts";
import {
  type BertOutputs,
  bertBaseCased,
  bertBaseUncased,
  bertForMaskedLM,
  bertForSequenceClassification,
  bertLargeUncased,
} from "../../src/models/index.ts";
import { withoutInit } from "../../src/nn/index.ts";
import { parameterCount, shaken } from "../support/shaken.ts";

const shape = { vocabulary: 50, positions: 64, layers: 2, heads: 4, hidden: 32, mlp: 48 };
const model = shaken(bertBaseUncased({ seed: 0, shape }));
const text = (batch: number, length: number, seed = 1) => randint(1, 50, [batch, length], { seed });
const near = (a: Tensor, b: Tensor) => assert.ok(a.allclose(b, { rtol: 1e-4, atol: 1e-5 }), `${a}\n${b}`);
const sizes = (state: ReadonlyMap<string, Tensor>) => [...state].map(([key, value]) => `${key} ${value.shape.join("×")}`);

describe("BERT beside Hugging Face", () => {
  it("has the published parameter counts, shared weights counted once", () => {
    const counts = [bertBaseUncased, bertBaseCased, bertLargeUncased, bertForMaskedLM, bertForSequenceClassification].map((make) =>
      parameterCount(withoutInit(() => make())),
    );
    assert.deepEqual(counts, [109_482_240, 108_310_272, 335_141_888, 109_514_298, 109_483_778]);
  });

  it("has its keys", () => {
    const pair = (name: string, size: string) => [`${name}.weight ${size}`, `${name}.bias ${size.split("×")[0]}`];
    const layer = [
      ...["query", "key", "value"].flatMap((part) => pair(`attention.self.${part}`, "768×768")),
      ...pair("attention.output.dense", "768×768"),
      ...pair("attention.output.LayerNorm", "768"),
      ...pair("intermediate.dense", "3072×768"),
      ...pair("output.dense", "768×3072"),
      ...pair("output.LayerNorm", "768"),
    ];
    assert.deepEqual(sizes(withoutInit(() => bertBaseUncased()).stateDict()), [
      "embeddings.word_embeddings.weight 30522×768",
      "embeddings.position_embeddings.weight 512×768",
      "embeddings.token_type_embeddings.weight 2×768",
      ...pair("embeddings.LayerNorm", "768"),
      ...Array.from({ length: 12 }, (_, i) => layer.map((key) => `encoder.layer.${i}.${key}`)).flat(),
      ...pair("pooler.dense", "768×768"),
    ]);
    const head = sizes(withoutInit(() => bertForMaskedLM()).stateDict()).filter((key) => key.startsWith("cls."));
    assert.deepEqual(head, [
      "cls.predictions.bias 30522",
      ...pair("cls.predictions.transform.dense", "768×768"),
      ...pair("cls.predictions.transform.LayerNorm", "768"),
      ...pair("cls.predictions.decoder", "30522×768"),
    ]);
  });

  it("loads the published file, which has a prefix, older names and the heads of pre-training", () => {
    const masked = shaken(bertForMaskedLM({ seed: 0, shape }));
    const published = new Map([...model.stateDict()].map(([key, value]) => [`bert.${oldName(key)}`, value]));
    for (const [key, value] of masked.stateDict()) if (/^cls\.(?!.*decoder)/.test(key)) published.set(oldName(key), value);
    published.set("cls.seq_relationship.bias", tensor([0, 0]));
    published.set("bert.embeddings.position_ids", tensor([0]));
    const ids = text(2, 6);
    const expected = model.forward(ids);
    const loaded = bertBaseUncased({ weights: published, shape }).eval().forward(ids);
    assert.deepEqual(loaded.lastHiddenState.toArray(), expected.lastHiddenState.toArray());
    assert.deepEqual(loaded.poolerOutput?.toArray(), expected.poolerOutput?.toArray());
    // The file has no pooler-free copy and no decoder: these are the embedding, and the bias of the head.
    const words = bertForMaskedLM({ weights: published, shape });
    assert.equal(words.cls.predictions.decoder.weight, words.bert.embeddings.word_embeddings.weight);
    assert.equal(words.cls.predictions.decoder.bias, words.cls.predictions.bias);
    // It has no classifier: a model that needs one says so.
    assert.throws(() => bertForSequenceClassification({ weights: published, shape }), { code: "StateDictMismatch" });
  });
});

const oldName = (key: string) => key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");

describe("BERT", () => {
  it("does not see padding: a padded text is encoded as it is alone", () => {
    const ids = text(1, 5);
    const padded = cat([ids, text(1, 3, 9)], 1);
    const mask = tensor([[1n, 1n, 1n, 1n, 1n, 0n, 0n, 0n]]);
    const [alone, beside] = [model.forward(ids), model.forward(padded, mask)];
    near(beside.lastHiddenState.narrow(1, 0, 5), alone.lastHiddenState);
    near(beside.poolerOutput as Tensor, alone.poolerOutput as Tensor);
    assert.ok(!model.forward(padded).lastHiddenState.narrow(1, 0, 5).allclose(alone.lastHiddenState));
  });

  it("stays finite where everything is padding", () => {
    const { lastHiddenState } = model.forward(text(1, 4), tensor([[0n, 0n, 0n, 0n]]));
    assert.ok(lastHiddenState.storage.toNumbers().every(Number.isFinite));
  });

  it("takes the first kind of text and no padding where nothing is said", () => {
    const ids = text(2, 6);
    const spelledOut = model.forward(ids, ones([2, 6], { dtype: "int64" }), ids.mul(0));
    assert.deepEqual(spelledOut.lastHiddenState.toArray(), model.forward(ids).lastHiddenState.toArray());
    assert.ok(!model.forward(ids, undefined, ids.mul(0).add(1)).lastHiddenState.allclose(spelledOut.lastHiddenState));
  });

  it("looks both ways", () => {
    const ids = text(1, 6);
    const changed = cat([ids.narrow(1, 0, 5), ids.narrow(1, 5, 1).add(1).remainder(50)], 1);
    assert.ok(!model.forward(ids).lastHiddenState.select(1, 0).allclose(model.forward(changed).lastHiddenState.select(1, 0)));
  });

  it("says what is wrong with a text or its mask", () => {
    assert.throws(() => model.forward(text(2, 65)), { code: "InvalidArgument", summary: /at most 64 tokens/ });
    assert.throws(() => model.forward(text(2, 6), ones([2, 5])), { code: "ShapeMismatch", summary: /\[2, 5\], expected \[2, 6\]/ });
  });

  it("gives words and texts scores", () => {
    const ids = text(2, 6);
    assert.deepEqual(bertForMaskedLM({ seed: 0, shape }).eval().forward(ids).shape, [2, 6, 50]);
    assert.deepEqual(bertForSequenceClassification({ seed: 0, shape, numClasses: 3 }).eval().forward(ids).shape, [2, 3]);
  });
});

describe("BERT traced", () => {
  it("takes every batch and length, checked on both engines", async () => {
    const traced = await trace(model);
    try {
      const inputs = [text(3, 11), randint(0, 2, [3, 11], { seed: 2 }), randint(0, 2, [3, 11], { seed: 3 })] as const;
      const output = (await traced.run([...inputs])) as unknown as BertOutputs;
      const expected = model.forward(...inputs);
      near(output.lastHiddenState, expected.lastHiddenState);
      near(output.poolerOutput as Tensor, expected.poolerOutput as Tensor);
    } finally {
      await traced.close();
    }
  });

  it("takes texts alone, and carries its heads", async () => {
    for (const headed of [bertForMaskedLM({ seed: 0, shape }), bertForSequenceClassification({ seed: 0, shape })]) {
      const traced = await trace(shaken(headed), text(2, 8), { dynamic: { inputIds: { 0: "batch", 1: "seq" } } });
      try {
        near((await traced.run(text(1, 5))) as Tensor, headed.forward(text(1, 5)));
      } finally {
        await traced.close();
      }
    }
  });
});
