// GPT-2: Hugging Face's keys and counts, and what must hold of any causal decoder with a cache.
import assert from "node:assert/strict";
import fc from "fast-check";
import { cat, randint, type Tensor, tensor, trace, zeros } from "../../src/index.ts";
import { type CausalOutput, GPT2Model, gpt2, gpt2Large, gpt2Medium, gpt2Xl, type Past } from "../../src/models/index.ts";
import { withoutInit } from "../../src/nn/index.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";
import { parameterCount, shaken } from "../support/shaken.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const shape = { vocabulary: 50, positions: 64, layers: 2, heads: 4, hidden: 32 };
const model = shaken(gpt2({ seed: 0, shape }));
const text = (batch: number, length: number, seed = 1) => randint(0, 50, [batch, length], { seed });
const near = (a: Tensor, b: Tensor, what = "") => assert.ok(a.allclose(b, { rtol: 1e-4, atol: 1e-5 }), what);

describe("GPT-2 beside Hugging Face", () => {
  const file = temporaryFolder();

  it("has the published parameter counts, the shared head counted once", () => {
    const counts = [gpt2, gpt2Medium, gpt2Large, gpt2Xl].map((make) => parameterCount(withoutInit(() => make())));
    assert.deepEqual(counts, [124_439_808, 354_823_168, 774_030_080, 1_557_611_200]);
  });

  it("has its keys, with projections stored as [in, out]", () => {
    const block = {
      "ln_1.weight": "768",
      "ln_1.bias": "768",
      "attn.c_attn.weight": "768×2304",
      "attn.c_attn.bias": "2304",
      "attn.c_proj.weight": "768×768",
      "attn.c_proj.bias": "768",
      "ln_2.weight": "768",
      "ln_2.bias": "768",
      "mlp.c_fc.weight": "768×3072",
      "mlp.c_fc.bias": "3072",
      "mlp.c_proj.weight": "3072×768",
      "mlp.c_proj.bias": "768",
    };
    const own = [...withoutInit(() => gpt2()).stateDict()].map(([key, value]) => [key, value.shape.join("×")]);
    assert.deepEqual(own, [
      ["transformer.wte.weight", "50257×768"],
      ["transformer.wpe.weight", "1024×768"],
      ...Array.from({ length: 12 }, (_, i) => Object.entries(block).map(([key, size]) => [`transformer.h.${i}.${key}`, size])).flat(),
      ["transformer.ln_f.weight", "768"],
      ["transformer.ln_f.bias", "768"],
      ["lm_head.weight", "50257×768"],
    ]);
  });

  it("loads a published file: keys without prefix, masks that are computed here, no head of its own", async () => {
    const path = file("model.safetensors");
    const published = [...model.stateDict()]
      .filter(([key]) => key !== "lm_head.weight")
      .map(([key, value]) => [key.replace(/^transformer\./, ""), value.storage] as const);
    await writeSafetensors(path, [...published, ["h.0.attn.bias", tensor([1]).storage]]);
    const loaded = gpt2({ weights: path, shape }).eval();
    assert.equal(loaded.lm_head.weight, loaded.transformer.wte.weight);
    const ids = text(1, 5);
    assert.deepEqual(loaded.forward(ids).logits.toArray(), model.forward(ids).logits.toArray());
  });

  it("refuses weights that leave something out, or that it does not know", () => {
    const state = model.stateDict();
    const without = new Map([...state].filter(([key]) => key !== "transformer.h.1.mlp.c_fc.bias"));
    assert.throws(() => gpt2({ weights: without, shape }), { code: "StateDictMismatch" });
    assert.throws(() => gpt2({ weights: new Map([...state, ["transformer.h.9.extra", tensor([1])]]), shape }), {
      code: "StateDictMismatch",
    });
  });
});

