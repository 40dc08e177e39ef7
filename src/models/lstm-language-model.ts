// A language model on LSTM layers: embedding, LSTM, linear. Keys as in PyTorch's word_language_model example.
// W. Zaremba, I. Sutskever and O. Vinyals, Recurrent Neural Network Regularization, 2014.
import type { Tensor } from "../eager/tensor.ts";
import { Dropout } from "../nn/dropout.ts";
import { uniform, zeros } from "../nn/init.ts";
import { Embedding, Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { invalid } from "../nn/options.ts";
import { LSTM } from "../nn/recurrent.ts";
import { buildShaped, type ShapedOptions } from "./build.ts";
import { textLength } from "./texts.ts";

export interface LSTMLanguageModelShape {
  readonly vocabulary: number;
  /** Features of a word. */
  readonly embedding: number;
  readonly hidden: number;
  readonly layers: number;
  /** Share of the outputs that train mode drops. */
  readonly dropout: number;
  /** The last product shares the weight of the embedding, which must be as wide as the state. */
  readonly tied: boolean;
}

/** Hidden and cell state, each [layers, N, hidden]. */
export type LSTMState = readonly [h: Tensor, c: Tensor];

/**
 * Token numbers int64 [N, L], and the state that an earlier call ended in, give scores [N, L, vocabulary] of what comes next, and the state.
 *
 * @example
 * const model = lstmLanguageModel({ seed: 0 }).eval();
 * const { logits, state } = model.forward(text);
 * model.forward(more, state);
 */
export class LSTMLanguageModel extends Module {
  static readonly inputs = "int64[batch=2, seq=8]";
  readonly drop: Dropout;
  readonly encoder: Embedding;
  readonly rnn: LSTM;
  readonly decoder: Linear;
  readonly #tied: boolean;

  constructor({ vocabulary, embedding, hidden, layers, dropout, tied }: LSTMLanguageModelShape) {
    super();
    if (tied && embedding !== hidden)
      throw invalid("LSTMLanguageModel", "embedding", `${hidden}, as hidden is, with tied weights`, embedding);
    this.drop = new Dropout(dropout);
    this.encoder = new Embedding(vocabulary, embedding);
    this.rnn = new LSTM(embedding, hidden, { numLayers: layers, dropout, batchFirst: true });
    this.decoder = new Linear(hidden, vocabulary);
    this.#tied = tied;
    this.tieWeights();
  }

  /** Makes the last product's weight the embedding's, where the shape says so. */
  tieWeights(): void {
    if (this.#tied) this.decoder.registerParameter("weight", this.encoder.weight);
  }

  forward(inputIds: Tensor, state?: LSTMState): { readonly logits: Tensor; readonly state: LSTMState } {
    textLength("LSTMLanguageModel", inputIds);
    const [output, next] = this.rnn.forward(this.drop.forward(this.encoder.forward(inputIds)), state);
    return { logits: this.decoder.forward(this.drop.forward(output)), state: next };
  }
}

function initialWeights(model: LSTMLanguageModel): void {
  const { encoder, decoder, rnn } = model;
  encoder.registerParameter("weight", uniform(encoder.weight.shape, -0.1, 0.1));
  decoder.registerParameter("weight", uniform(decoder.weight.shape, -0.1, 0.1));
  decoder.registerParameter("bias", zeros([decoder.outFeatures]));
  rnn.resetParameters();
  model.tieWeights();
}

export type LSTMLanguageModelOptions = ShapedOptions<LSTMLanguageModelShape>;

const published: LSTMLanguageModelShape = { vocabulary: 33278, embedding: 650, hidden: 650, layers: 2, dropout: 0.5, tied: true };

/** By default for the 33,278 words of WikiText-2, with two layers of 650 features and shared weights: 28,434,378 parameters. */
export function lstmLanguageModel(options: LSTMLanguageModelOptions = {}): LSTMLanguageModel {
  return buildShaped(published, options, {
    call: "lstmLanguageModel",
    make: (shape) => new LSTMLanguageModel(shape),
    initialWeights,
  });
}
