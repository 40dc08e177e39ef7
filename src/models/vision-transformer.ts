// Vision Transformers under torchvision's names and state-dict keys.
// A. Dosovitskiy and others, An Image Is Worth 16×16 Words, 2020.
import { cat, permute, reshape, select } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { GELU } from "../nn/activation.ts";
import { MultiheadAttention } from "../nn/attention.ts";
import { Sequential } from "../nn/container.ts";
import { Conv2d } from "../nn/conv.ts";
import { Dropout } from "../nn/dropout.ts";
import { normal, truncNormal, xavierUniform, zeros } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import { type Layer, Module } from "../nn/module.ts";
import { LayerNorm } from "../nn/norm.ts";
import type { Parameter } from "../nn/parameter.ts";
import { formatShape } from "../tensor/shape.ts";
import { build, initialise, type ModelOptions } from "./build.ts";

export interface ViTShape {
  readonly imageSize?: number;
  readonly patchSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
  readonly mlp: number;
  readonly numClasses?: number;
}

/** Linear, GELU, Linear, with dropout after each product. */
export class MLPBlock extends Sequential {
  constructor(hidden: number, mlp: number) {
    super(new Linear(hidden, mlp), new GELU(), new Dropout(0), new Linear(mlp, hidden), new Dropout(0));
  }
}

/** Attention and MLP, each after a normalisation and with its input added. */
export class EncoderBlock extends Module {
  readonly ln_1: LayerNorm;
  readonly self_attention: MultiheadAttention;
  readonly dropout: Dropout;
  readonly ln_2: LayerNorm;
  readonly mlp: MLPBlock;

  constructor({ hidden, heads, mlp }: ViTShape) {
    super();
    this.ln_1 = new LayerNorm(hidden, { eps: 1e-6 });
    this.self_attention = new MultiheadAttention(hidden, heads, { batchFirst: true });
    this.dropout = new Dropout(0);
    this.ln_2 = new LayerNorm(hidden, { eps: 1e-6 });
    this.mlp = new MLPBlock(hidden, mlp);
  }

  forward(input: Tensor): Tensor {
    const normed = this.ln_1.forward(input);
    const [attended] = this.self_attention.forward(normed, normed, normed, { needWeights: false });
    const x = this.dropout.forward(attended).add(input);
    return x.add(this.mlp.forward(this.ln_2.forward(x)));
  }
}

/** Position embedding, the blocks, and the last normalisation. */
export class Encoder extends Module {
  declare pos_embedding: Parameter;
  readonly dropout: Dropout;
  readonly layers: Sequential;
  readonly ln: LayerNorm;

  constructor(shape: ViTShape, tokens: number) {
    super();
    this.registerParameter("pos_embedding", normal([1, tokens, shape.hidden], 0, 0.02));
    this.dropout = new Dropout(0);
    const blocks: Record<string, Layer> = {};
    for (let i = 0; i < shape.layers; i++) blocks[`encoder_layer_${i}`] = new EncoderBlock(shape);
    this.layers = new Sequential(blocks);
    this.ln = new LayerNorm(shape.hidden, { eps: 1e-6 });
  }

  forward(input: Tensor): Tensor {
    return this.ln.forward(this.layers.forward(this.dropout.forward(input.add(this.pos_embedding))));
  }
}

/**
 * A transformer over the patches of images [N, 3, 224, 224]; gives scores [N, numClasses].
 *
 * @example vitB16({ seed: 0 }).eval().forward(randn([1, 3, 224, 224], { seed: 1 }))
 */
export class VisionTransformer extends Module {
  static readonly inputs = ({ imageSize }: VisionTransformer) => `float32[batch=1, 3, ${imageSize}, ${imageSize}]`;
  readonly imageSize: number;
  readonly hidden: number;
  declare class_token: Parameter;
  readonly conv_proj: Conv2d;
  readonly encoder: Encoder;
  readonly heads: Sequential;

  constructor(shape: ViTShape) {
    super();
    const { imageSize = 224, patchSize, hidden } = shape;
    this.imageSize = imageSize;
    this.hidden = hidden;
    this.conv_proj = new Conv2d(3, hidden, patchSize, { stride: patchSize });
    this.registerParameter("class_token", zeros([1, 1, hidden]));
    this.encoder = new Encoder(shape, (imageSize / patchSize) ** 2 + 1);
    this.heads = new Sequential({ head: new Linear(hidden, shape.numClasses ?? 1000) });
  }

  forward(x: Tensor): Tensor {
    const batch = x.shape[0] as number;
    if (x.rank !== 4 || x.shape[2] !== this.imageSize || x.shape[3] !== this.imageSize)
      throw ingotError("ShapeMismatch", {
        op: "VisionTransformer",
        what: "the input",
        actual: formatShape(x.shape),
        expected: `[N, 3, ${this.imageSize}, ${this.imageSize}]`,
        hint: "Its position embedding is learned for one image size: resize the image to it.",
      });
    const maps = this.conv_proj.forward(x);
    const patches = (maps.shape[2] as number) * (maps.shape[3] as number);
    const tokens = permute(reshape(maps, [-1, this.hidden, patches]), [0, 2, 1]);
    const encoded = this.encoder.forward(cat([this.class_token.expand([batch, -1, -1]), tokens], 1));
    return this.heads.forward(select(encoded, 1, 0));
  }
}

/** torchvision's initialisation. */
function initialWeights(model: VisionTransformer): void {
  const { conv_proj, encoder, heads } = model;
  const fanIn = 3 * (conv_proj.kernelSize[0] as number) ** 2;
  conv_proj.registerParameter("weight", truncNormal(conv_proj.weight.shape, 0, Math.sqrt(1 / fanIn)));
  conv_proj.registerParameter("bias", zeros([model.hidden]));
  encoder.registerParameter("pos_embedding", normal(encoder.pos_embedding.shape, 0, 0.02));
  for (const module of encoder.modules()) {
    if (module instanceof MultiheadAttention) {
      module.registerParameter("in_proj_weight", xavierUniform([3 * module.embedDim, module.embedDim]));
      module.out_proj.resetParameters();
      module.out_proj.registerParameter("bias", zeros([module.embedDim]));
    }
    if (module instanceof MLPBlock)
      for (const layer of module)
        if (layer instanceof Linear) {
          layer.registerParameter("weight", xavierUniform(layer.weight.shape));
          layer.registerParameter("bias", normal([layer.outFeatures], 0, 1e-6));
        }
  }
  const head = heads.at(0) as Linear;
  head.registerParameter("weight", zeros(head.weight.shape));
  head.registerParameter("bias", zeros([head.outFeatures]));
}

const factory =
  (shape: ViTShape) =>
  (options: ModelOptions = {}): VisionTransformer =>
    build(options, (numClasses) => initialise(() => new VisionTransformer({ ...shape, numClasses }), initialWeights));

const base = { layers: 12, heads: 12, hidden: 768, mlp: 3072 };
const large = { layers: 24, heads: 16, hidden: 1024, mlp: 4096 };
/** 86,567,656 parameters. As in torchvision, the head starts as zeros: until weights are loaded all scores are 0. */
export const vitB16 = factory({ patchSize: 16, ...base });
/** 88,224,232 parameters. */
export const vitB32 = factory({ patchSize: 32, ...base });
/** 304,326,632 parameters. */
export const vitL16 = factory({ patchSize: 16, ...large });
/** 306,535,400 parameters. */
export const vitL32 = factory({ patchSize: 32, ...large });
