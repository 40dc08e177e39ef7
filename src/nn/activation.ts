// Activation layers. `inplace` is accepted where PyTorch has it and shows in print only: tensors are immutable.
import type { Tensor } from "../eager/tensor.ts";
import * as f from "./functional/activation.ts";
import { constant } from "./init.ts";
import { Module } from "./module.ts";
import { integerFrom, oneOf } from "./options.ts";
import type { Parameter } from "./parameter.ts";
import { pyFloat } from "./print-module.ts";

export interface InplaceOption {
  /** Without effect, but printed. */
  readonly inplace?: boolean;
}

/** An activation without weights that may be called in place. */
abstract class Activation extends Module {
  readonly inplace: boolean;
  constructor(options: InplaceOption = {}) {
    super();
    this.inplace = options.inplace ?? false;
  }
  abstract override forward(input: Tensor): Tensor;
  /** The settings in print, before `inplace`. */
  protected settings(): string {
    return "";
  }
  override extraRepr(): string {
    return [this.settings(), this.inplace ? "inplace=True" : ""].filter((s) => s !== "").join(", ");
  }
}

/** max(x, 0) */
export class ReLU extends Activation {
  forward(input: Tensor): Tensor {
    return f.relu(input);
  }
}

/** min(max(x, 0), 6) */
export class ReLU6 extends Activation {
  forward(input: Tensor): Tensor {
    return f.relu6(input);
  }
}

/** min(max(x, minVal), maxVal) */
export class Hardtanh extends Activation {
  readonly minVal: number;
  readonly maxVal: number;
  constructor(minVal = -1, maxVal = 1, options: InplaceOption = {}) {
    super(options);
    this.minVal = minVal;
    this.maxVal = maxVal;
  }
  forward(input: Tensor): Tensor {
    return f.hardtanh(input, this.minVal, this.maxVal);
  }
  protected override settings(): string {
    return `min_val=${pyFloat(this.minVal)}, max_val=${pyFloat(this.maxVal)}`;
  }
}

/** x where x ≥ 0, else negativeSlope·x */
export class LeakyReLU extends Activation {
  readonly negativeSlope: number;
  constructor(negativeSlope = 0.01, options: InplaceOption = {}) {
    super(options);
    this.negativeSlope = negativeSlope;
  }
  forward(input: Tensor): Tensor {
    return f.leakyRelu(input, this.negativeSlope);
  }
  protected override settings(): string {
    return `negative_slope=${pyFloat(this.negativeSlope)}`;
  }
}

/** LeakyReLU with a learned slope: weight [1], or one slope per channel. */
export class PReLU extends Module {
  readonly numParameters: number;
  declare weight: Parameter;
  constructor(numParameters = 1, init = 0.25) {
    super();
    this.numParameters = integerFrom("PReLU", "numParameters", numParameters, 1);
    this.registerParameter("weight", constant([numParameters], init));
  }
  forward(input: Tensor): Tensor {
    return f.prelu(input, this.weight);
  }
  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

/** x where x > 0, else alpha·(eˣ − 1) */
export class ELU extends Activation {
  readonly alpha: number;
  constructor(alpha = 1, options: InplaceOption = {}) {
    super(options);
    this.alpha = alpha;
  }
  forward(input: Tensor): Tensor {
    return f.elu(input, this.alpha);
  }
  protected override settings(): string {
    return `alpha=${pyFloat(this.alpha)}`;
  }
}

/** Self-normalising ELU. */
export class SELU extends Activation {
  forward(input: Tensor): Tensor {
    return f.selu(input);
  }
}

/** x·Φ(x), exactly, or by the tanh approximation. */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";
  constructor(options: { readonly approximate?: "none" | "tanh" } = {}) {
    super();
    this.approximate = oneOf("GELU", "approximate", options.approximate ?? "none", ["none", "tanh"]);
  }
  forward(input: Tensor): Tensor {
    return f.gelu(input, this.approximate);
  }
  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** x·sigmoid(x) */
export class SiLU extends Activation {
  forward(input: Tensor): Tensor {
    return f.silu(input);
  }
}

/** x·tanh(softplus(x)) */
export class Mish extends Activation {
  forward(input: Tensor): Tensor {
    return f.mish(input);
  }
}

/** x·min(max(x/6 + 1/2, 0), 1) */
export class Hardswish extends Module {
  constructor(_options: InplaceOption = {}) {
    super();
  }
  forward(input: Tensor): Tensor {
    return f.hardswish(input);
  }
}

/** min(max(x/6 + 1/2, 0), 1) */
export class Hardsigmoid extends Module {
  constructor(_options: InplaceOption = {}) {
    super();
  }
  forward(input: Tensor): Tensor {
    return f.hardsigmoid(input);
  }
}

/** 1 / (1 + e⁻ˣ) */
export class Sigmoid extends Module {
  forward(input: Tensor): Tensor {
    return f.sigmoid(input);
  }
}

/** (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ) */
export class Tanh extends Module {
  forward(input: Tensor): Tensor {
    return f.tanh(input);
  }
}

/** log(1 + e^(beta·x)) / beta, and x itself where beta·x > threshold. */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;
  constructor(beta = 1, threshold = 20) {
    super();
    this.beta = beta;
    this.threshold = threshold;
  }
  forward(input: Tensor): Tensor {
    return f.softplus(input, this.beta, this.threshold);
  }
  override extraRepr(): string {
    return `beta=${pyFloat(this.beta)}, threshold=${pyFloat(this.threshold)}`;
  }
}

