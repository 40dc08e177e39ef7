// Hugging Face's language models, and PyTorch's recurrent layers, with random weights: their state dicts into ours, outputs beside outputs.
import { join } from "node:path";
import { models, nn, type Tensor } from "../src/index.ts";
import type { CausalOutput, Past } from "../src/models/causal.ts";
import { type Answer, ask } from "./python.ts";
import { judge, tensorsOf } from "./torch.ts";

type Weights = ReadonlyMap<string, Tensor>;
type Inputs = (name: string) => Tensor;

/** A small model: its shape, which the peer builds too, and what it computes with the peer's weights. */
interface Case {
  readonly shape: Readonly<Record<string, number | boolean>>;
  readonly run: (weights: Weights, input: Inputs) => readonly (readonly [what: string, output: Tensor])[];
}

interface Decoder {
  forward(ids: Tensor, past?: Past): CausalOutput;
}

/** Reads a text in two pieces, and gives the scores of both and what was kept. */
function readTwice(model: Decoder, input: Inputs): readonly (readonly [string, Tensor])[] {
  const begun = model.forward(input("first"));
  const goneOn = model.forward(input("then"), begun.past);
  return [
    ["logits", begun.logits],
    ["logits behind a past", goneOn.logits],
    ...goneOn.past.flat().map((t, i) => [`past ${i}`, t] as const),
  ];
}

const bert = { vocabulary: 99, positions: 32, layers: 2, heads: 4, hidden: 32, mlp: 64 };
const bertInputs = (input: Inputs) => [input("inputIds"), input("attentionMask"), input("tokenTypeIds")] as const;
const gpt2 = { vocabulary: 99, positions: 32, layers: 2, heads: 4, hidden: 32 };
const llama = { vocabulary: 99, layers: 2, hidden: 32, mlp: 56, heads: 4, keyHeads: 4, eps: 1e-5, theta: 10000, tied: false };
const grouped = { ...llama, keyHeads: 2, theta: 500000, tied: true };
const whisper = { vocabulary: 99, melBands: 8, sourcePositions: 12, targetPositions: 16, layers: 2, heads: 4, hidden: 32 };
const stacked = { inputSize: 5, hiddenSize: 7, numLayers: 2, bidirectional: true };

const cases: Readonly<Record<string, Case>> = {
  bert: {
    shape: bert,
    run(weights, input) {
      const { lastHiddenState, poolerOutput } = models
        .bertBaseUncased({ weights, shape: bert })
        .eval()
        .forward(...bertInputs(input));
      return [["hidden", lastHiddenState], ...(poolerOutput ? [["pooler", poolerOutput] as const] : [])];
    },
  },
  "bert-masked-lm": {
    shape: bert,
    run: (weights, input) => [
      [
        "logits",
        models
          .bertForMaskedLM({ weights, shape: bert })
          .eval()
          .forward(...bertInputs(input)),
      ],
    ],
  },
  "bert-classification": {
    shape: bert,
    run: (weights, input) => [
      [
        "logits",
        models
          .bertForSequenceClassification({ weights, shape: bert })
          .eval()
          .forward(...bertInputs(input)),
      ],
    ],
  },
  gpt2: { shape: gpt2, run: (weights, input) => readTwice(models.gpt2({ weights, shape: gpt2 }).eval(), input) },
  llama: { shape: llama, run: (weights, input) => readTwice(models.tinyLlama({ weights, shape: llama }).eval(), input) },
  "llama-grouped": { shape: grouped, run: (weights, input) => readTwice(models.tinyLlama({ weights, shape: grouped }).eval(), input) },
  whisper: {
    shape: whisper,
    run: (weights, input) => [
      ["logits", models.whisperTiny({ weights, shape: whisper }).eval().forward(input("inputFeatures"), input("decoderInputIds"))],
    ],
  },
  lstm: {
    shape: stacked,
    run(weights, input) {
      const layer = new nn.LSTM(5, 7, { numLayers: 2, bidirectional: true, batchFirst: true }).eval();
      layer.loadStateDict(weights);
      const [output, [h, c]] = layer.forward(input("x"), [input("h0"), input("c0")]);
      return [
        ["outputs", output],
        ["hidden state", h],
        ["cell state", c],
      ];
    },
  },
  gru: { shape: stacked, run: (weights, input) => recurrent(nn.GRU, weights, input) },
  rnn: { shape: stacked, run: (weights, input) => recurrent(nn.RNN, weights, input) },
};

function recurrent(kind: typeof nn.GRU | typeof nn.RNN, weights: Weights, input: Inputs): readonly (readonly [string, Tensor])[] {
  const layer = new kind(5, 7, { numLayers: 2, bidirectional: true, batchFirst: true }).eval();
  layer.loadStateDict(weights);
  const [output, h] = layer.forward(input("x"), input("h0"));
  return [
    ["outputs", output],
    ["hidden state", h],
  ];
}

/** Every output of every model against the peer's. */
export async function* compareWithTransformers(python: string, folder: string): AsyncIterable<Answer> {
  const shapes = Object.fromEntries(Object.entries(cases).map(([name, { shape }]) => [name, shape]));
  for await (const answer of ask(python, "transformers_peer.py", [folder, JSON.stringify(shapes)])) {
    const name = answer.model;
    const known = name === undefined ? undefined : cases[name];
    if (name === undefined || known === undefined || answer.skipped !== undefined) {
      yield answer;
      continue;
    }
    try {
      const weights = await tensorsOf(join(folder, `${name}.safetensors`));
      const io = await tensorsOf(join(folder, `${name}.io.safetensors`));
      const expected = [...io].filter(([key]) => key.startsWith("out.")).sort(([a], [b]) => (a < b ? -1 : 1));
      const outputs = known.run(weights, (key) => io.get(`in.${key}`) as Tensor);
      if (outputs.length !== expected.length) yield { model: name, problem: `${outputs.length} outputs, expected ${expected.length}` };
      for (const [i, [what, output]] of outputs.entries()) yield judge(`${name}, ${what}`, output, expected[i]?.[1] as Tensor);
    } catch (error) {
      yield { model: name, problem: error instanceof Error ? error.message : String(error) };
    }
  }
}
