// A Whisper-style encoder and decoder for speech under Hugging Face's keys.
// A. Radford and others, Robust Speech Recognition via Large-Scale Weak Supervision, 2022.
import { tensor } from "../eager/create.ts";
import { permute, slice } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { ModuleList } from "../nn/container.ts";
import { Conv1d } from "../nn/conv.ts";
import { gelu } from "../nn/functional/activation.ts";
import { scaledDotProductAttention } from "../nn/functional/attention.ts";
import { normal, zeros } from "../nn/init.ts";
import { Embedding, Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { LayerNorm } from "../nn/norm.ts";
import { formatShape } from "../tensor/shape.ts";
import { buildShaped, normalWeights, type ShapedOptions } from "./build.ts";
import {
  append,
  type CausalOutput,
  causalMask,
  checkPast,
  joinHeads,
  type KeyValue,
  type Past,
  pastLength,
  positionsBehind,
  splitHeads,
} from "./causal.ts";
import { checkSizes } from "./sizes.ts";
import { checkPositions, textLength } from "./texts.ts";

export interface WhisperShape {
  readonly vocabulary: number;
  /** Bands of the spectrogram. */
  readonly melBands: number;
  /** The longest sound, in places of the encoder: half as many as frames of the spectrogram. */
  readonly sourcePositions: number;
  /** The longest text, in tokens. */
  readonly targetPositions: number;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
}

export class WhisperAttention extends Module {
  readonly k_proj: Linear;
  readonly v_proj: Linear;
  readonly q_proj: Linear;
  readonly out_proj: Linear;
  readonly #heads: number;

  constructor({ hidden, heads }: WhisperShape) {
    super();
    this.#heads = heads;
    this.k_proj = new Linear(hidden, hidden, { bias: false });
    this.v_proj = new Linear(hidden, hidden);
    this.q_proj = new Linear(hidden, hidden);
    this.out_proj = new Linear(hidden, hidden);
  }

  /** Keys and values of x [N, S, hidden]. */
  keyValue(x: Tensor): KeyValue {
    return [splitHeads(this.k_proj.forward(x), this.#heads), splitHeads(this.v_proj.forward(x), this.#heads)];
  }

  forward(x: Tensor, [k, v]: KeyValue, attnMask?: Tensor): Tensor {
    const q = splitHeads(this.q_proj.forward(x), this.#heads);
    return this.out_proj.forward(joinHeads(scaledDotProductAttention(q, k, v, { attnMask })));
  }
}

export class WhisperEncoderLayer extends Module {
  readonly self_attn: WhisperAttention;
  readonly self_attn_layer_norm: LayerNorm;
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly final_layer_norm: LayerNorm;

  constructor(shape: WhisperShape) {
    super();
    this.self_attn = new WhisperAttention(shape);
    this.self_attn_layer_norm = new LayerNorm(shape.hidden);
    this.fc1 = new Linear(shape.hidden, 4 * shape.hidden);
    this.fc2 = new Linear(4 * shape.hidden, shape.hidden);
    this.final_layer_norm = new LayerNorm(shape.hidden);
  }

  forward(input: Tensor): Tensor {
    const normed = this.self_attn_layer_norm.forward(input);
    const x = input.add(this.self_attn.forward(normed, this.self_attn.keyValue(normed)));
    return x.add(this.fc2.forward(gelu(this.fc1.forward(this.final_layer_norm.forward(x)))));
  }
}

/** Spectrograms [N, melBands, frames] → [N, places, hidden]: half as many places as frames. */
export class WhisperEncoder extends Module {
  readonly conv1: Conv1d;
  readonly conv2: Conv1d;
  readonly embed_positions: Embedding;
  readonly layers: ModuleList<WhisperEncoderLayer>;
  readonly layer_norm: LayerNorm;

  constructor(shape: WhisperShape) {
    super();
    const { hidden, melBands, sourcePositions, layers } = shape;
    this.conv1 = new Conv1d(melBands, hidden, 3, { padding: 1 });
    this.conv2 = new Conv1d(hidden, hidden, 3, { stride: 2, padding: 1 });
    this.embed_positions = new Embedding(sourcePositions, hidden);
    this.layers = new ModuleList(Array.from({ length: layers }, () => new WhisperEncoderLayer(shape)));
    this.layer_norm = new LayerNorm(hidden);
  }

  forward(inputFeatures: Tensor): Tensor {
    const waves = gelu(this.conv2.forward(gelu(this.conv1.forward(inputFeatures))));
    const places = permute(waves, [0, 2, 1]);
    const count = places.shape[1] as number;
    this.#checkLength(count, inputFeatures);
    let x = places.add(slice(this.embed_positions.weight, 0, 0, count));
    for (const layer of this.layers) x = layer.forward(x);
    return this.layer_norm.forward(x);
  }

  #checkLength(count: number, inputFeatures: Tensor): void {
    const most = this.embed_positions.numEmbeddings;
    if (count <= most) return;
    throw ingotError("ShapeMismatch", {
      op: "WhisperEncoder",
      what: "inputFeatures",
      actual: formatShape(inputFeatures.shape),
      expected: `[N, ${this.conv1.inChannels}, at most ${2 * most}]`,
      hint: "Cut the sound into pieces: the model has learned positions for no longer one.",
    });
  }
}

/** The specification of the longest sounds, to which shorter ones are padded. */
const soundsFor = ({ conv1, embed_positions }: WhisperEncoder) =>
  `float32[batch=2, ${conv1.inChannels}, ${2 * embed_positions.numEmbeddings}]`;

export class WhisperDecoderLayer extends Module {
  readonly self_attn: WhisperAttention;
  readonly self_attn_layer_norm: LayerNorm;
  readonly encoder_attn: WhisperAttention;
  readonly encoder_attn_layer_norm: LayerNorm;
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly final_layer_norm: LayerNorm;

  constructor(shape: WhisperShape) {
    super();
    this.self_attn = new WhisperAttention(shape);
    this.self_attn_layer_norm = new LayerNorm(shape.hidden);
    this.encoder_attn = new WhisperAttention(shape);
    this.encoder_attn_layer_norm = new LayerNorm(shape.hidden);
    this.fc1 = new Linear(shape.hidden, 4 * shape.hidden);
    this.fc2 = new Linear(4 * shape.hidden, shape.hidden);
    this.final_layer_norm = new LayerNorm(shape.hidden);
  }

  /** `heard` is what `encoder_attn` made of the sound. */
  forward(input: Tensor, heard: KeyValue, mask: Tensor, past?: KeyValue): [Tensor, KeyValue] {
    const normed = this.self_attn_layer_norm.forward(input);
    const kept = append(past, this.self_attn.keyValue(normed));
    const x = input.add(this.self_attn.forward(normed, kept, mask));
    const listening = this.encoder_attn_layer_norm.forward(x);
    const y = x.add(this.encoder_attn.forward(listening, heard));
    return [y.add(this.fc2.forward(gelu(this.fc1.forward(this.final_layer_norm.forward(y))))), kept];
  }
}

/** Token numbers int64 [N, L] and what was heard → the last hidden state [N, L, hidden]. */
export class WhisperDecoder extends Module {
  readonly embed_tokens: Embedding;
  readonly embed_positions: Embedding;
  readonly layers: ModuleList<WhisperDecoderLayer>;
  readonly layer_norm: LayerNorm;

  constructor(shape: WhisperShape) {
    super();
    this.embed_tokens = new Embedding(shape.vocabulary, shape.hidden);
    this.embed_positions = new Embedding(shape.targetPositions, shape.hidden);
    this.layers = new ModuleList(Array.from({ length: shape.layers }, () => new WhisperDecoderLayer(shape)));
    this.layer_norm = new LayerNorm(shape.hidden);
  }

  /** Keys and values of the encoder's output [N, places, hidden] for every layer: they are the same for every token. */
  listen(encoded: Tensor): Past {
    return this.layers.map((layer) => layer.encoder_attn.keyValue(encoded));
  }

  forward(inputIds: Tensor, heard: Past, past?: Past): { readonly hidden: Tensor; readonly past: Past } {
    const length = textLength("WhisperDecoder", inputIds);
    const before = pastLength("WhisperDecoder", past, this.layers.length);
    checkPast("WhisperDecoder", "heard", heard, this.layers.length);
    checkPositions("WhisperDecoder", before + length, this.embed_positions.numEmbeddings);
    const positions = positionsBehind(before, length);
    const mask = causalMask(positions, before + length);
    let x = this.embed_tokens.forward(inputIds).add(this.embed_positions.forward(positions));
    const kept = this.layers.map((layer, i) => {
      const [output, keyValue] = layer.forward(x, heard[i] as KeyValue, mask, past?.[i]);
      x = output;
      return keyValue;
    });
    return { hidden: this.layer_norm.forward(x), past: kept };
  }
}

export class WhisperModel extends Module {
  static readonly inputs = ({ encoder }: WhisperModel) => ({
    inputFeatures: soundsFor(encoder),
    inputIds: "int64[batch=2, seq=4]",
  });
  readonly encoder: WhisperEncoder;
  readonly decoder: WhisperDecoder;

  constructor(shape: WhisperShape) {
    super();
    checkSizes("WhisperModel", shape);
    this.encoder = new WhisperEncoder(shape);
    this.decoder = new WhisperDecoder(shape);
  }

  forward(inputFeatures: Tensor, inputIds: Tensor): Tensor {
    return this.decoder.forward(inputIds, this.decoder.listen(this.encoder.forward(inputFeatures))).hidden;
  }
}

/**
 * Speech to text: spectrograms [N, melBands, frames] and the text so far, int64 [N, L], give scores [N, L, vocabulary] of what comes next.
 *
 * @example
 * const model = whisperTiny({ weights: "whisper-tiny/model.safetensors" }).eval();
 * const heard = model.encode(spectrogram); // once per sound
 * const { logits, past } = model.decode(start, heard);
 * model.decode(next, heard, past); // one more token
 */
export class WhisperForConditionalGeneration extends Module {
  static readonly inputs = ({ model }: WhisperForConditionalGeneration) => ({
    inputFeatures: soundsFor(model.encoder),
    decoderInputIds: "int64[batch=2, seq=4]",
  });
  readonly model: WhisperModel;
  readonly proj_out: Linear;

  constructor(shape: WhisperShape) {
    super();
    this.model = new WhisperModel(shape);
    this.proj_out = new Linear(shape.hidden, shape.vocabulary, { bias: false });
    this.tieWeights();
  }

  /** Makes the weight of the last product the token embedding's. */
  tieWeights(): void {
    this.proj_out.registerParameter("weight", this.model.decoder.embed_tokens.weight);
  }

  forward(inputFeatures: Tensor, decoderInputIds: Tensor): Tensor {
    return this.decode(decoderInputIds, this.encode(inputFeatures)).logits;
  }

  /** What the decoder listens to: keys and values [N, heads, places, hidden / heads] for each of its layers. */
  encode(inputFeatures: Tensor): Past {
    return this.model.decoder.listen(this.model.encoder.forward(inputFeatures));
  }

  /** Scores behind the given tokens, which follow those that `past` was kept of. */
  decode(decoderInputIds: Tensor, heard: Past, past?: Past): CausalOutput {
    const output = this.model.decoder.forward(decoderInputIds, heard, past);
    return { logits: this.proj_out.forward(output.hidden), past: output.past };
  }
}

function initialWeights(model: WhisperForConditionalGeneration): void {
  normalWeights(model);
  for (const module of model.modules())
    if (module instanceof Conv1d) {
      module.registerParameter("weight", normal(module.weight.shape, 0, 0.02));
      module.registerParameter("bias", zeros([module.outChannels]));
    }
  const { embed_positions } = model.model.encoder;
  embed_positions.registerParameter("weight", sinusoids(embed_positions.numEmbeddings, embed_positions.embeddingDim));
  model.tieWeights();
}

/** Sines, then cosines, of wavelengths from 2π to 20000π: [length, width]. */
function sinusoids(length: number, width: number): Tensor {
  const half = width / 2;
  const step = Math.log(10000) / (half - 1);
  const row = (at: number) => {
    const angles = Array.from({ length: half }, (_, i) => at * Math.exp(-step * i));
    return [...angles.map(Math.sin), ...angles.map(Math.cos)];
  };
  const values = Float32Array.from(Array.from({ length }, (_, at) => row(at)).flat());
  return tensor(values, { shape: [length, width] });
}

const family = {
  call: "whisper",
  make: (shape: WhisperShape) => new WhisperForConditionalGeneration(shape),
  initialWeights,
  keys: { base: "model", ignored: /^$/ },
};

export type WhisperOptions = ShapedOptions<WhisperShape>;

const factory =
  (sizes: Pick<WhisperShape, "layers" | "heads" | "hidden">) =>
  (options: WhisperOptions = {}): WhisperForConditionalGeneration =>
    buildShaped({ vocabulary: 51865, melBands: 80, sourcePositions: 1500, targetPositions: 448, ...sizes }, options, family);

/** 37,760,640 parameters. */
export const whisperTiny = factory({ layers: 4, heads: 6, hidden: 384 });
/** 72,593,920 parameters. */
export const whisperBase = factory({ layers: 6, heads: 8, hidden: 512 });
/** 241,734,912 parameters. */
export const whisperSmall = factory({ layers: 12, heads: 12, hidden: 768 });
