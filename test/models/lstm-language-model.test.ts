// The language model on LSTM layers.
import assert from "node:assert/strict";
import { cat, randint, type Tensor, trace } from "../../src/index.ts";
import { type LSTMState, lstmLanguageModel } from "../../src/models/index.ts";
import { withoutInit } from "../../src/nn/index.ts";
import { parameterCount, shaken } from "../support/shaken.ts";

const shape = { vocabulary: 50, embedding: 12, hidden: 16, layers: 2, tied: false };
const model = shaken(lstmLanguageModel({ seed: 0, shape }));
const text = (batch: number, length: number, seed = 1) => randint(0, 50, [batch, length], { seed });
const near = (a: Tensor, b: Tensor) => assert.ok(a.allclose(b, { rtol: 1e-4, atol: 1e-5 }), `${a}\n${b}`);
type Output = ReturnType<typeof model.forward>;

describe("the LSTM language model", () => {
  it("has the keys of PyTorch's example, and its count", () => {
    const layer = (l: number) => ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map((name) => `rnn.${name}_l${l}`);
    assert.deepEqual([...model.stateDict().keys()], ["encoder.weight", ...layer(0), ...layer(1), "decoder.weight", "decoder.bias"]);
    // Words · 650 once, two layers of 4 gates, a bias per word.
    const byHand = 33278 * 650 + 2 * 4 * 650 * (650 + 650 + 2) + 33278;
    assert.equal(parameterCount(withoutInit(() => lstmLanguageModel())), byHand);
    assert.equal(byHand, 28_434_378);
  });

  it("shares the words where asked, which takes a state as wide as a word", () => {
    const tied = lstmLanguageModel({ seed: 0, shape: { ...shape, embedding: 16, tied: true } });
    assert.equal(tied.decoder.weight, tied.encoder.weight);
    assert.throws(() => lstmLanguageModel({ shape: { ...shape, tied: true } }), { code: "InvalidArgument" });
  });

  it("goes on from a state as if it had read everything at once", () => {
    const ids = text(2, 7);
    const first = model.forward(ids.narrow(1, 0, 3));
    near(cat([first.logits, model.forward(ids.narrow(1, 3, 4), first.state).logits], 1), model.forward(ids).logits);
  });

  it("does not let a later token change earlier scores", () => {
    const ids = text(1, 6);
    const changed = cat([ids.narrow(1, 0, 5), ids.narrow(1, 5, 1).add(1).remainder(50)], 1);
    assert.deepEqual(model.forward(changed).logits.narrow(1, 0, 5).toArray(), model.forward(ids).logits.narrow(1, 0, 5).toArray());
  });

  it("loads what it saved", () => {
    const loaded = lstmLanguageModel({ weights: model.stateDict(), shape }).eval();
    assert.deepEqual(loaded.forward(text(1, 4)).logits.toArray(), model.forward(text(1, 4)).logits.toArray());
  });

  it("traces for every batch and length, from nothing and from a state, checked on both engines", async () => {
    const traced = await trace(model);
    const state = (batch: number): LSTMState => model.forward(text(batch, 4, 3)).state;
    const behind = await trace(model, [text(2, 5), state(2)], { dynamic: [{ 0: "batch", 1: "seq" }, { 1: "batch" }, { 1: "batch" }] });
    try {
      const ids = text(3, 11, 2);
      near(((await traced.run(ids)) as unknown as Output).logits, model.forward(ids).logits);
      near(((await behind.run([ids, state(3)])) as unknown as Output).logits, model.forward(ids, state(3)).logits);
    } finally {
      await traced.close();
      await behind.close();
    }
  });
});
