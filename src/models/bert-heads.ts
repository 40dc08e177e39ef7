// BERT for its tasks, and the factories of all of them: names, keys and sizes as Hugging Face has them.

import type { Tensor } from "../eager/tensor.ts";
import { Dropout } from "../nn/dropout.ts";
import { gelu } from "../nn/functional/activation.ts";
import { zeros } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { LayerNorm } from "../nn/norm.ts";
import type { Parameter } from "../nn/parameter.ts";
import { BertModel, type BertShape, bertInputs } from "./bert.ts";
import { buildShaped, normalWeights, type ShapedOptions } from "./build.ts";
import type { KeyRules } from "./checkpoint-keys.ts";

export class BertPredictionHeadTransform extends Module {
  readonly dense: Linear;
  readonly LayerNorm: LayerNorm;

  constructor({ hidden, eps }: BertShape) {
    super();
    this.dense = new Linear(hidden, hidden);
    this.LayerNorm = new LayerNorm(hidden, { eps });
  }

  forward(x: Tensor): Tensor {
    return this.LayerNorm.forward(gelu(this.dense.forward(x)));
  }
}

export class BertLMPredictionHead extends Module {
  declare bias: Parameter;
  readonly transform: BertPredictionHeadTransform;
  readonly decoder: Linear;

  constructor(shape: BertShape) {
    super();
    this.registerParameter("bias", zeros([shape.vocabulary]));
    this.transform = new BertPredictionHeadTransform(shape);
    this.decoder = new Linear(shape.hidden, shape.vocabulary, { bias: false });
    this.decoder.registerParameter("bias", this.bias);
  }

  forward(x: Tensor): Tensor {
    return this.decoder.forward(this.transform.forward(x));
  }
}

export class BertOnlyMLMHead extends Module {
  readonly predictions: BertLMPredictionHead;

  constructor(shape: BertShape) {
    super();
    this.predictions = new BertLMPredictionHead(shape);
  }

  forward(x: Tensor): Tensor {
    return this.predictions.forward(x);
  }
}

/** Scores of every word at every place: logits [N, L, vocabulary]. The last product shares the weight of the word embedding. */
export class BertForMaskedLM extends Module {
  static readonly inputs = bertInputs;
  readonly bert: BertModel;
  readonly cls: BertOnlyMLMHead;

  constructor(shape: BertShape) {
    super();
    this.bert = new BertModel(shape, { pooler: false });
    this.cls = new BertOnlyMLMHead(shape);
    this.tieWeights();
  }

  /** Makes the last product's weight the embedding's, and its bias the head's. */
  tieWeights(): void {
    const { decoder, bias } = this.cls.predictions;
    decoder.registerParameter("weight", this.bert.embeddings.word_embeddings.weight);
    decoder.registerParameter("bias", bias);
  }

  forward(inputIds: Tensor, attentionMask?: Tensor, tokenTypeIds?: Tensor): Tensor {
    return this.cls.forward(this.bert.forward(inputIds, attentionMask, tokenTypeIds).lastHiddenState);
  }
}

/** Scores of whole texts: logits [N, classes]. */
export class BertForSequenceClassification extends Module {
  static readonly inputs = bertInputs;
  readonly bert: BertModel;
  readonly dropout: Dropout;
  readonly classifier: Linear;

  constructor(shape: BertShape, classes: number) {
    super();
    this.bert = new BertModel(shape);
    this.dropout = new Dropout(shape.dropout);
    this.classifier = new Linear(shape.hidden, classes);
  }

  forward(inputIds: Tensor, attentionMask?: Tensor, tokenTypeIds?: Tensor): Tensor {
    const { poolerOutput } = this.bert.forward(inputIds, attentionMask, tokenTypeIds);
    return this.classifier.forward(this.dropout.forward(poolerOutput as Tensor));
  }
}

function initialWeights(model: Module): void {
  normalWeights(model);
  if (model instanceof BertForMaskedLM) model.tieWeights();
}

/** The first checkpoints called a normalisation's weight and bias gamma and beta. */
const keys: KeyRules = {
  base: "bert",
  ignored: /(^|\.)(embeddings\.position_ids$|cls\.|pooler\.)/,
  renamed: { "LayerNorm.gamma": "LayerNorm.weight", "LayerNorm.beta": "LayerNorm.bias" },
};

export type BertOptions = ShapedOptions<BertShape>;

const common = { vocabulary: 30522, positions: 512, eps: 1e-12, dropout: 0.1 };
const base = { ...common, layers: 12, heads: 12, hidden: 768, mlp: 3072 };
const large = { ...common, layers: 24, heads: 16, hidden: 1024, mlp: 4096 };

const make = <M extends Module>(options: BertOptions, sizes: BertShape, model: (shape: BertShape) => M): M =>
  buildShaped(sizes, options, { call: "bert", make: model, initialWeights, keys });

/** bert-base-uncased with its pooler: 109,482,240 parameters. */
export const bertBaseUncased = (options: BertOptions = {}): BertModel => make(options, base, (shape) => new BertModel(shape));
/** bert-base-cased, which has 28,996 words: 108,310,272 parameters. */
export const bertBaseCased = (options: BertOptions = {}): BertModel =>
  make(options, { ...base, vocabulary: 28996 }, (shape) => new BertModel(shape));
/** bert-large-uncased: 335,141,888 parameters. */
export const bertLargeUncased = (options: BertOptions = {}): BertModel => make(options, large, (shape) => new BertModel(shape));
/** bert-base-uncased that fills in masked words: 109,514,298 parameters. */
export const bertForMaskedLM = (options: BertOptions = {}): BertForMaskedLM => make(options, base, (shape) => new BertForMaskedLM(shape));
/** bert-base-uncased that gives texts scores for `numClasses` (2) classes: 109,483,778 parameters. */
export const bertForSequenceClassification = (
  options: BertOptions & { readonly numClasses?: number } = {},
): BertForSequenceClassification => make(options, base, (shape) => new BertForSequenceClassification(shape, options.numClasses ?? 2));
