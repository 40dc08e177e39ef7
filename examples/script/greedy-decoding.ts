// Text from GPT-2, the most likely token each time, until it says that the text has ended: prompt, cache and loop in one graph.
//
//     npx tsx examples/script/greedy-decoding.ts
import { cat, models, nn, randint, script, type Tensor } from "../../src/index.ts";

export class GreedyDecoder extends nn.Module {
  static readonly inputs = { prompt: "int64[1, length=4]" };
  readonly model: models.GPT2LMHeadModel;
  readonly most: number;
  readonly end: number;

  /** Writes at most `most` tokens; `end` is the token that ends a text. */
  constructor(model: models.GPT2LMHeadModel, most: number, end: number) {
    super();
    this.model = model;
    this.most = most;
    this.end = end;
  }

  /** prompt int64 [1, L] → the prompt and what follows it, int64 [1, L + at most `most`]. */
  forward(prompt: Tensor): Tensor {
    let { logits, past } = this.model.forward(prompt);
    let next = logits.select(1, -1).argmax(-1, true);
    let text = cat([prompt, next], 1);
    let written = 1;
    while (written < this.most && next.item() !== this.end) {
      ({ logits, past } = this.model.forward(next, past));
      next = logits.select(1, -1).argmax(-1, true);
      text = cat([text, next], 1);
      written++;
    }
    return text;
  }
}

/** A GPT-2 of random weights: it writes the same nonsense every time. */
export function tinyGPT2(seed = 0): models.GPT2LMHeadModel {
  const model = models.gpt2({ seed, shape: { vocabulary: 40, positions: 64, layers: 2, heads: 2, hidden: 16 } }).eval();
  // Weights that are drawn wider than for training: another text leads to another token.
  for (const [path, weight] of [...model.namedParameters()]) if (path.endsWith("weight")) model.setParameter(path, weight.mul(8));
  return model;
}

if (process.argv[1] === import.meta.filename) {
  const scripted = await script(new GreedyDecoder(tinyGPT2(), 12, 26));
  for (const seed of [1, 2, 3]) {
    const prompt = randint(0, 40, [1, 4], { seed });
    const text = await scripted.run(prompt);
    console.log(`${prompt.toArray()} → ${text.slice(1, 4).toArray()}`);
  }
  await scripted.close();
}
