// One step of RNN, GRU and LSTM for one sequence of the batch: from the sums of its gates to the next hidden state. Arrays hold one row
// per sequence; a step reads and writes the row at `at`. Source: ONNX, RNN-22, GRU-22 and LSTM-22, equations.
import type { NumberArray } from "../tensor/dtype.ts";

type Activation = (x: number) => number;

/** Everything that a step reads besides the states. Gates stand one after the other, each `hidden` wide. */
export interface CellContext {
  readonly hidden: number;
  readonly activations: readonly Activation[];
  /** The largest absolute value that goes into an activation; infinite for none. */
  readonly clip: number;
  /** LSTM: the forget gate is what the input gate leaves. */
  readonly coupled: boolean;
  /** LSTM: weights of the cell state in the input, output and forget gates. */
  readonly peepholes: NumberArray | undefined;
}

const clipped = (x: number, limit: number): number => (x > limit ? limit : x < -limit ? -limit : x);

/** `gates`: the sums of inputs, hidden state and biases. `h` becomes the next hidden state. */
export function rnnStep(c: CellContext, gates: NumberArray, g: number, h: NumberArray, at: number): void {
  const [f] = c.activations as [Activation];
  for (let i = 0; i < c.hidden; i++) h[at + i] = f(clipped(gates[g + i] as number, c.clip));
}

/**
 * The first half of a GRU step: `gates` (update, reset, hidden) get update and reset activated. Where the reset comes first, `reset`
 * becomes the hidden state as far as it is let through, from which the caller computes the rest of the third gate.
 */
export function gruGates(c: CellContext, gates: NumberArray, g: number, h: NumberArray, reset: NumberArray, at: number): void {
  const [f] = c.activations as [Activation];
  for (let i = 0; i < 2 * c.hidden; i++) gates[g + i] = f(clipped(gates[g + i] as number, c.clip));
  for (let i = 0; i < c.hidden; i++) reset[at + i] = (gates[g + c.hidden + i] as number) * (h[at + i] as number);
}

/** The second half: `gates` hold update, reset and the input's part of the third gate; `recurrent` (at `r`) is the hidden state's part. */
export function gruStep(
  c: CellContext,
  gates: NumberArray,
  g: number,
  recurrent: NumberArray,
  r: number,
  linear: boolean,
  h: NumberArray,
  at: number,
): void {
  const { hidden, clip } = c;
  const [, activation] = c.activations as [Activation, Activation];
  for (let i = 0; i < hidden; i++) {
    const update = gates[g + i] as number;
    const through = linear ? (gates[g + hidden + i] as number) : 1;
    const candidate = activation(clipped((gates[g + 2 * hidden + i] as number) + through * (recurrent[r + i] as number), clip));
    h[at + i] = (1 - update) * candidate + update * (h[at + i] as number);
  }
}

/** `gates`: input, output, forget, cell. `cell` and `h` become the next states. */
export function lstmStep(c: CellContext, gates: NumberArray, g: number, cell: NumberArray, h: NumberArray, at: number): void {
  const { hidden, clip, peepholes: p, coupled } = c;
  const [f, activation, output] = c.activations as [Activation, Activation, Activation];
  for (let i = 0; i < hidden; i++) {
    const before = cell[at + i] as number;
    const peep = (gate: number, state: number) => (p ? (p[gate * hidden + i] as number) * state : 0);
    const sum = (gate: number) => gates[g + gate * hidden + i] as number;
    const input = f(clipped(sum(0) + peep(0, before), clip));
    const forget = coupled ? 1 - input : f(clipped(sum(2) + peep(2, before), clip));
    const next = forget * before + input * activation(clipped(sum(3), clip));
    cell[at + i] = next;
    h[at + i] = f(clipped(sum(1) + peep(1, next), clip)) * output(next);
  }
}
