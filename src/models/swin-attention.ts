// Attention of Swin Transformers: within windows of an image, which every other block shifts by half a window.
import { tensor } from "../eager/create.ts";
import { cat, pad, permute, roll, slice } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ReLU } from "../nn/activation.ts";
import { Sequential } from "../nn/container.ts";
import { softmax } from "../nn/functional/activation.ts";
import { constant, truncNormal } from "../nn/init.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import type { Parameter } from "../nn/parameter.ts";

/** How the image is cut: sizes after padding, how far the windows are shifted along each axis. */
interface Windows {
  readonly size: number;
  readonly height: number;
  readonly width: number;
  readonly shiftRows: number;
  readonly shiftColumns: number;
}

/** Scaled dot-product attention within windows of [N, H, W, C], with a learned bias per distance. */
export class ShiftedWindowAttention extends Module {
  readonly heads: number;
  readonly window: number;
  readonly shift: number;
  readonly qkv: Linear;
  readonly proj: Linear;
  declare relative_position_bias_table: Parameter;
  declare relative_position_index: Tensor;

  constructor(channels: number, heads: number, window: number, shift: number) {
    super();
    this.heads = heads;
    this.window = window;
    this.shift = shift;
    this.qkv = new Linear(channels, 3 * channels);
    this.proj = new Linear(channels, channels);
    this.defineTable();
    this.registerBuffer("relative_position_index", tensor(relativeIndex(window), { dtype: "int64" }));
  }

  /** Declares what the bias is made from; version 2 computes it instead of storing it. */
  protected defineTable(): void {
    this.resetTable();
  }

  /** Draws the bias table anew. */
  resetTable(): void {
    this.registerParameter("relative_position_bias_table", truncNormal([(2 * this.window - 1) ** 2, this.heads], 0, 0.02));
  }

  forward(x: Tensor): Tensor {
    const [batch, height, width, channels] = x.shape as [number, number, number, number];
    const windows = this.#windows(height, width);
    const padded = pad(x, [0, 0, 0, windows.width - width, 0, windows.height - height]);
    const shifted = roll(roll(padded, -windows.shiftRows, 1), -windows.shiftColumns, 2);
    const attended = this.#attend(toWindows(shifted, windows, channels), windows);
    const whole = roll(roll(fromWindows(attended, windows, batch, channels), windows.shiftRows, 1), windows.shiftColumns, 2);
    return slice(slice(whole, 1, 0, height), 2, 0, width);
  }

  #windows(height: number, width: number): Windows {
    const { window: size, shift } = this;
    const padded = (n: number) => Math.ceil(n / size) * size;
    // A window that covers the whole axis need not be shifted along it.
    return {
      size,
      height: padded(height),
      width: padded(width),
      shiftRows: size >= padded(height) ? 0 : shift,
      shiftColumns: size >= padded(width) ? 0 : shift,
    };
  }

  /** [N·windows, size², C] → the same shape. */
  #attend(x: Tensor, windows: Windows): Tensor {
    const [rows, tokens, channels] = x.shape as [number, number, number];
    const { heads } = this;
    const split = permute(this.project(x).reshape([rows, tokens, 3, heads, channels / heads]), [2, 0, 3, 1, 4]);
    const [q, k, v] = [0, 1, 2].map((i) => split.select(0, i)) as [Tensor, Tensor, Tensor];
    let scores = this.scores(q, k).add(this.positionBias(tokens).unsqueeze(0));
    const mask = shiftMask(windows);
    if (mask !== undefined) {
      const count = mask.shape[0] as number;
      scores = scores.reshape([-1, count, heads, tokens, tokens]).add(mask.unsqueeze(1).unsqueeze(0)).reshape([-1, heads, tokens, tokens]);
    }
    const mixed = softmax(scores, -1).matmul(v);
    return this.proj.forward(permute(mixed, [0, 2, 1, 3]).reshape([rows, tokens, channels]));
  }

  /** Queries, keys and values, [..., 3·C]. */
  protected project(x: Tensor): Tensor {
    return this.qkv.forward(x);
  }

  protected scores(q: Tensor, k: Tensor): Tensor {
    const width = q.shape[q.rank - 1] as number;
    return q.mul(width ** -0.5).matmul(k.transpose(-2, -1));
  }

  /** [heads, tokens, tokens] */
  protected positionBias(tokens: number): Tensor {
    const bias = this.relative_position_bias_table.indexSelect(0, this.relative_position_index);
    return permute(bias.reshape([tokens, tokens, -1]), [2, 0, 1]);
  }
}

