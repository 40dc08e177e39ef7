// Encoder and decoder layers of the Transformer (A. Vaswani and others, 2017) under PyTorch's parameter names.
import { add } from "../eager/functions/math.ts";
import type { Tensor } from "../eager/tensor.ts";
import { type AttentionCall, MultiheadAttention } from "./attention.ts";
import { ModuleList } from "./container.ts";
import { Dropout } from "./dropout.ts";
import { gelu, relu } from "./functional/activation.ts";
import { Linear } from "./linear.ts";
import { type Layer, Module } from "./module.ts";
import { LayerNorm } from "./norm.ts";
import { integerFrom, oneOf } from "./options.ts";

export interface TransformerLayerOptions {
  /** Features inside of the feed-forward part; 2048 by default. */
  readonly dimFeedforward?: number;
  /** 0.1 by default. */
  readonly dropout?: number;
  /** With a seed, train mode drops the same places at every call. */
  readonly seed?: number;
  /** `"relu"` by default. */
  readonly activation?: "relu" | "gelu";
  readonly layerNormEps?: number;
  /** Inputs are [N, L, E] rather than [L, N, E]; false by default. */
  readonly batchFirst?: boolean;
  /** Normalise in front of attention and feed-forward rather than behind; false by default. */
  readonly normFirst?: boolean;
  /** True by default. */
  readonly bias?: boolean;
}

/** Which places may be attended to: see `MultiheadAttention`. */
export type Masks = Pick<AttentionCall, "attnMask" | "keyPaddingMask">;

const activations = { relu, gelu } as const;

/** What encoder and decoder layers share: attention to themselves, and a feed-forward part. */
abstract class TransformerLayer extends Module {
  readonly self_attn: MultiheadAttention;
  readonly normFirst: boolean;
  readonly activation: "relu" | "gelu";
  abstract readonly linear1: Linear;
  abstract readonly dropout: Dropout;
  abstract readonly linear2: Linear;

  constructor(op: string, dModel: number, nhead: number, options: TransformerLayerOptions) {
    super();
    integerFrom(op, "dModel", dModel, 1);
    this.normFirst = options.normFirst ?? false;
    this.activation = oneOf(op, "activation", options.activation ?? "relu", ["relu", "gelu"]);
    this.self_attn = attention(dModel, nhead, options);
  }

  protected feedForward(x: Tensor, last: Dropout): Tensor {
    return last.forward(this.linear2.forward(this.dropout.forward(activations[this.activation](this.linear1.forward(x)))));
  }

  /** x + f(norm(x)), or norm(x + f(x)). */
  protected residual(x: Tensor, norm: LayerNorm, f: (x: Tensor) => Tensor): Tensor {
    return this.normFirst ? add(x, f(norm.forward(x))) : norm.forward(add(x, f(x)));
  }
}

function attention(dModel: number, nhead: number, options: TransformerLayerOptions): MultiheadAttention {
  const { dropout = 0.1, batchFirst = false, bias = true, seed } = options;
  return new MultiheadAttention(dModel, nhead, { dropout, batchFirst, bias, ...(seed !== undefined && { seed }) });
}

function makeDropout({ dropout = 0.1, seed }: TransformerLayerOptions): Dropout {
  return new Dropout(dropout, seed === undefined ? {} : { seed });
}

const makeNorm = (dModel: number, { layerNormEps = 1e-5, bias = true }: TransformerLayerOptions) =>
  new LayerNorm(dModel, { eps: layerNormEps, bias });

/**
 * Self-attention and a feed-forward part, each with a residual connection and a normalisation.
 *
 * @example new TransformerEncoderLayer(512, 8, { batchFirst: true }).eval().forward(x) // [N, L, 512]
 */
export class TransformerEncoderLayer extends TransformerLayer {
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super("TransformerEncoderLayer", dModel, nhead, options);
    const { dimFeedforward = 2048, bias = true } = options;
    this.linear1 = new Linear(dModel, dimFeedforward, { bias });
    this.dropout = makeDropout(options);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias });
    this.norm1 = makeNorm(dModel, options);
    this.norm2 = makeNorm(dModel, options);
    this.dropout1 = makeDropout(options);
    this.dropout2 = makeDropout(options);
  }

  forward(src: Tensor, masks: Masks = {}): Tensor {
    const attended = this.residual(src, this.norm1, (x) =>
      this.dropout1.forward(this.self_attn.forward(x, x, x, { ...masks, needWeights: false })[0]),
    );
    return this.residual(attended, this.norm2, (x) => this.feedForward(x, this.dropout2));
  }
}

/** Self-attention, attention to `memory`, and a feed-forward part. */
export class TransformerDecoderLayer extends TransformerLayer {
  readonly multihead_attn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly norm3: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly dropout3: Dropout;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super("TransformerDecoderLayer", dModel, nhead, options);
    const { dimFeedforward = 2048, bias = true } = options;
    this.multihead_attn = attention(dModel, nhead, options);
    this.linear1 = new Linear(dModel, dimFeedforward, { bias });
    this.dropout = makeDropout(options);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias });
    this.norm1 = makeNorm(dModel, options);
    this.norm2 = makeNorm(dModel, options);
    this.norm3 = makeNorm(dModel, options);
    this.dropout1 = makeDropout(options);
    this.dropout2 = makeDropout(options);
    this.dropout3 = makeDropout(options);
  }

  /** `masks` are those of `target` to itself, `memoryMasks` those of `target` to `memory`. */
  forward(target: Tensor, memory: Tensor, masks: Masks = {}, memoryMasks: Masks = {}): Tensor {
    const itself = this.residual(target, this.norm1, (x) =>
      this.dropout1.forward(this.self_attn.forward(x, x, x, { ...masks, needWeights: false })[0]),
    );
    const across = this.residual(itself, this.norm2, (x) =>
      this.dropout2.forward(this.multihead_attn.forward(x, memory, memory, { ...memoryMasks, needWeights: false })[0]),
    );
    return this.residual(across, this.norm3, (x) => this.feedForward(x, this.dropout3));
  }
}

/**
 * Encoder layers in a row, and a last normalisation if one is given. PyTorch copies one layer; here a function makes each, so that each has
 * initial weights of its own.
 *
 * @example new TransformerEncoder(() => new TransformerEncoderLayer(512, 8), 6)
 */
export class TransformerEncoder extends Module {
  readonly layers: ModuleList<TransformerEncoderLayer>;
  readonly norm: Layer | undefined;

  constructor(makeLayer: () => TransformerEncoderLayer, numLayers: number, options: { readonly norm?: Layer } = {}) {
    super();
    integerFrom("TransformerEncoder", "numLayers", numLayers, 1);
    this.layers = new ModuleList(Array.from({ length: numLayers }, makeLayer));
    this.norm = options.norm;
  }

  forward(src: Tensor, masks: Masks = {}): Tensor {
    let x = src;
    for (const layer of this.layers) x = layer.forward(x, masks);
    return this.norm ? this.norm.forward(x) : x;
  }
}
