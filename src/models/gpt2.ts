// GPT-2 under Hugging Face's keys. A. Radford and others, Language Models are Unsupervised Multitask Learners, 2019.

import { add } from "../eager/functions/math.ts";
import { matmul } from "../eager/functions/reduce.ts";
import { chunk } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ModuleList } from "../nn/container.ts";
import { gelu } from "../nn/functional/activation.ts";
import { scaledDotProductAttention } from "../nn/functional/attention.ts";
import { normal, zeros } from "../nn/init.ts";
import { Embedding, Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { LayerNorm } from "../nn/norm.ts";
import type { Parameter } from "../nn/parameter.ts";
import { buildShaped, normalWeights, type ShapedOptions } from "./build.ts";
import {
  append,
  type CausalOutput,
  causalMask,
  joinHeads,
  type KeyValue,
  type Past,
  pastLength,
  positionsBehind,
  splitHeads,
} from "./causal.ts";
import { checkSizes } from "./sizes.ts";
import { checkPositions, textLength } from "./texts.ts";

export interface GPT2Shape {
  readonly vocabulary: number;
  /** The longest text, in tokens. */
  readonly positions: number;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
  readonly eps: number;
}

/** A linear layer whose weight is stored as [in, out], as GPT-2's are. */
export class Conv1D extends Module {
  declare weight: Parameter;
  declare bias: Parameter;

  constructor(outFeatures: number, inFeatures: number) {
    super();
    this.registerParameter("weight", normal([inFeatures, outFeatures], 0, 0.02));
    this.registerParameter("bias", zeros([outFeatures]));
  }

  forward(x: Tensor): Tensor {
    return add(matmul(x, this.weight), this.bias);
  }
}

export class GPT2Attention extends Module {
  readonly c_attn: Conv1D;
  readonly c_proj: Conv1D;
  readonly #heads: number;

  constructor({ hidden, heads }: GPT2Shape) {
    super();
    this.#heads = heads;
    this.c_attn = new Conv1D(3 * hidden, hidden);
    this.c_proj = new Conv1D(hidden, hidden);
  }

  forward(x: Tensor, mask: Tensor, past?: KeyValue): [Tensor, KeyValue] {
    const [q, k, v] = chunk(this.c_attn.forward(x), 3, -1).map((part) => splitHeads(part, this.#heads)) as [Tensor, Tensor, Tensor];
    const kept = append(past, [k, v]);
    return [this.c_proj.forward(joinHeads(scaledDotProductAttention(q, ...kept, { attnMask: mask }))), kept];
  }
}

export class GPT2MLP extends Module {
  readonly c_fc: Conv1D;
  readonly c_proj: Conv1D;

  constructor({ hidden }: GPT2Shape) {
    super();
    this.c_fc = new Conv1D(4 * hidden, hidden);
    this.c_proj = new Conv1D(hidden, 4 * hidden);
  }

  forward(x: Tensor): Tensor {
    return this.c_proj.forward(gelu(this.c_fc.forward(x), "tanh"));
  }
}

export class GPT2Block extends Module {
  readonly ln_1: LayerNorm;
  readonly attn: GPT2Attention;
  readonly ln_2: LayerNorm;
  readonly mlp: GPT2MLP;

  constructor(shape: GPT2Shape) {
    super();
    this.ln_1 = new LayerNorm(shape.hidden, { eps: shape.eps });
    this.attn = new GPT2Attention(shape);
    this.ln_2 = new LayerNorm(shape.hidden, { eps: shape.eps });
    this.mlp = new GPT2MLP(shape);
  }

  forward(input: Tensor, mask: Tensor, past?: KeyValue): [Tensor, KeyValue] {
    const [attended, kept] = this.attn.forward(this.ln_1.forward(input), mask, past);
    const x = input.add(attended);
    return [x.add(this.mlp.forward(this.ln_2.forward(x))), kept];
  }
}

/** The decoder without its head. */
export class GPT2Model extends Module {
  static readonly inputs = "int64[batch=2, seq=8]";
  readonly wte: Embedding;
  readonly wpe: Embedding;
  readonly h: ModuleList<GPT2Block>;
  readonly ln_f: LayerNorm;

  constructor(shape: GPT2Shape) {
    super();
    checkSizes("GPT2Model", shape);
    this.wte = new Embedding(shape.vocabulary, shape.hidden);
    this.wpe = new Embedding(shape.positions, shape.hidden);
    this.h = new ModuleList(Array.from({ length: shape.layers }, () => new GPT2Block(shape)));
    this.ln_f = new LayerNorm(shape.hidden, { eps: shape.eps });
  }

  /** inputIds int64 [N, L]; gives the last hidden state [N, L, hidden]. */
  forward(inputIds: Tensor, past?: Past): { readonly hidden: Tensor; readonly past: Past } {
    const length = textLength("GPT2Model", inputIds);
    const before = pastLength("GPT2Model", past, this.h.length);
    checkPositions("GPT2Model", before + length, this.wpe.numEmbeddings);
    const positions = positionsBehind(before, length);
    const mask = causalMask(positions, before + length);
    let x = this.wte.forward(inputIds).add(this.wpe.forward(positions));
    const kept = this.h.map((block, i) => {
      const [output, keyValue] = block.forward(x, mask, past?.[i]);
      x = output;
      return keyValue;
    });
    return { hidden: this.ln_f.forward(x), past: kept };
  }
}

/**
 * GPT-2 with its head, which shares the weight of the token embedding. Takes token numbers, int64 [N, L], and what an earlier call kept.
 *
 * @example
 * const model = gpt2({ weights: "gpt2/model.safetensors" }).eval();
 * const { logits, past } = model.forward(prompt); // [1, L, 50257]
 * const next = logits.select(1, -1).argmax(-1, true);
 * model.forward(next, past); // one more token, without reading the prompt again
 */
export class GPT2LMHeadModel extends Module {
  static readonly inputs = "int64[batch=2, seq=8]";
  readonly transformer: GPT2Model;
  readonly lm_head: Linear;

  constructor(shape: GPT2Shape) {
    super();
    this.transformer = new GPT2Model(shape);
    this.lm_head = new Linear(shape.hidden, shape.vocabulary, { bias: false });
    this.tieWeights();
  }

  /** Makes the head's weight the embedding's. */
  tieWeights(): void {
    this.lm_head.registerParameter("weight", this.transformer.wte.weight);
  }

  forward(inputIds: Tensor, past?: Past): CausalOutput {
    const output = this.transformer.forward(inputIds, past);
    return { logits: this.lm_head.forward(output.hidden), past: output.past };
  }
}

/** As GPT-2 was started: projections that end a residual branch are drawn smaller the more of them add up. */
function initialWeights(model: GPT2LMHeadModel): void {
  normalWeights(model);
  const { h } = model.transformer;
  for (const [path, module] of h.namedModules())
    if (module instanceof Conv1D) {
      const std = path.endsWith("c_proj") ? 0.02 / Math.sqrt(2 * h.length) : 0.02;
      module.registerParameter("weight", normal(module.weight.shape, 0, std));
    }
  model.tieWeights();
}

const family = {
  call: "gpt2",
  make: (shape: GPT2Shape) => new GPT2LMHeadModel(shape),
  initialWeights,
  keys: { base: "transformer", ignored: /\.attn\.(masked_)?bias$/ },
};

export type GPT2Options = ShapedOptions<GPT2Shape>;

const factory =
  (sizes: Pick<GPT2Shape, "layers" | "heads" | "hidden">) =>
  (options: GPT2Options = {}): GPT2LMHeadModel =>
    buildShaped({ vocabulary: 50257, positions: 1024, eps: 1e-5, ...sizes }, options, family);

/** 124,439,808 parameters. */
export const gpt2 = factory({ layers: 12, heads: 12, hidden: 768 });
/** 354,823,168 parameters. */
export const gpt2Medium = factory({ layers: 24, heads: 16, hidden: 1024 });
/** 774,030,080 parameters. */
export const gpt2Large = factory({ layers: 36, heads: 20, hidden: 1280 });
/** 1,557,611,200 parameters. */
export const gpt2Xl = factory({ layers: 48, heads: 25, hidden: 1600 });
