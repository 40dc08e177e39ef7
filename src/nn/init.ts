// Initial values of weights, under the names of torch.nn.init. Tensors are immutable, so each function takes a shape and gives a new float32
// tensor, drawn from the generator in scope (see init-scope.ts).
import { rankMismatch } from "../eager/operand.ts";
import { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import type { Generator } from "../tensor/random.ts";
import { checkShape, elementCount, type Shape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { initGenerator, initSkipped } from "./init-scope.ts";

export { seeded, withoutInit } from "./init-scope.ts";

export type Nonlinearity = "linear" | "conv" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";
/** Which side of a weight its scale keeps the variance of: activations (`fanIn`) or gradients (`fanOut`). */
export type FanMode = "fanIn" | "fanOut";

export interface KaimingOptions {
  /** The negative slope of the `leakyRelu` that follows; 0 by default. */
  readonly a?: number;
  /** `fanIn` by default. */
  readonly mode?: FanMode;
  /** `leakyRelu` by default. */
  readonly nonlinearity?: Nonlinearity;
}

function drawn(shape: Shape, fill: (out: Float32Array<ArrayBuffer>, generator: Generator) => void): Tensor {
  checkShape("init", shape);
  if (initSkipped()) return Tensor.fromStorage(Storage.of("float32", new Float32Array(1), []).expand(shape));
  const data = new Float32Array(elementCount(shape));
  fill(data, initGenerator());
  return Tensor.fromStorage(Storage.of("float32", data, shape));
}

/** Every element `value`. */
export function constant(shape: Shape, value: number): Tensor {
  checkShape("init", shape);
  return Tensor.fromStorage(Storage.of("float32", new Float32Array(elementCount(shape)).fill(value), shape));
}
export const zeros = (shape: Shape): Tensor => constant(shape, 0);
export const ones = (shape: Shape): Tensor => constant(shape, 1);

/** Uniform in [low, high). */
export function uniform(shape: Shape, low = 0, high = 1): Tensor {
  return drawn(shape, (out, g) => g.fillUniform(out, low, high));
}

/** Normal with this mean and standard deviation. */
export function normal(shape: Shape, mean = 0, std = 1): Tensor {
  return drawn(shape, (out, g) => g.fillNormal(out, mean, std));
}

/** Normal, drawn again where it falls outside [low, high]. Throws `InvalidArgument` when hardly anything would be kept. */
export function truncNormal(shape: Shape, mean = 0, std = 1, low = -2, high = 2): Tensor {
  if (!(std > 0 && low < high && low <= mean + 4 * std && high >= mean - 4 * std))
    throw ingotError("InvalidArgument", {
      op: "truncNormal",
      name: "std, low, high",
      expected: "std > 0 and a range low < high within 4 standard deviations of the mean",
      actual: `${std}, ${low}, ${high}`,
      hint: "The range is given in absolute values, as in truncNormal(shape, 0, 0.02, -2, 2).",
    });
  return drawn(shape, (out, g) => {
    for (let i = 0; i < out.length; i++) {
      let x: number;
      do x = mean + std * g.normal();
      while (x < low || x > high);
      out[i] = x;
    }
  });
}

/** How many inputs and outputs one element of a weight [out, in, ...kernel] connects. Throws `RankMismatch` for less than two axes. */
export function fans(shape: Shape): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) throw rankMismatch("init", "the weight", shape, "at least 2");
  const [out = 1, inputs = 1, ...kernel] = shape;
  const field = elementCount(kernel);
  return { fanIn: inputs * field, fanOut: out * field };
}

const gains: { readonly [K in Nonlinearity]: (a: number) => number } = {
  linear: () => 1,
  conv: () => 1,
  sigmoid: () => 1,
  tanh: () => 5 / 3,
  relu: () => Math.SQRT2,
  leakyRelu: (a) => Math.sqrt(2 / (1 + a * a)),
  selu: () => 3 / 4,
};

/** The factor by which a nonlinearity shrinks the spread of its input (torch.nn.init.calculate_gain). */
export function calculateGain(nonlinearity: Nonlinearity, a = 0.01): number {
  return gains[nonlinearity](a);
}

function kaimingStd(shape: Shape, { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" }: KaimingOptions): number {
  return calculateGain(nonlinearity, a) / Math.sqrt(fans(shape)[mode]);
}

/** K. He and others, 2015: uniform in ±gain·√(3 / fan). */
export function kaimingUniform(shape: Shape, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingStd(shape, options);
  return uniform(shape, -bound, bound);
}

/** K. He and others, 2015: normal with standard deviation gain / √fan. */
export function kaimingNormal(shape: Shape, options: KaimingOptions = {}): Tensor {
  return normal(shape, 0, kaimingStd(shape, options));
}

/** X. Glorot and Y. Bengio, 2010: uniform in ±gain·√(6 / (fanIn + fanOut)). */
export function xavierUniform(shape: Shape, gain = 1): Tensor {
  const { fanIn, fanOut } = fans(shape);
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform(shape, -bound, bound);
}

/** X. Glorot and Y. Bengio, 2010: normal with standard deviation gain·√(2 / (fanIn + fanOut)). */
export function xavierNormal(shape: Shape, gain = 1): Tensor {
  const { fanIn, fanOut } = fans(shape);
  return normal(shape, 0, gain * Math.sqrt(2 / (fanIn + fanOut)));
}

/**
 * A. Saxe and others, 2013: a matrix [rows, rest] (the axes behind the first taken together) whose rows, or columns where these are fewer, are
 * orthogonal to each other and of length `gain`. Throws `RankMismatch`.
 */
export function orthogonal(shape: Shape, gain = 1): Tensor {
  fans(shape);
  const rows = shape[0] as number;
  const columns = elementCount(shape.slice(1));
  return drawn(shape, (out, g) => {
    const [count, length] = rows <= columns ? [rows, columns] : [columns, rows];
    const basis: Float64Array[] = [];
    while (basis.length < count) {
      const v = g.fillNormal(new Float64Array(length));
      // Twice: one pass of Gram and Schmidt leaves what rounding put back.
      for (let pass = 0; pass < 2; pass++)
        for (const b of basis) {
          const along = b.reduce((sum, x, i) => sum + x * (v[i] as number), 0);
          for (let i = 0; i < length; i++) v[i] = (v[i] as number) - along * (b[i] as number);
        }
      const size = Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
      if (size < 1e-6) continue;
      basis.push(v.map((x) => x / size));
    }
    basis.forEach((b, k) => {
      for (let i = 0; i < length; i++) out[rows <= columns ? k * columns + i : i * columns + k] = gain * (b[i] as number);
    });
  });
}

/** Ones on the diagonal of a matrix, zeros elsewhere. */
export function eye(rows: number, columns: number = rows): Tensor {
  checkShape("init", [rows, columns]);
  const data = new Float32Array(rows * columns);
  for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = 1;
  return Tensor.fromStorage(Storage.of("float32", data, [rows, columns]));
}
