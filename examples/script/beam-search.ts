// Beam search over GPT-2: the likeliest few texts side by side, each with its own part of the cache, until all of them have ended.
//
//     npx tsx examples/script/beam-search.ts
import { cat, full, type models, nn, randint, script, type Tensor, where, zeros } from "../../src/index.ts";
import { tinyGPT2 } from "./greedy-decoding.ts";

export interface Beams {
  /** int64 [beams, L + written], the likeliest first; one that has ended goes on with `end`. */
  readonly text: Tensor;
  /** float32 [beams]: the logarithms of their probabilities. */
  readonly scores: Tensor;
}

export class BeamSearch extends nn.Module {
  static readonly inputs = { prompt: "int64[1, length=4]" };
  readonly model: models.GPT2LMHeadModel;
  readonly beams: number;
  readonly most: number;
  readonly end: number;
  /** What a text that has ended may go on with: nothing but `end`, which costs nothing. */
  declare onlyEnd: Tensor;

  constructor(model: models.GPT2LMHeadModel, beams: number, most: number, end: number) {
    super();
    this.model = model;
    this.beams = beams;
    this.most = most;
    this.end = end;
    const words = model.transformer.wte.numEmbeddings;
    const parts = [full([end], Number.NEGATIVE_INFINITY), zeros([1]), full([words - end - 1], Number.NEGATIVE_INFINITY)];
    this.registerBuffer("onlyEnd", cat(parts));
  }

  /** prompt int64 [1, L] */
  forward(prompt: Tensor): Beams {
    const { beams } = this;
    const first = this.model.forward(prompt);
    const best = first.logits.select(1, -1).logSoftmax(-1).topk(beams);
    let scores = best.values.reshape(-1);
    let last = best.indices.reshape(-1, 1);
    let text = cat([prompt.repeat(beams, 1), last], 1);
    let past: models.Past = first.past.map(([k, v]) => [k.repeat(beams, 1, 1, 1), v.repeat(beams, 1, 1, 1)]);
    let ended = last.eq(this.end);
    for (let written = 1; written < this.most && !ended.all().item(); written++) {
      const output = this.model.forward(last, past);
      const further = where(ended, this.onlyEnd, output.logits.select(1, -1).logSoftmax(-1));
      const chosen = scores.unsqueeze(1).add(further).reshape(-1).topk(beams);
      const words = further.size(1);
      const parents = chosen.indices.floorDivide(words);
      scores = chosen.values;
      last = chosen.indices.remainder(words).unsqueeze(1);
      text = cat([text.indexSelect(0, parents), last], 1);
      ended = ended.indexSelect(0, parents).logicalOr(last.eq(this.end));
      past = output.past.map(([k, v]) => [k.indexSelect(0, parents), v.indexSelect(0, parents)]);
    }
    return { text, scores };
  }
}

if (process.argv[1] === import.meta.filename) {
  const scripted = await script(new BeamSearch(tinyGPT2(), 3, 8, 30));
  const { text, scores } = await scripted.run(randint(0, 40, [1, 4], { seed: 1 }));
  const values = scores.toArray() as number[];
  (text.toArray() as number[][]).forEach((row, i) => console.log(`${values[i]?.toFixed(3)}  ${row.join(" ")}`));
  await scripted.close();
}
