// Greedy, beam and speculative decoding against the same written without cache, in arrays.
import assert from "node:assert/strict";
import { BeamSearch } from "../../../examples/script/beam-search.ts";
import { GreedyDecoder, tinyGPT2 } from "../../../examples/script/greedy-decoding.ts";
import { SpeculativeDecoder, similarModels } from "../../../examples/script/speculative-decoding.ts";
import { randint, type Tensor, tensor } from "../../../src/index.ts";
import type { GPT2LMHeadModel } from "../../../src/models/index.ts";
import { assertScripts, operatorsOf } from "../../support/scripted.ts";

const prompt = (length: number, seed: number) => randint(0, 40, [1, length], { seed });
const row = (text: Tensor) => (text.toArray() as number[][])[0] as number[];

/** Logarithms of the probabilities of what comes next. */
function logProbabilities(model: GPT2LMHeadModel, text: readonly number[]): readonly number[] {
  const { logits } = model.forward(tensor([...text], { dtype: "int64" }).unsqueeze(0));
  return logits.select(1, -1).double().logSoftmax(-1).reshape(-1).toArray() as number[];
}

function greedy(model: GPT2LMHeadModel, start: readonly number[], most: number, end: number): readonly number[] {
  const text = [...start];
  while (text.length < start.length + most) {
    const next = logProbabilities(model, text);
    text.push(next.indexOf(Math.max(...next)));
    if (text.at(-1) === end) break;
  }
  return text;
}

/** Texts and scores, the likeliest first. */
function beamSearch(model: GPT2LMHeadModel, start: readonly number[], beams: number, most: number, end: number) {
  let found: { text: readonly number[]; score: number }[] = [{ text: start, score: 0 }];
  for (let written = 0; written < most; written++) {
    const ended = ({ text }: { text: readonly number[] }) => text.length > start.length && text.at(-1) === end;
    if (found.every(ended)) break;
    found = found
      .flatMap((beam) => {
        if (ended(beam)) return [{ text: [...beam.text, end], score: beam.score }];
        return logProbabilities(model, beam.text).map((p, word) => ({ text: [...beam.text, word], score: beam.score + p }));
      })
      .sort((a, b) => b.score - a.score)
      .slice(0, beams);
  }
  return found;
}

describe("greedy decoding", () => {
  const model = tinyGPT2();
  const end = 26;
  const decoder = new GreedyDecoder(model, 12, end);

  it("writes what decoding without a cache writes, and stops behind the end of the text", () => {
    const lengths = new Set<number>();
    for (const seed of [1, 2, 3, 6]) {
      const start = prompt(2 + seed, seed);
      const expected = greedy(model, row(start), 12, end);
      assert.deepEqual(row(decoder.forward(start)), expected);
      lengths.add(expected.length - start.size(1));
    }
    assert.ok(lengths.has(12) && lengths.size > 1, "some texts end early");
  });

  it("is one graph with its cache and its loop", async () => {
    const scripted = await assertScripts(
      decoder,
      [1, 2, 3, 6].map((seed) => [prompt(2 + seed, seed)]),
    );
    assert.equal(operatorsOf(scripted).filter((op) => op === "Loop").length, 1);
  }).timeout(120_000);
});

describe("beam search", () => {
  const model = tinyGPT2();

  it("finds the texts and scores that a search without tensors finds, the end reached by some, none or all beams", () => {
    for (const [beams, most, end] of [
      [1, 5, 26],
      [3, 6, 39],
      [3, 8, 30],
      [2, 8, 29],
    ] as const)
      for (const seed of [1, 2, 3]) {
        const start = prompt(4, seed);
        const { text, scores } = new BeamSearch(model, beams, most, end).forward(start);
        const expected = beamSearch(model, row(start), beams, most, end);
        assert.deepEqual(
          text.toArray(),
          expected.map((beam) => beam.text),
        );
        (scores.toArray() as number[]).forEach((score, i) => assert.ok(Math.abs(score - (expected[i]?.score ?? Number.NaN)) < 1e-3));
      }
  });

  it("is one graph, in which the beams trade their parts of the cache", async () => {
    await assertScripts(
      new BeamSearch(model, 3, 8, 30),
      [1, 2, 3].map((seed) => [prompt(3 + seed, seed)]),
    );
  }).timeout(120_000);
});

describe("speculative decoding", () => {
  it("writes the large model's own text, however well the small one guesses", () => {
    const [target, draft] = similarModels();
    const accepted = new Set<number>();
    for (const small of [draft, tinyGPT2(5), target])
      for (const seed of [1, 2, 3]) {
        const decoder = new SpeculativeDecoder(target, small, 9, 3);
        const start = prompt(4, seed);
        assert.deepEqual(row(decoder.forward(start)), greedy(target, row(start), 9, -1));
        accepted.add(decoder.turn(start).size(1) - 5);
      }
    assert.ok(accepted.has(0) && accepted.has(3) && accepted.size > 2, `accepted ${[...accepted]}`);
  });

  it("is one graph, whose loops turn as often as the models agree", async () => {
    const decoder = new SpeculativeDecoder(...similarModels(), 9, 3);
    const scripted = await assertScripts(
      decoder,
      [1, 2, 3].map((seed) => [prompt(3 + seed, seed)]),
    );
    assert.equal(operatorsOf(scripted).filter((op) => op === "Loop").length, 2);
  }).timeout(120_000);
});