describe("GPT-2", () => {
  it("gives the same scores token by token with a cache as for the whole text without one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.nat(100), (length, seed) => {
        const ids = text(2, length, seed);
        let past: Past | undefined;
        const steps = Array.from({ length }, (_, t) => {
          const output: CausalOutput = model.forward(ids.narrow(1, t, 1), past);
          past = output.past;
          return output.logits;
        });
        near(cat(steps, 1), model.forward(ids).logits);
      }),
      { numRuns: 8 },
    );
  });

  it("does not let a later token change earlier scores", () => {
    const ids = text(1, 8);
    const changed = cat([ids.narrow(1, 0, 5), ids.narrow(1, 5, 3).add(1).remainder(50)], 1);
    const [a, b] = [model.forward(ids).logits, model.forward(changed).logits];
    assert.deepEqual(a.narrow(1, 0, 5).toArray(), b.narrow(1, 0, 5).toArray());
    assert.ok(!a.narrow(1, 5, 3).allclose(b.narrow(1, 5, 3)));
  });

  it("draws the projections that end a branch smaller, the more layers add up", () => {
    const deep = gpt2({ seed: 0, shape: { ...shape, layers: 8 } }).transformer.h.at(0);
    const deviation = (weight: Tensor) => weight.mul(weight).mean().sqrt().item();
    assert.ok(Math.abs(deviation(deep.mlp.c_fc.weight) - 0.02) < 0.001);
    assert.ok(Math.abs(deviation(deep.mlp.c_proj.weight) - 0.02 / 4) < 0.0005);
  });

  it("says what is wrong with a text, or with what was kept", () => {
    const { past } = model.forward(text(1, 60));
    const cases: readonly (readonly [call: () => unknown, code: string, summary: RegExp])[] = [
      [() => model.forward(text(1, 65)), "InvalidArgument", /at most 64 tokens.*got 65/],
      [() => model.forward(text(1, 5), past), "InvalidArgument", /at most 64 tokens.*got 65/],
      [() => model.forward(text(1, 4).select(0, 0)), "RankMismatch", /inputIds has 1 dimension.*\[N, L\]/],
      [() => model.forward(text(1, 4).float()), "DTypeMismatch", /float32, expected int64 or int32/],
      [() => model.forward([[1, 2]] as unknown as Tensor), "InvalidArgument", /`inputIds` to be a tensor/],
      [() => model.forward(text(1, 4), past.slice(1)), "InvalidArgument", /2 pairs of keys and values.*array of 1/],
      [() => model.forward(tensor([[50n]])), "IndexOutOfRange", /index 50/],
    ];
    for (const [call, code, summary] of cases) assert.throws(call, { code, summary });
  });

  it("refuses sizes that it does not have or that do not fit", () => {
    assert.throws(() => gpt2({ shape: { layer: 3 } as object }), { code: "UnknownOption", summary: /gpt2 has no option `shape.layer`/ });
    assert.throws(() => gpt2({ shape: { ...shape, heads: 3 } }), {
      code: "InvalidArgument",
      summary: /a divisor of the 32 features, got 3/,
    });
    assert.throws(() => gpt2({ shape: { ...shape, layers: 1.5 } }), { code: "InvalidArgument" });
  });
});

describe("GPT-2 traced", () => {
  it("takes every batch and length, checked on both engines", async () => {
    const traced = await trace(model, text(2, 8), { dynamic: { inputIds: { 0: "batch", 1: "seq" } } });
    try {
      const ids = text(3, 13, 2);
      const { logits } = (await traced.run(ids)) as unknown as CausalOutput;
      near(logits, model.forward(ids).logits);
    } finally {
      await traced.close();
    }
  });

  it("goes on behind a cache of every length, also an empty one", async () => {
    const begin = (batch: number, length: number) => model.forward(text(batch, length, 3)).past;
    const kept = { 0: "batch", 2: { name: "past", min: 0 } };
    const traced = await trace(model, [text(2, 3), begin(2, 5)], { dynamic: [{ 0: "batch", 1: "seq" }, kept, kept, kept, kept] });
    try {
      const [ids, past] = [text(1, 1, 4), begin(1, 11)];
      const output = (await traced.run([ids, past])) as unknown as CausalOutput;
      const expected = model.forward(ids, past);
      near(output.logits, expected.logits);
      near(output.past[1]?.[0] as Tensor, expected.past[1]?.[0] as Tensor);
      const nothing: Past = [0, 1].map(() => [zeros([2, 4, 0, 8]), zeros([2, 4, 0, 8])]);
      near(((await traced.run([text(2, 6), nothing])) as unknown as CausalOutput).logits, model.forward(text(2, 6)).logits);
    } finally {
      await traced.close();
    }
  });

  it("needs no example: the class declares one", async () => {
    const headless = shaken(new GPT2Model({ ...shape, eps: 1e-5 }));
    const traced = await trace(headless);
    await traced.close();
    assert.match(String(traced.graph), /int64\[batch,seq\] inputIds/);
  });
});
