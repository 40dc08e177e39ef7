// Text from a model with a cache: the loop in the graph, beside the same step driven from JavaScript.
import { GreedyDecoder, tinyGPT2 } from "../../examples/script/greedy-decoding.ts";
import { nn, randint, script, type Tensor, trace, zeros } from "../../src/index.ts";
import type { GPT2LMHeadModel, Past } from "../../src/models/index.ts";
import type { Measured } from "../figure.ts";
import { interleavedSettled, median, pairedRatio } from "../figure.ts";

const tokens = 48;

/** One token more: what a loop in JavaScript calls again and again. */
class Step extends nn.Module {
  readonly model: GPT2LMHeadModel;

  constructor(model: GPT2LMHeadModel) {
    super();
    this.model = model;
  }

  forward(ids: Tensor, past: Past): { readonly next: Tensor; readonly past: Past } {
    const output = this.model.forward(ids, past);
    return { next: output.logits.select(1, -1).argmax(-1, true), past: output.past };
  }
}

export async function* decoding(progress: (what: string) => void): AsyncIterable<Measured> {
  progress("compiling both");
  const model = tinyGPT2();
  const prompt = randint(0, 40, [1, 4], { seed: 1 });
  const cacheOf = (length: number): Past => [0, 1].map(() => [zeros([1, 2, length, 8]), zeros([1, 2, length, 8])]);
  const kept = { 2: { name: "past", min: 0 } };
  const step = await trace(new Step(model), [prompt, cacheOf(5)], { dynamic: [{ 1: "seq" }, kept, kept, kept, kept] });
  // No token is −1, so that both write all the tokens.
  const scripted = await script(new GreedyDecoder(model, tokens, -1));
  const inJavaScript = async (): Promise<number[]> => {
    let { next, past } = await step.run([prompt, cacheOf(0)]);
    const text = [next.item()];
    while (text.length < tokens && text.at(-1) !== -1) {
      ({ next, past } = await step.run([next, past]));
      text.push(next.item());
    }
    return text;
  };
  const inGraph = async () => (await scripted.run(prompt)).slice(1, 4).reshape(-1).toArray() as number[];
  const same = (await inJavaScript()).join() === (await inGraph()).join();
  progress("decoding");
  const [driven = [], looped = []] = await interleavedSettled(25, inJavaScript, inGraph);
  await Promise.all([step.close(), scripted.close()]);
  const engine = `${step.engine} and ${scripted.engine}`;
  yield { name: "the loop in the graph writes the same tokens", value: same ? 1 : 0, unit: "", bar: "= 1", spread: engine };
  yield { name: "greedy decoding: loop in the graph over loop in JavaScript", unit: "×", bar: "≥ 2", ...pairedRatio(driven, looped) };
  const rate = (ms: readonly number[]) => (1000 * tokens) / median(ms);
  yield {
    name: "greedy decoding in the graph",
    value: rate(looped),
    unit: "tokens/s",
    bar: "",
    spread: `JavaScript ${rate(driven).toFixed(0)}`,
  };
}
