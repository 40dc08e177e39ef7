// The LLaMA-style decoder: Hugging Face's keys and counts, rotary positions, grouped-query attention, the cache.
import assert from "node:assert/strict";
import fc from "fast-check";
import { arange, cat, randint, randn, type Tensor, tensor, trace } from "../../src/index.ts";
import { type CausalOutput, llama2_7b, llama3_8b, type Past, tinyLlama } from "../../src/models/index.ts";
import { rotate, rotationAt } from "../../src/models/llama.ts";
import { withoutInit } from "../../src/nn/index.ts";
import { parameterCount, shaken } from "../support/shaken.ts";

const shape = { vocabulary: 50, layers: 2, hidden: 32, mlp: 48, heads: 4, keyHeads: 2 };
const model = shaken(tinyLlama({ seed: 0, shape }));
const text = (batch: number, length: number, seed = 1) => randint(0, 50, [batch, length], { seed });
const near = (a: Tensor, b: Tensor) => assert.ok(a.allclose(b, { rtol: 1e-4, atol: 1e-5 }), `${a}\n${b}`);

describe("LLaMA beside Hugging Face", () => {
  it("has the published parameter counts", () => {
    const counts = [tinyLlama, llama2_7b, llama3_8b].map((make) => parameterCount(withoutInit(() => make())));
    assert.deepEqual(counts, [1_100_048_384, 6_738_415_616, 8_030_261_248]);
  });

  it("has its keys", () => {
    const layer = {
      "self_attn.q_proj.weight": "2048×2048",
      "self_attn.k_proj.weight": "256×2048",
      "self_attn.v_proj.weight": "256×2048",
      "self_attn.o_proj.weight": "2048×2048",
      "mlp.gate_proj.weight": "5632×2048",
      "mlp.up_proj.weight": "5632×2048",
      "mlp.down_proj.weight": "2048×5632",
      "input_layernorm.weight": "2048",
      "post_attention_layernorm.weight": "2048",
    };
    const own = [...withoutInit(() => tinyLlama()).stateDict()].map(([key, value]) => [key, value.shape.join("×")]);
    assert.deepEqual(own, [
      ["model.embed_tokens.weight", "32000×2048"],
      ...Array.from({ length: 22 }, (_, i) => Object.entries(layer).map(([key, size]) => [`model.layers.${i}.${key}`, size])).flat(),
      ["model.norm.weight", "2048"],
      ["lm_head.weight", "32000×2048"],
    ]);
  });

  it("ignores the wavelengths in old checkpoints, and shares the head where the shape says so", () => {
    const tied = tinyLlama({ seed: 0, shape: { ...shape, tied: true } });
    assert.equal(tied.lm_head.weight, tied.model.embed_tokens.weight);
    const state = new Map([...tied.stateDict()].filter(([key]) => key !== "lm_head.weight"));
    state.set("model.layers.0.self_attn.rotary_emb.inv_freq", tensor([1]));
    const loaded = tinyLlama({ weights: state, shape: { ...shape, tied: true } });
    assert.deepEqual(loaded.forward(text(1, 3)).logits.toArray(), tied.forward(text(1, 3)).logits.toArray());
    assert.throws(() => tinyLlama({ weights: state, shape }), { code: "StateDictMismatch" });
  });

  it("refuses heads that do not divide its width, or each other", () => {
    assert.throws(() => tinyLlama({ shape: { ...shape, heads: 3 } }), { code: "InvalidArgument" });
    assert.throws(() => tinyLlama({ shape: { ...shape, keyHeads: 3 } }), { code: "InvalidArgument" });
  });
});

describe("rotary positions", () => {
  it("turn the first pair by the position itself", () => {
    const turned = rotate(tensor([[[[1, 0]]]]), rotationAt(tensor([1n]), 2, 10000));
    assert.ok(turned.allclose(tensor([[[[Math.cos(1), Math.sin(1)]]]])));
  });

  it("make products depend on the distance alone", () => {
    const product = (q: Tensor, k: Tensor, i: number, j: number) => {
      const at = (x: Tensor, position: number) => rotate(x, rotationAt(tensor([BigInt(position)]), 8, 10000));
      return at(q, i).mul(at(k, j)).sum().item();
    };
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(50), fc.nat(1000), (i, j, shift, seed) => {
        const [q, k] = [randn([1, 1, 1, 8], { seed }), randn([1, 1, 1, 8], { seed: seed + 1 })];
        assert.ok(Math.abs(product(q, k, i, j) - product(q, k, i + shift, j + shift)) < 1e-4);
      }),
      { numRuns: 30 },
    );
  });

  it("keep lengths", () => {
    const x = randn([1, 2, 6, 8], { seed: 1 });
    const turned = rotate(x, rotationAt(arange(6), 8, 10000));
    near(turned.mul(turned).sum(-1), x.mul(x).sum(-1));
  });
});

describe("LLaMA", () => {
  it("with grouped heads equals one with every head of keys and values written out", () => {
    const wide = { ...shape, keyHeads: 4 };
    const state = new Map(
      [...model.stateDict()].map(([key, value]) => {
        if (!/\.[kv]_proj\./.test(key)) return [key, value];
        // [2 heads · 8, 32] → each head twice.
        return [key, value.reshape([2, 1, 8, 32]).expand([2, 2, 8, 32]).reshape([32, 32])];
      }),
    );
    const ids = text(2, 6);
    near(model.forward(ids).logits, tinyLlama({ weights: state, shape: wide }).eval().forward(ids).logits);
  });

  it("gives the same scores token by token with a cache as for the whole text without one", () => {
    const ids = text(2, 7);
    let past: Past | undefined;
    const steps = Array.from({ length: 7 }, (_, t) => {
      const output: CausalOutput = model.forward(ids.narrow(1, t, 1), past);
      past = output.past;
      return output.logits;
    });
    near(cat(steps, 1), model.forward(ids).logits);
    assert.deepEqual(past?.[0]?.[0].shape, [2, 2, 7, 8]);
  });

  it("does not let a later token change earlier scores", () => {
    const ids = text(1, 8);
    const changed = cat([ids.narrow(1, 0, 5), ids.narrow(1, 5, 3).add(1).remainder(50)], 1);
    const [a, b] = [model.forward(ids).logits, model.forward(changed).logits];
    assert.deepEqual(a.narrow(1, 0, 5).toArray(), b.narrow(1, 0, 5).toArray());
    assert.ok(!a.narrow(1, 5, 3).allclose(b.narrow(1, 5, 3)));
  });

  it("traces for every batch and length, with and without a cache, checked on both engines", async () => {
    const traced = await trace(model, text(2, 8), { dynamic: { inputIds: { 0: "batch", 1: "seq" } } });
    const kept = { 0: "batch", 2: "past" };
    const begin = (batch: number, length: number) => model.forward(text(batch, length, 3)).past;
    const behind = await trace(model, [text(2, 3), begin(2, 5)], { dynamic: [{ 0: "batch", 1: "seq" }, kept, kept, kept, kept] });
    try {
      const ids = text(3, 13, 2);
      near(((await traced.run(ids)) as unknown as CausalOutput).logits, model.forward(ids).logits);
      const past = begin(1, 11);
      const next = text(1, 1, 4);
      near(((await behind.run([next, past])) as unknown as CausalOutput).logits, model.forward(next, past).logits);
    } finally {
      await traced.close();
      await behind.close();
    }
  });
});
