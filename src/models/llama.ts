// A LLaMA-style decoder under Hugging Face's keys: RMSNorm, rotary positions, grouped-query attention, SwiGLU.
// H. Touvron and others, LLaMA, 2023; J. Su and others, RoFormer, 2021; J. Ainslie and others, GQA, 2023; N. Shazeer, GLU Variants, 2020.
import { tensor } from "../eager/create.ts";
import { add, cos, mul, neg, sin, to } from "../eager/functions/math.ts";
import { cat, chunk, reshape, unsqueeze } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ModuleList } from "../nn/container.ts";
import { silu } from "../nn/functional/activation.ts";
import { scaledDotProductAttention } from "../nn/functional/attention.ts";
import { Embedding, Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { RMSNorm } from "../nn/norm.ts";
import { invalid } from "../nn/options.ts";
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
import { textLength } from "./texts.ts";

export interface LlamaShape {
  readonly vocabulary: number;
  readonly layers: number;
  readonly hidden: number;
  /** Features inside of the gated part. */
  readonly mlp: number;
  readonly heads: number;
  /** Heads of keys and values; each serves `heads / keyHeads` heads of queries. */
  readonly keyHeads: number;
  readonly eps: number;
  /** Base of the rotary wavelengths. */
  readonly theta: number;
  /** The head shares the weight of the token embedding. */
  readonly tied: boolean;
}

/** Cosines and sines of the angles at each position, [L, width]; both halves of the features turn by the same angles. */
export interface Rotation {
  readonly cosines: Tensor;
  readonly sines: Tensor;
}

/** How positions [L] turn heads of `width` features: pair i by position · theta^(−2i / width). */
export function rotationAt(positions: Tensor, width: number, theta: number): Rotation {
  const half = width / 2;
  const frequencies = tensor(
    Float32Array.from({ length: half }, (_, i) => theta ** ((-2 * i) / width)),
    { shape: [half] },
  );
  const angles = mul(unsqueeze(to(positions, "float32"), 1), frequencies);
  const both = cat([angles, angles], 1);
  return { cosines: cos(both), sines: sin(both) };
}

/** Turns x [N, heads, L, width]: feature i together with feature i + width / 2. The product of two turned vectors depends on their distance. */
export function rotate(x: Tensor, { cosines, sines }: Rotation): Tensor {
  const [first, second] = chunk(x, 2, -1) as [Tensor, Tensor];
  const quarter = cat([neg(second), first], -1);
  return add(mul(x, to(cosines, x.dtype)), mul(quarter, to(sines, x.dtype)));
}

export class LlamaAttention extends Module {
  readonly q_proj: Linear;
  readonly k_proj: Linear;
  readonly v_proj: Linear;
  readonly o_proj: Linear;
  readonly #heads: number;
  readonly #keyHeads: number;

  constructor({ hidden, heads, keyHeads }: LlamaShape) {
    super();
    this.#heads = heads;
    this.#keyHeads = keyHeads;
    const keyWidth = (hidden / heads) * keyHeads;
    this.q_proj = new Linear(hidden, hidden, { bias: false });
    this.k_proj = new Linear(hidden, keyWidth, { bias: false });
    this.v_proj = new Linear(hidden, keyWidth, { bias: false });
    this.o_proj = new Linear(hidden, hidden, { bias: false });
  }

  forward(x: Tensor, rotation: Rotation, mask: Tensor, past?: KeyValue): [Tensor, KeyValue] {
    const q = rotate(splitHeads(this.q_proj.forward(x), this.#heads), rotation);
    const k = rotate(splitHeads(this.k_proj.forward(x), this.#keyHeads), rotation);
    const kept = append(past, [k, splitHeads(this.v_proj.forward(x), this.#keyHeads)]);
    return [this.o_proj.forward(joinHeads(this.#attend(q, kept, mask))), kept];
  }

  /** Each head of keys and values stands before the heads of queries that it serves: [N, keyHeads, group, L, width]. */
  #attend(q: Tensor, [k, v]: KeyValue, mask: Tensor): Tensor {
    const group = this.#heads / this.#keyHeads;
    if (group === 1) return scaledDotProductAttention(q, k, v, { attnMask: mask });
    const [, , length, width] = q.shape as [number, number, number, number];
    const grouped = reshape(q, [-1, this.#keyHeads, group, length, width]);
    const mixed = scaledDotProductAttention(grouped, unsqueeze(k, 2), unsqueeze(v, 2), { attnMask: mask });
    return reshape(mixed, [-1, this.#heads, length, width]);
  }
}

/** down(silu(gate(x)) · up(x)) */
export class LlamaMLP extends Module {
  readonly gate_proj: Linear;
  readonly up_proj: Linear;
  readonly down_proj: Linear;

  constructor({ hidden, mlp }: LlamaShape) {
    super();
    this.gate_proj = new Linear(hidden, mlp, { bias: false });
    this.up_proj = new Linear(hidden, mlp, { bias: false });
    this.down_proj = new Linear(mlp, hidden, { bias: false });
  }

  forward(x: Tensor): Tensor {
    return this.down_proj.forward(silu(this.gate_proj.forward(x)).mul(this.up_proj.forward(x)));
  }
}

export class LlamaDecoderLayer extends Module {
  readonly self_attn: LlamaAttention;
  readonly mlp: LlamaMLP;
  readonly input_layernorm: RMSNorm;
  readonly post_attention_layernorm: RMSNorm;

  constructor(shape: LlamaShape) {
    super();
    this.self_attn = new LlamaAttention(shape);
    this.mlp = new LlamaMLP(shape);
    this.input_layernorm = new RMSNorm(shape.hidden, { eps: shape.eps });
    this.post_attention_layernorm = new RMSNorm(shape.hidden, { eps: shape.eps });
  }

  forward(input: Tensor, rotation: Rotation, mask: Tensor, past?: KeyValue): [Tensor, KeyValue] {
    const [attended, kept] = this.self_attn.forward(this.input_layernorm.forward(input), rotation, mask, past);
    const x = input.add(attended);
    return [x.add(this.mlp.forward(this.post_attention_layernorm.forward(x))), kept];
  }
}

/** The decoder without its head. */
export class LlamaModel extends Module {
  static readonly inputs = "int64[batch=2, seq=8]";
  readonly embed_tokens: Embedding;
  readonly layers: ModuleList<LlamaDecoderLayer>;
  readonly norm: RMSNorm;
  readonly #headWidth: number;
  readonly #theta: number;

  constructor(shape: LlamaShape) {
    super();
    const { hidden, heads, keyHeads } = shape;
    checkSizes("Llama", shape);
    if (hidden % (2 * heads) !== 0) throw invalid("Llama", "heads", `a divisor of hidden / 2 = ${hidden / 2}`, heads);
    if (heads % keyHeads !== 0) throw invalid("Llama", "keyHeads", `a divisor of the ${heads} heads`, keyHeads);
    this.#headWidth = hidden / heads;
    this.#theta = shape.theta;
    this.embed_tokens = new Embedding(shape.vocabulary, hidden);
    this.layers = new ModuleList(Array.from({ length: shape.layers }, () => new LlamaDecoderLayer(shape)));
    this.norm = new RMSNorm(hidden, { eps: shape.eps });
  }

  /** inputIds int64 [N, L]; gives the last hidden state [N, L, hidden]. */
  forward(inputIds: Tensor, past?: Past): { readonly hidden: Tensor; readonly past: Past } {
    const length = textLength("LlamaModel", inputIds);
    const before = pastLength("LlamaModel", past, this.layers.length);
    const positions = positionsBehind(before, length);
    const rotation = rotationAt(positions, this.#headWidth, this.#theta);
    const mask = causalMask(positions, before + length);
    let x = this.embed_tokens.forward(inputIds);
    const kept = this.layers.map((layer, i) => {
      const [output, keyValue] = layer.forward(x, rotation, mask, past?.[i]);
      x = output;
      return keyValue;
    });
    return { hidden: this.norm.forward(x), past: kept };
  }
}

/**
 * The decoder with its head. Takes token numbers, int64 [N, L], and what an earlier call kept; the keys are kept turned.
 *
 * @example
 * const model = tinyLlama({ weights: "TinyLlama-1.1B/model.safetensors" }).eval();
 * const { logits, past } = model.forward(prompt); // [1, L, 32000]
 */
export class LlamaForCausalLM extends Module {
  static readonly inputs = "int64[batch=2, seq=8]";
  readonly model: LlamaModel;
  readonly lm_head: Linear;
  readonly #tied: boolean;

  constructor(shape: LlamaShape) {
    super();
    this.model = new LlamaModel(shape);
    this.lm_head = new Linear(shape.hidden, shape.vocabulary, { bias: false });
    this.#tied = shape.tied;
    this.tieWeights();
  }

  /** Makes the head's weight the embedding's, where the shape says so. */
  tieWeights(): void {
    if (this.#tied) this.lm_head.registerParameter("weight", this.model.embed_tokens.weight);
  }

  forward(inputIds: Tensor, past?: Past): CausalOutput {
    const output = this.model.forward(inputIds, past);
    return { logits: this.lm_head.forward(output.hidden), past: output.past };
  }
}

function initialWeights(model: LlamaForCausalLM): void {
  normalWeights(model);
  model.tieWeights();
}

const family = {
  call: "llama",
  make: (shape: LlamaShape) => new LlamaForCausalLM(shape),
  initialWeights,
  keys: { base: "model", ignored: /\.rotary_emb\.inv_freq$/ },
};

export type LlamaOptions = ShapedOptions<LlamaShape>;

const common = { vocabulary: 32000, eps: 1e-5, theta: 10000, tied: false };

const factory =
  (sizes: Omit<LlamaShape, keyof typeof common> & Partial<LlamaShape>) =>
  (options: LlamaOptions = {}): LlamaForCausalLM =>
    buildShaped<LlamaShape, LlamaForCausalLM>({ ...common, ...sizes }, options, family);

/** TinyLlama 1.1B: 1,100,048,384 parameters. */
export const tinyLlama = factory({ layers: 22, hidden: 2048, mlp: 5632, heads: 32, keyHeads: 4 });
/** Llama 2 7B: 6,738,415,616 parameters. */
export const llama2_7b = factory({ layers: 32, hidden: 4096, mlp: 11008, heads: 32, keyHeads: 32 });
/** Llama 3 8B: 8,030,261,248 parameters. */
export const llama3_8b = factory({ vocabulary: 128256, layers: 32, hidden: 4096, mlp: 14336, heads: 32, keyHeads: 8, theta: 500000 });
