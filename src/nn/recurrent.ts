// LSTM, GRU and RNN under PyTorch's parameter names and in its order of gates, over the ONNX operators of these names.

import { cat, chunk, permute, reshape, slice, squeeze, stack, transpose, unsqueeze } from "../eager/functions/shape.ts";
import { dispatchAll } from "../eager/interpreter.ts";
import { rankMismatch } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import type { Attributes } from "../ir/schema.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import { dropout } from "./functional/dropout.ts";
import { uniform } from "./init.ts";
import { Module } from "./module.ts";
import { integerFrom, numberIn, oneOf } from "./options.ts";
import { isParameter, type Parameter } from "./parameter.ts";
import { pyFloat } from "./print-module.ts";

export interface RecurrentOptions {
  /** Layers on top of each other: each takes the outputs of the one below. 1 by default. */
  readonly numLayers?: number;
  /** True by default. */
  readonly bias?: boolean;
  /** Inputs and outputs are [N, L, …] rather than [L, N, …]; false by default. The hidden state is [layers, N, H] in both cases. */
  readonly batchFirst?: boolean;
  /** Share of the outputs of every layer but the last that train mode drops; 0 by default. */
  readonly dropout?: number;
  /** With a seed, train mode drops the same places at every call. */
  readonly seed?: number;
  /** A second run from the end to the start, whose outputs stand beside those of the first; false by default. */
  readonly bidirectional?: boolean;
}

/** What the three differ in. */
interface Kind {
  readonly op: "LSTM" | "GRU" | "RNN";
  /** For each gate, as ONNX orders them, its place in PyTorch's order. */
  readonly gates: readonly number[];
  /** How many tensors the state is: hidden, and for the LSTM the cell. */
  readonly states: 1 | 2;
}

const kinds = {
  /** PyTorch: input, forget, cell, output. ONNX: input, output, forget, cell. */
  LSTM: { op: "LSTM", gates: [0, 3, 1, 2], states: 2 },
  /** PyTorch: reset, update, new. ONNX: update, reset, hidden. */
  GRU: { op: "GRU", gates: [1, 0, 2], states: 1 },
  RNN: { op: "RNN", gates: [0], states: 1 },
} as const satisfies Record<string, Kind>;

