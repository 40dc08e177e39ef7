// Speculative decoding: a small model drafts some tokens, the large one reads them all at once and keeps those that it would have written
// itself. The text is the large model's own; how many tokens a turn brings depends on how well the small one guesses.
// Y. Leviathan, M. Kalman and Y. Matias, Fast Inference from Transformers via Speculative Decoding, 2022 (with greedy choices).
//
//     npx tsx examples/script/speculative-decoding.ts
import { cat, type models, nn, randint, script, type Tensor } from "../../src/index.ts";
import { tinyGPT2 } from "./greedy-decoding.ts";

export class SpeculativeDecoder extends nn.Module {
  static readonly inputs = { prompt: "int64[1, length=4]" };
  readonly target: models.GPT2LMHeadModel;
  readonly draft: models.GPT2LMHeadModel;
  readonly tokens: number;
  readonly ahead: number;

  /** Writes `tokens` tokens; the draft is `ahead` tokens long. */
  constructor(target: models.GPT2LMHeadModel, draft: models.GPT2LMHeadModel, tokens: number, ahead: number) {
    super();
    this.target = target;
    this.draft = draft;
    this.tokens = tokens;
    this.ahead = ahead;
  }

  /** prompt int64 [1, L] → the prompt and what follows it, int64 [1, L + tokens]. */
  forward(prompt: Tensor): Tensor {
    const goal = prompt.size(1) + this.tokens;
    let text = prompt;
    while (text.size(1) < goal) text = this.turn(text);
    return text.narrow(1, 0, goal);
  }

  /** At least one token more, at most `ahead + 1`. */
  turn(text: Tensor): Tensor {
    let drafted = text;
    for (let i = 0; i < this.ahead; i++) drafted = cat([drafted, this.draft.forward(drafted).logits.select(1, -1).argmax(-1, true)], 1);
    // What the large model says behind each token of the text and the draft.
    const choices = this.target.forward(drafted).logits.argmax(-1);
    const before = text.size(1);
    let accepted = 0;
    while (accepted < this.ahead && drafted.select(1, before + accepted).item() === choices.select(1, before + accepted - 1).item())
      accepted++;
    return cat([drafted.narrow(1, 0, before + accepted), choices.narrow(1, before + accepted - 1, 1)], 1);
  }
}

/** A large model, and a small one that often agrees with it: the same weights, a little changed. */
export function similarModels(): readonly [target: models.GPT2LMHeadModel, draft: models.GPT2LMHeadModel] {
  const [target, draft] = [tinyGPT2(), tinyGPT2()];
  for (const [path, weight] of [...draft.namedParameters()]) if (path.includes("mlp")) draft.setParameter(path, weight.mul(1.05));
  return [target, draft];
}

if (process.argv[1] === import.meta.filename) {
  const decoder = new SpeculativeDecoder(...similarModels(), 10, 4);
  const scripted = await script(decoder);
  const prompt = randint(0, 40, [1, 4], { seed: 1 });
  const text = await scripted.run(prompt);
  console.log(`${text.toArray()}: one turn brought ${decoder.turn(prompt).size(1) - 4} of these tokens`);
  await scripted.close();
}
