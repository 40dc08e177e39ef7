// The Whisper-style model: Hugging Face's keys and counts, decoding with a cache.
import assert from "node:assert/strict";
import { cat, randint, randn, type Tensor, trace } from "../../src/index.ts";
import { type CausalOutput, type Past, whisperBase, whisperSmall, whisperTiny } from "../../src/models/index.ts";
import { withoutInit } from "../../src/nn/index.ts";
import { parameterCount, shaken } from "../support/shaken.ts";

const shape = { vocabulary: 50, melBands: 8, sourcePositions: 48, targetPositions: 64, layers: 2, heads: 4, hidden: 32 };
const model = shaken(whisperTiny({ seed: 0, shape }));
const text = (batch: number, length: number, seed = 1) => randint(0, 50, [batch, length], { seed });
const sound = (batch: number, frames = 24) => randn([batch, 8, frames], { seed: 5 });
const near = (a: Tensor, b: Tensor) => assert.ok(a.allclose(b, { rtol: 1e-4, atol: 1e-5 }), `${a}\n${b}`);

describe("Whisper beside Hugging Face", () => {
  it("has the published parameter counts, the shared head counted once", () => {
    const counts = [whisperTiny, whisperBase, whisperSmall].map((make) => parameterCount(withoutInit(() => make())));
    assert.deepEqual(counts, [37_760_640, 72_593_920, 241_734_912]);
  });

  it("has its keys; keys have no bias", () => {
    const pair = (name: string) => [`${name}.weight`, `${name}.bias`];
    const attention = (name: string) => [`${name}.k_proj.weight`, ...["v_proj", "q_proj", "out_proj"].flatMap((p) => pair(`${name}.${p}`))];
    const own = attention("self_attn").concat(pair("self_attn_layer_norm"));
    const other = attention("encoder_attn").concat(pair("encoder_attn_layer_norm"));
    const rest = ["fc1", "fc2", "final_layer_norm"].flatMap(pair);
    const layers = (of: string, keys: readonly string[]) =>
      [0, 1, 2, 3].flatMap((i) => keys.map((key) => `model.${of}.layers.${i}.${key}`));
    assert.deepEqual(
      [
        ...withoutInit(() => whisperTiny())
          .stateDict()
          .keys(),
      ],
      [
        ...pair("model.encoder.conv1"),
        ...pair("model.encoder.conv2"),
        "model.encoder.embed_positions.weight",
        ...layers("encoder", [...own, ...rest]),
        ...pair("model.encoder.layer_norm"),
        "model.decoder.embed_tokens.weight",
        "model.decoder.embed_positions.weight",
        ...layers("decoder", [...own, ...other, ...rest]),
        ...pair("model.decoder.layer_norm"),
        "proj_out.weight",
      ],
    );
  });

  it("loads a file without a head of its own", () => {
    const state = new Map([...model.stateDict()].filter(([key]) => key !== "proj_out.weight"));
    const loaded = whisperTiny({ weights: state, shape }).eval();
    assert.deepEqual(loaded.forward(sound(1), text(1, 3)).toArray(), model.forward(sound(1), text(1, 3)).toArray());
  });

  it("starts with sines and cosines as the encoder's positions", () => {
    const { weight } = whisperTiny({ seed: 0, shape }).model.encoder.embed_positions;
    const row = weight.select(0, 3).toArray() as number[];
    // 16 wavelengths from 2π to 20000π, in equal steps on a logarithmic scale.
    assert.ok(Math.abs((row[0] as number) - Math.sin(3)) < 1e-6);
    assert.ok(Math.abs((row[15] as number) - Math.sin(3e-4)) < 1e-6);
    assert.ok(Math.abs((row[16] as number) - Math.cos(3)) < 1e-6);
  });
});

describe("Whisper", () => {
  it("gives the same scores token by token with a cache as for the whole text without one", () => {
    const [ids, heard] = [text(2, 6), model.encode(sound(2))];
    let past: Past | undefined;
    const steps = Array.from({ length: 6 }, (_, t) => {
      const output = model.decode(ids.narrow(1, t, 1), heard, past);
      past = output.past;
      return output.logits;
    });
    near(cat(steps, 1), model.forward(sound(2), ids));
  });

  it("listens to the whole sound, but does not let a later token change earlier scores", () => {
    const ids = text(1, 6);
    const changed = cat([ids.narrow(1, 0, 4), ids.narrow(1, 4, 2).add(1).remainder(50)], 1);
    const scores = model.forward(sound(1), ids);
    assert.deepEqual(model.forward(sound(1), changed).narrow(1, 0, 4).toArray(), scores.narrow(1, 0, 4).toArray());
    const otherEnd = cat([sound(1).narrow(2, 0, 20), sound(1).narrow(2, 20, 4).mul(3)], 2);
    assert.ok(!model.forward(otherEnd, ids).select(1, 0).allclose(scores.select(1, 0)));
  });

  it("hears the sound once: keys and values of every layer", () => {
    const heard = model.encode(sound(2));
    assert.deepEqual(
      heard.map((pair) => pair.map((t) => t.shape)),
      [0, 1].map(() => [
        [2, 4, 12, 8],
        [2, 4, 12, 8],
      ]),
    );
    assert.throws(() => model.decode(text(2, 3), heard.slice(1)), {
      code: "InvalidArgument",
      summary: /`heard` to be 2 pairs.*array of 1/,
    });
  });

  it("says when a sound is longer than its positions", () => {
    assert.throws(() => model.encode(sound(1, 98)), { code: "ShapeMismatch", summary: /\[1, 8, 98\], expected \[N, 8, at most 96\]/ });
  });

  it("traces its decoder alone, behind a cache of every length", async () => {
    const decode = (ids: Tensor, heard: Past, past: Past) => model.decode(ids, heard, past);
    const example = (batch: number, frames: number, before: number, length: number): [Tensor, Past, Past] => {
      const heard = model.encode(sound(batch, frames));
      return [text(batch, length, 7), heard, model.decode(text(batch, before), heard).past];
    };
    const heard = { 0: "batch", 2: "places" };
    const kept = { 0: "batch", 2: "past" };
    const dynamic = [{ 0: "batch", 1: "seq" }, heard, heard, heard, heard, kept, kept, kept, kept];
    const traced = await trace(decode, example(2, 24, 4, 3), { dynamic });
    try {
      const args = example(3, 31, 6, 1);
      const { logits } = (await traced.run(args)) as unknown as CausalOutput;
      near(logits, model.decode(...args).logits);
    } finally {
      await traced.close();
    }
  });

  it("traces for every batch, sound and text, checked on both engines", async () => {
    const dynamic = { inputFeatures: { 0: "batch", 2: { name: "frames", max: 96 } }, decoderInputIds: { 0: "batch", 1: "seq" } };
    const traced = await trace(model, [sound(2), text(2, 5)], { dynamic });
    try {
      near((await traced.run([sound(3, 31), text(3, 9)])) as Tensor, model.forward(sound(3, 31), text(3, 9)));
    } finally {
      await traced.close();
    }
  });
});