/** What LSTM, GRU and RNN share: parameters `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, `weight_ih_l0_reverse`, … */
export abstract class RecurrentLayer extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly seed: number | undefined;
  readonly bidirectional: boolean;
  readonly #kind: Kind;

  constructor(kind: Kind, inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super();
    this.#kind = kind;
    this.inputSize = integerFrom(kind.op, "inputSize", inputSize, 1);
    this.hiddenSize = integerFrom(kind.op, "hiddenSize", hiddenSize, 1);
    this.numLayers = integerFrom(kind.op, "numLayers", options.numLayers ?? 1, 1);
    this.bias = options.bias ?? true;
    this.batchFirst = options.batchFirst ?? false;
    this.dropout = numberIn(kind.op, "dropout", options.dropout ?? 0, 0, 1);
    this.seed = options.seed;
    this.bidirectional = options.bidirectional ?? false;
    this.resetParameters();
  }

  /** Draws all weights and biases anew: uniform in ±1/√hiddenSize. */
  resetParameters(): void {
    const { hiddenSize } = this;
    const bound = 1 / Math.sqrt(hiddenSize);
    const rows = this.#kind.gates.length * hiddenSize;
    for (let layer = 0; layer < this.numLayers; layer++)
      for (const suffix of this.#suffixes(layer)) {
        const width = layer === 0 ? this.inputSize : hiddenSize * this.#directions;
        this.registerParameter(`weight_ih_${suffix}`, uniform([rows, width], -bound, bound));
        this.registerParameter(`weight_hh_${suffix}`, uniform([rows, hiddenSize], -bound, bound));
        if (!this.bias) continue;
        this.registerParameter(`bias_ih_${suffix}`, uniform([rows], -bound, bound));
        this.registerParameter(`bias_hh_${suffix}`, uniform([rows], -bound, bound));
      }
  }

  get #directions(): 1 | 2 {
    return this.bidirectional ? 2 : 1;
  }

  /** `l0`, and `l0_reverse` for the run from the end. */
  #suffixes(layer: number): string[] {
    return this.bidirectional ? [`l${layer}`, `l${layer}_reverse`] : [`l${layer}`];
  }

  /** The parameter of that name. */
  #weight(name: string): Parameter {
    const value: unknown = Reflect.get(this, name);
    if (isParameter(value)) return value;
    throw ingotError("UnknownStatePath", {
      model: this.#kind.op,
      path: name,
      part: name,
      known: [...this.ownParameters()].map(([key]) => key).join(", "),
    });
  }

  /** Runs all layers; gives the outputs of the last and the last states of all. */
  protected run(input: Tensor, initial: readonly Tensor[] | undefined, attributes: Attributes = {}): [output: Tensor, states: Tensor[]] {
    this.#checkInput(input);
    const batched = input.rank === 3;
    const sequenceFirst = !batched ? unsqueeze(input, 1) : this.batchFirst ? transpose(input, 0, 1) : input;
    const states = initial?.map((state) => (batched ? state : unsqueeze(state, 1)));
    this.#checkStates(states, sequenceFirst.shape[1] as number);
    let x = sequenceFirst;
    const last: Tensor[][] = [];
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.training && this.dropout > 0)
        x = dropout(x, this.dropout, this.seed === undefined ? {} : { seed: this.seed + layer });
      const from = layer * this.#directions;
      const [output, ...ended] = this.#layer(
        layer,
        x,
        states?.map((state) => slice(state, 0, from, from + this.#directions)),
        attributes,
      );
      x = output;
      last.push(ended);
    }
    const output = !batched ? squeeze(x, 1) : this.batchFirst ? transpose(x, 0, 1) : x;
    const joined = Array.from({ length: this.#kind.states }, (_, i) => {
      const state = last.map((ended) => ended[i] as Tensor);
      const all = state.length === 1 ? (state[0] as Tensor) : cat(state, 0);
      return batched ? all : squeeze(all, 1);
    });
    return [output, joined];
  }

  /** One layer in all its directions: outputs [L, N, directions·H] and states [directions, N, H]. */
  #layer(layer: number, x: Tensor, initial: readonly Tensor[] | undefined, attributes: Attributes): [Tensor, ...Tensor[]] {
    const { op, gates, states } = this.#kind;
    const suffixes = this.#suffixes(layer);
    const inOrder = (name: string) => (gates.length === 1 ? this.#weight(name) : reorder(this.#weight(name), gates));
    const each = (name: string) => stack(suffixes.map((suffix) => inOrder(`${name}_${suffix}`)));
    const bias = this.bias ? cat([each("bias_ih"), each("bias_hh")], 1) : undefined;
    const [y, ...ended] = dispatchAll(
      op,
      [x, each("weight_ih"), each("weight_hh"), bias, undefined, ...(initial ?? [])],
      { hidden_size: this.hiddenSize, ...(this.bidirectional && { direction: "bidirectional" }), ...attributes },
      1 + states,
    ) as [Tensor, ...Tensor[]];
    if (!this.bidirectional) return [squeeze(y, 1), ...ended];
    const [length, , batch] = y.shape as [number, number, number];
    return [reshape(permute(y, [0, 2, 1, 3]), [length, batch, 2 * this.hiddenSize]), ...ended];
  }

  #checkInput(input: Tensor): void {
    const { op } = this.#kind;
    if (input.rank !== 3 && input.rank !== 2)
      throw rankMismatch(op, "the input", input.shape, this.batchFirst ? "3: [N, L, inputSize]" : "3: [L, N, inputSize]");
    if (input.shape.at(-1) !== this.inputSize)
      throw ingotError("ShapeMismatch", {
        op,
        what: "the input",
        actual: formatShape(input.shape),
        expected: `[..., ${this.inputSize}]`,
        hint: `The layer was built with inputSize = ${this.inputSize}.`,
      });
  }

  #checkStates(states: readonly Tensor[] | undefined, batch: number): void {
    const expected = [this.numLayers * this.#directions, batch, this.hiddenSize];
    for (const state of states ?? [])
      if (!sameShape(state.shape, expected))
        throw ingotError("ShapeMismatch", {
          op: this.#kind.op,
          what: "the initial state",
          actual: formatShape(state.shape),
          expected: formatShape(expected),
          hint: "States are [numLayers · directions, N, hiddenSize], also with batchFirst.",
        });
  }

  override extraRepr(): string {
    const parts = [`${this.inputSize}, ${this.hiddenSize}`];
    if (this.numLayers !== 1) parts.push(`num_layers=${this.numLayers}`);
    if (!this.bias) parts.push("bias=False");
    if (this.batchFirst) parts.push("batch_first=True");
    if (this.dropout !== 0) parts.push(`dropout=${pyFloat(this.dropout)}`);
    if (this.bidirectional) parts.push("bidirectional=True");
    return parts.join(", ");
  }
}