/** a·sigmoid(b) for the two halves of the input along `dim`. */
export class GLU extends Module {
  readonly dim: number;
  constructor(dim = -1) {
    super();
    this.dim = dim;
  }
  forward(input: Tensor): Tensor {
    return f.glu(input, this.dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** x / (1 + |x|) */
export class Softsign extends Module {
  forward(input: Tensor): Tensor {
    return f.softsign(input);
  }
}

/** log(sigmoid(x)) */
export class LogSigmoid extends Module {
  forward(input: Tensor): Tensor {
    return f.logsigmoid(input);
  }
}

/** max(x, 0) + min(0, alpha·(e^(x/alpha) − 1)) */
export class CELU extends Activation {
  readonly alpha: number;
  constructor(alpha = 1, options: InplaceOption = {}) {
    super(options);
    this.alpha = alpha;
  }
  forward(input: Tensor): Tensor {
    return f.celu(input, this.alpha);
  }
  protected override settings(): string {
    return `alpha=${pyFloat(this.alpha)}`;
  }
}

/** x − tanh(x) */
export class Tanhshrink extends Module {
  forward(input: Tensor): Tensor {
    return f.tanhshrink(input);
  }
}

/** x where |x| > lambda, else 0 */
export class Hardshrink extends Module {
  readonly lambda: number;
  constructor(lambda = 0.5) {
    super();
    this.lambda = lambda;
  }
  forward(input: Tensor): Tensor {
    return f.hardshrink(input, this.lambda);
  }
  override extraRepr(): string {
    return String(this.lambda);
  }
}

/** x moved by lambda towards 0 */
export class Softshrink extends Module {
  readonly lambda: number;
  constructor(lambda = 0.5) {
    super();
    this.lambda = lambda;
  }
  forward(input: Tensor): Tensor {
    return f.softshrink(input, this.lambda);
  }
  override extraRepr(): string {
    return String(this.lambda);
  }
}

/** Along `dim`: positive numbers that sum to 1. */
export class Softmax extends Module {
  readonly dim: number;
  constructor(dim: number) {
    super();
    this.dim = dim;
  }
  forward(input: Tensor): Tensor {
    return f.softmax(input, this.dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** The logarithm of Softmax. */
export class LogSoftmax extends Module {
  readonly dim: number;
  constructor(dim: number) {
    super();
    this.dim = dim;
  }
  forward(input: Tensor): Tensor {
    return f.logSoftmax(input, this.dim);
  }
  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/** Softmax of −x. */
export class Softmin extends Softmax {
  override forward(input: Tensor): Tensor {
    return f.softmin(input, this.dim);
  }
}
