// BERT under Hugging Face's keys. J. Devlin and others, BERT: Pre-training of Deep Bidirectional Transformers, 2018.
import { arange, zeros } from "../eager/create.ts";
import { add, where } from "../eager/functions/math.ts";
import { select, unsqueeze } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ModuleList } from "../nn/container.ts";
import { Dropout } from "../nn/dropout.ts";
import { gelu } from "../nn/functional/activation.ts";
import { scaledDotProductAttention } from "../nn/functional/attention.ts";
import { declareKeepsNothing } from "../nn/keeps-nothing.ts";
import { Embedding, Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { LayerNorm } from "../nn/norm.ts";
import { throughEach, tidied } from "../nn/through.ts";
import { joinHeads, splitHeads } from "./causal.ts";
import { checkSizes } from "./sizes.ts";
import { checkMask, checkPositions, textLength } from "./texts.ts";

export interface BertShape {
  readonly vocabulary: number;
  /** The longest text, in tokens. */
  readonly positions: number;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
  readonly mlp: number;
  readonly eps: number;
  /** Share of the outputs that train mode drops. */
  readonly dropout: number;
}

/** What all BERT models declare as example. */
export const bertInputs = {
  inputIds: "int64[batch=2, seq=8]",
  attentionMask: "int64[batch=2, seq=8]",
  tokenTypeIds: "int64[batch=2, seq=8]",
} as const;

export class BertEmbeddings extends Module {
  readonly word_embeddings: Embedding;
  readonly position_embeddings: Embedding;
  readonly token_type_embeddings: Embedding;
  readonly LayerNorm: LayerNorm;
  readonly dropout: Dropout;

  constructor({ vocabulary, positions, hidden, eps, dropout }: BertShape) {
    super();
    this.word_embeddings = new Embedding(vocabulary, hidden, { paddingIdx: 0 });
    this.position_embeddings = new Embedding(positions, hidden);
    this.token_type_embeddings = new Embedding(2, hidden);
    this.LayerNorm = new LayerNorm(hidden, { eps });
    this.dropout = new Dropout(dropout);
  }

  forward(inputIds: Tensor, tokenTypeIds?: Tensor): Tensor {
    const length = inputIds.shape[1] as number;
    const types = tokenTypeIds ?? zeros([1, length], { dtype: "int64" });
    const words = add(this.word_embeddings.forward(inputIds), this.token_type_embeddings.forward(types));
    return this.dropout.forward(this.LayerNorm.forward(add(words, this.position_embeddings.forward(arange(length)))));
  }
}

export class BertSelfAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly #heads: number;

  constructor({ hidden, heads }: BertShape) {
    super();
    this.#heads = heads;
    this.query = new Linear(hidden, hidden);
    this.key = new Linear(hidden, hidden);
    this.value = new Linear(hidden, hidden);
  }

  forward(x: Tensor, attnMask?: Tensor): Tensor {
    const projected = (part: Linear) => splitHeads(part.forward(x), this.#heads);
    return tidied(this, () =>
      joinHeads(scaledDotProductAttention(projected(this.query), projected(this.key), projected(this.value), { attnMask })),
    );
  }
}

/** A projection, with what went around it added, normalised: the end of both parts of a layer. */
export class BertOutput extends Module {
  readonly dense: Linear;
  readonly LayerNorm: LayerNorm;
  readonly dropout: Dropout;

  constructor(from: number, { hidden, eps, dropout }: BertShape) {
    super();
    this.dense = new Linear(from, hidden);
    this.LayerNorm = new LayerNorm(hidden, { eps });
    this.dropout = new Dropout(dropout);
  }

  forward(x: Tensor, around: Tensor): Tensor {
    return tidied(this, () => this.LayerNorm.forward(this.dropout.forward(this.dense.forward(x)).add(around)));
  }
}

export class BertAttention extends Module {
  readonly self: BertSelfAttention;
  readonly output: BertOutput;

  constructor(shape: BertShape) {
    super();
    this.self = new BertSelfAttention(shape);
    this.output = new BertOutput(shape.hidden, shape);
  }

  forward(x: Tensor, attnMask?: Tensor): Tensor {
    return tidied(this, () => this.output.forward(this.self.forward(x, attnMask), x));
  }
}

export class BertIntermediate extends Module {
  readonly dense: Linear;

  constructor({ hidden, mlp }: BertShape) {
    super();
    this.dense = new Linear(hidden, mlp);
  }

  forward(x: Tensor): Tensor {
    return tidied(this, () => gelu(this.dense.forward(x)));
  }
}

export class BertLayer extends Module {
  readonly attention: BertAttention;
  readonly intermediate: BertIntermediate;
  readonly output: BertOutput;

  constructor(shape: BertShape) {
    super();
    this.attention = new BertAttention(shape);
    this.intermediate = new BertIntermediate(shape);
    this.output = new BertOutput(shape.mlp, shape);
  }

  forward(x: Tensor, attnMask?: Tensor): Tensor {
    return tidied(this, () => {
      const attended = this.attention.forward(x, attnMask);
      return this.output.forward(this.intermediate.forward(attended), attended);
    });
  }
}
declareKeepsNothing("caller", BertSelfAttention, BertOutput, BertAttention, BertIntermediate, BertLayer);

export class BertEncoder extends Module {
  readonly layer: ModuleList<BertLayer>;

  constructor(shape: BertShape) {
    super();
    this.layer = new ModuleList(Array.from({ length: shape.layers }, () => new BertLayer(shape)));
  }

  forward(x: Tensor, attnMask?: Tensor): Tensor {
    return throughEach(x, this.layer, (layer, y) => layer.forward(y, attnMask));
  }
}

/** The first token through a linear layer and tanh. */
export class BertPooler extends Module {
  readonly dense: Linear;

  constructor({ hidden }: BertShape) {
    super();
    this.dense = new Linear(hidden, hidden);
  }

  forward(x: Tensor): Tensor {
    return this.dense.forward(select(x, 1, 0)).tanh();
  }
}

export interface BertOutputs {
  /** [N, L, hidden] */
  readonly lastHiddenState: Tensor;
  /** [N, hidden]; undefined in a model without pooler. */
  readonly poolerOutput: Tensor | undefined;
}

/**
 * BERT without a head. Takes token numbers int64 [N, L]; `attentionMask` is 1 for tokens and 0 for padding, `tokenTypeIds` 0 or 1 for the first
 * and the second text.
 *
 * @example bertBaseUncased({ weights: "bert-base-uncased/model.safetensors" }).eval().forward(inputIds).lastHiddenState // [N, L, 768]
 */
export class BertModel extends Module {
  static readonly inputs = bertInputs;
  readonly embeddings: BertEmbeddings;
  readonly encoder: BertEncoder;
  readonly pooler: BertPooler | undefined;

  constructor(shape: BertShape, options: { readonly pooler?: boolean } = {}) {
    super();
    checkSizes("BertModel", shape);
    this.embeddings = new BertEmbeddings(shape);
    this.encoder = new BertEncoder(shape);
    this.pooler = (options.pooler ?? true) ? new BertPooler(shape) : undefined;
  }

  forward(inputIds: Tensor, attentionMask?: Tensor, tokenTypeIds?: Tensor): BertOutputs {
    checkPositions("BertModel", textLength("BertModel", inputIds), this.embeddings.position_embeddings.numEmbeddings);
    if (attentionMask !== undefined) checkMask("BertModel", attentionMask, inputIds);
    const x = this.embeddings.forward(inputIds, tokenTypeIds);
    const mask = attentionMask === undefined ? undefined : paddingMask(attentionMask, x);
    const lastHiddenState = this.encoder.forward(x, mask);
    return { lastHiddenState, poolerOutput: this.pooler?.forward(lastHiddenState) };
  }
}

/**
 * What is added to the scores, [N, 1, 1, L]: 0 for tokens; for padding the lowest number rather than minus infinity, so that a row of nothing but
 * padding stays finite.
 */
function paddingMask(attentionMask: Tensor, { dtype }: Tensor): Tensor {
  const lowest = dtype === "float16" ? -65504 : -3.4028234663852886e38;
  return unsqueeze(unsqueeze(where(attentionMask.to("bool"), zeros([], { dtype }), lowest), 1), 1);
}