/** Rows of gates in PyTorch's order → in ONNX's. */
function reorder(weight: Tensor, gates: readonly number[]): Tensor {
  const parts = chunk(weight, gates.length, 0);
  return cat(
    gates.map((gate) => parts[gate] as Tensor),
    0,
  );
}

/**
 * Long short-term memory (S. Hochreiter and J. Schmidhuber, 1997).
 *
 * @example
 * const lstm = new LSTM(64, 128, { numLayers: 2, batchFirst: true });
 * const [output, [h, c]] = lstm.forward(x); // x [N, L, 64]; output [N, L, 128], h and c [2, N, 128]
 */
export class LSTM extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(kinds.LSTM, inputSize, hiddenSize, options);
  }

  /** `initial` is hidden and cell state; zeros when left out. Gives the outputs, and hidden and cell state after the last step. */
  forward(input: Tensor, initial?: readonly [h: Tensor, c: Tensor]): [output: Tensor, states: [h: Tensor, c: Tensor]] {
    const [output, [h, c]] = this.run(input, initial);
    return [output, [h as Tensor, c as Tensor]];
  }
}

/**
 * Gated recurrent units (K. Cho and others, 2014), with the reset gate behind the recurrent product, as in PyTorch.
 *
 * @example const [output, h] = new GRU(64, 128, { bidirectional: true }).forward(x); // x [L, N, 64]; output [L, N, 256], h [2, N, 128]
 */
export class GRU extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(kinds.GRU, inputSize, hiddenSize, options);
  }

  /** Gives the outputs, and the hidden state after the last step. */
  forward(input: Tensor, initial?: Tensor): [output: Tensor, h: Tensor] {
    const [output, [h]] = this.run(input, initial === undefined ? undefined : [initial], { linear_before_reset: 1 });
    return [output, h as Tensor];
  }
}

export interface RNNOptions extends RecurrentOptions {
  /** `"tanh"` by default. */
  readonly nonlinearity?: "tanh" | "relu";
}

const activations = { tanh: "Tanh", relu: "Relu" } as const;

/** h ← tanh(W·x + b + R·h + b′), or with ReLU (J. Elman, 1990). */
export class RNN extends RecurrentLayer {
  readonly nonlinearity: "tanh" | "relu";

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    super(kinds.RNN, inputSize, hiddenSize, options);
    this.nonlinearity = oneOf("RNN", "nonlinearity", options.nonlinearity ?? "tanh", ["tanh", "relu"]);
  }

  /** Gives the outputs, and the hidden state after the last step. */
  forward(input: Tensor, initial?: Tensor): [output: Tensor, h: Tensor] {
    const name = activations[this.nonlinearity];
    const [output, [h]] = this.run(input, initial === undefined ? undefined : [initial], {
      activations: this.bidirectional ? [name, name] : [name],
    });
    return [output, h as Tensor];
  }
}