/** Attention by cosine, with a bias that a small network computes from the distance. */
export class ShiftedWindowAttentionV2 extends ShiftedWindowAttention {
  declare logit_scale: Parameter;
  declare relative_coords_table: Tensor;
  declare cpb_mlp: Sequential;

  protected override defineTable(): void {
    this.registerParameter("logit_scale", constant([this.heads, 1, 1], Math.log(10)));
    this.cpb_mlp = new Sequential(new Linear(2, 512), new ReLU({ inplace: true }), new Linear(512, this.heads, { bias: false }));
    this.registerBuffer("relative_coords_table", coordinateTable(this.window));
  }

  override resetTable(): void {}

  /** The keys have no bias. */
  protected override project(x: Tensor): Tensor {
    const { weight, bias } = this.qkv;
    const channels = this.proj.inFeatures;
    const part = (i: number) => slice(bias as Tensor, 0, i * channels, (i + 1) * channels);
    return x.matmul(weight.transpose(0, 1)).add(cat([part(0), part(1).mul(0), part(2)], 0));
  }

  protected override scores(q: Tensor, k: Tensor): Tensor {
    const scale = this.logit_scale.clamp(undefined, Math.log(100)).exp();
    return unit(q).matmul(unit(k).transpose(-2, -1)).mul(scale);
  }

  protected override positionBias(tokens: number): Tensor {
    const table = this.cpb_mlp.forward(this.relative_coords_table).reshape([-1, this.heads]);
    const bias = permute(table.indexSelect(0, this.relative_position_index).reshape([tokens, tokens, this.heads]), [2, 0, 1]);
    return bias.sigmoid().mul(16);
  }
}

/** Of length 1 along the last axis; vectors shorter than 1e-12 are divided by that. */
function unit(x: Tensor): Tensor {
  return x.div(x.mul(x).sum(-1, true).sqrt().clamp(1e-12));
}

function toWindows(x: Tensor, { size, height, width }: Windows, channels: number): Tensor {
  const cut = x.reshape([-1, height / size, size, width / size, size, channels]);
  return permute(cut, [0, 1, 3, 2, 4, 5]).reshape([-1, size * size, channels]);
}

function fromWindows(x: Tensor, { size, height, width }: Windows, batch: number, channels: number): Tensor {
  const cut = x.reshape([batch, height / size, width / size, size, size, channels]);
  return permute(cut, [0, 1, 3, 2, 4, 5]).reshape([batch, height, width, channels]);
}

/**
 * After shifting, a window at the edge holds parts that were far apart; they must not see each other: −100 between such parts, 0 within.
 * [windows, size², size²]; undefined where nothing is shifted.
 */
function shiftMask({ size, height, width, shiftRows, shiftColumns }: Windows): Tensor | undefined {
  if (shiftRows === 0 && shiftColumns === 0) return undefined;
  const part = (at: number, length: number, shift: number) => (at < length - size ? 0 : at < length - shift ? 1 : 2);
  const label = (row: number, column: number) => part(row, height, shiftRows) * 3 + part(column, width, shiftColumns);
  const tokens = size * size;
  const values = new Float32Array((height / size) * (width / size) * tokens * tokens);
  let at = 0;
  for (let top = 0; top < height; top += size)
    for (let left = 0; left < width; left += size) {
      const labels = Array.from({ length: tokens }, (_, i) => label(top + Math.floor(i / size), left + (i % size)));
      for (const a of labels) for (const b of labels) values[at++] = a === b ? 0 : -100;
    }
  return tensor(values, { shape: [values.length / tokens / tokens, tokens, tokens] });
}

/** For each pair of places in a window, the row of the table for their distance; row by row. */
function relativeIndex(size: number): number[] {
  const places = Array.from({ length: size * size }, (_, i) => [Math.floor(i / size), i % size] as const);
  const span = 2 * size - 1;
  return places.flatMap(([row, column]) => places.map(([r, c]) => (row - r + size - 1) * span + (column - c + size - 1)));
}

/** Distances from −1 to 1 on a logarithmic scale, [1, 2·size − 1, 2·size − 1, 2]. */
function coordinateTable(size: number): Tensor {
  const span = Array.from({ length: 2 * size - 1 }, (_, i) => {
    const distance = (8 * (i - size + 1)) / (size - 1);
    return (Math.sign(distance) * Math.log2(Math.abs(distance) + 1)) / 3;
  });
  return tensor(Float32Array.from(span.flatMap((row) => span.flatMap((column) => [row, column]))), {
    shape: [1, span.length, span.length, 2],
  });
}
