// RNN, GRU and LSTM. The input's part of all gates is one matrix product over the whole sequence; each step adds the hidden state's part.
// float16 and bfloat16 run in float32, as states would lose too much.
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import { floats, type NumberArray } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { convert } from "./cast.ts";
import { defineOp, type EvalContext, float, floats_, int, type OpUse, string, strings } from "./define.ts";
import { inputType, requireRank, requireShape, requireWord } from "./infer.ts";
import { decodedNumbers, widened } from "./map-elements.ts";
import { productOf } from "./matmul.ts";
import { activationsOf } from "./recurrent-activations.ts";
import { type CellContext, gruGates, gruStep, lstmStep, rnnStep } from "./recurrent-cells.ts";

const directions = { forward: [false], reverse: [true], bidirectional: [false, true] } as const;
type DirectionName = keyof typeof directions;

const attributes = {
  activation_alpha: floats_(),
  activation_beta: floats_(),
  activations: strings(),
  clip: float(),
  direction: string("forward"),
  hidden_size: int(),
  layout: int(0),
} as const;

const common = {
  since: [7, 14, 22],
  breaking: [7, 14],
  minVersion: ({ attributes: { layout } }: OpUse) => (layout ? 14 : 7),
  types: { T: floats, T1: ["int32"] },
  accuracy: "approximate",
  flops: recurrentFlops,
} as const;

/** Inputs that all three have, by name. */
interface Operands {
  readonly X: Storage;
  readonly W: Storage;
  readonly R: Storage;
  readonly B: Storage | undefined;
  readonly sequence_lens: Storage | undefined;
  readonly initial_h: Storage | undefined;
  readonly initial_c?: Storage | undefined;
  readonly P?: Storage | undefined;
}

interface Attributes {
  readonly activation_alpha?: readonly number[] | undefined;
  readonly activation_beta?: readonly number[] | undefined;
  readonly activations?: readonly string[] | undefined;
  readonly clip?: number | undefined;
  readonly direction: string;
  readonly layout: number;
  readonly input_forget?: number;
  readonly linear_before_reset?: number;
}

/** What the three differ in. */
interface Kind {
  readonly op: string;
  /** Gates: each takes `hidden` rows of W and R. */
  readonly gates: number;
  /** The activations of one direction when none are named. */
  readonly activations: readonly string[];
  /** Runs step `t` of one direction: `rows` are the sequences that are still running. */
  readonly step: (run: Run, sums: NumberArray, rows: readonly number[]) => void;
}

/** The state of one direction while it runs. */
interface Run {
  readonly cell: CellContext;
  /** Rᵀ: `[hidden, gates · hidden]` */
  readonly recurrent: Storage;
  readonly recurrentBias: NumberArray | undefined;
  readonly linear: boolean;
  /** `[batch, hidden]` */
  readonly h: Storage;
  readonly c: Storage;
}

/** `sums += h · Rᵀ + Rb` for gates `from` up to `to`. */
function addRecurrent({ cell: { hidden }, recurrent, recurrentBias, h }: Run, sums: NumberArray, from: number, to: number): void {
  const batch = h.shape[0] as number;
  const width = recurrent.shape[1] as number;
  const product = productOf(h, recurrent.slice(1, from * hidden, (to - from) * hidden), [batch, (to - from) * hidden]).numbers();
  const n = (to - from) * hidden;
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < n; i++) {
      const at = b * width + from * hidden + i;
      sums[at] = (sums[at] as number) + (product[b * n + i] as number) + (recurrentBias ? (recurrentBias[from * hidden + i] as number) : 0);
    }
}

const rnnKind: Kind = {
  op: "RNN",
  gates: 1,
  activations: ["Tanh"],
  step(run, sums, rows) {
    const { hidden } = run.cell;
    addRecurrent(run, sums, 0, 1);
    for (const b of rows) rnnStep(run.cell, sums, b * hidden, run.h.numbers(), b * hidden);
  },
};

const gruKind: Kind = {
  op: "GRU",
  gates: 3,
  activations: ["Sigmoid", "Tanh"],
  step(run, sums, rows) {
    const { hidden } = run.cell;
    const h = run.h.numbers();
    addRecurrent(run, sums, 0, 2);
    const reset = Storage.of(run.h.dtype, h.slice(), run.h.shape);
    for (const b of rows) gruGates(run.cell, sums, 3 * b * hidden, h, reset.numbers(), b * hidden);
    // The hidden state goes through the reset gate before its weights, or after them.
    const from = run.linear ? run.h : reset;
    const weights = run.recurrent.slice(1, 2 * hidden, hidden);
    const recurrent = productOf(from, weights, run.h.shape).numbers();
    if (run.recurrentBias)
      for (let i = 0; i < recurrent.length; i++)
        recurrent[i] = (recurrent[i] as number) + (run.recurrentBias[2 * hidden + (i % hidden)] as number);
    for (const b of rows) gruStep(run.cell, sums, 3 * b * hidden, recurrent, b * hidden, run.linear, h, b * hidden);
  },
};

const lstmKind: Kind = {
  op: "LSTM",
  gates: 4,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  step(run, sums, rows) {
    const { hidden } = run.cell;
    addRecurrent(run, sums, 0, 4);
    for (const b of rows) lstmStep(run.cell, sums, 4 * b * hidden, run.c.numbers(), run.h.numbers(), b * hidden);
  },
};

/** `H ← f(X·Wᵀ + H·Rᵀ + Wb + Rb)` along the sequence. */
export const rnn = defineOp("RNN", {
  ...common,
  since: [1, ...common.since],
  inputs: ["X: T", "W: T", "R: T", "B?: T", "sequence_lens?: T1", "initial_h?: T"],
  outputs: ["Y?: T", "Y_h?: T"],
  attributes,
  infer: (c) => inferRecurrent(c, rnnKind),
  eval: (inputs, given, c) => evaluate(rnnKind, inputs, given, c),
});

/** Gated recurrent units: gates update, reset, hidden. */
export const gru = defineOp("GRU", {
  ...common,
  since: [1, 3, ...common.since],
  inputs: ["X: T", "W: T", "R: T", "B?: T", "sequence_lens?: T1", "initial_h?: T"],
  outputs: ["Y?: T", "Y_h?: T"],
  attributes: { ...attributes, linear_before_reset: int(0) },
  infer: (c) => inferRecurrent(c, gruKind),
  eval: (inputs, given, c) => evaluate(gruKind, inputs, given, c),
});

/** Long short-term memory: gates input, output, forget, cell. */
export const lstm = defineOp("LSTM", {
  ...common,
  since: [1, ...common.since],
  inputs: ["X: T", "W: T", "R: T", "B?: T", "sequence_lens?: T1", "initial_h?: T", "initial_c?: T", "P?: T"],
  outputs: ["Y?: T", "Y_h?: T", "Y_c?: T"],
  attributes: { ...attributes, input_forget: int(0) },
  infer: (c) => inferRecurrent(c, lstmKind),
  eval: (inputs, given, c) => evaluate(lstmKind, inputs, given, c),
});

function evaluate(kind: Kind, operands: Operands, given: Attributes, context: EvalContext): Storage[] {
  // Layout 1 has the batch first; inside, the sequence comes first.
  const batchFirst = given.layout === 1;
  const x = widened(batchFirst ? operands.X.transpose([1, 0, 2]) : operands.X);
  const [length, batch] = x.shape as [number, number];
  const reverse = directions[given.direction as DirectionName];
  const hidden = operands.R.shape[2] as number;
  const width = kind.gates * hidden;
  const dtype = x.dtype;
  const lengths = operands.sequence_lens?.toNumbers() ?? new Array<number>(batch).fill(length);
  checkLengths(kind.op, lengths, length);
  const functions = activationsOf(kind.op, namesOf(kind, given, reverse.length), given.activation_alpha, given.activation_beta);
  const state = (initial: Storage | undefined, d: number): Storage => {
    const data = Storage.empty(dtype, [batch, hidden]);
    const to = data.numbers();
    if (!initial) to.fill(0);
    else to.set(widened(batchFirst ? initial.slice(1, d, 1) : initial.slice(0, d, 1)).numbers());
    return data;
  };
  const y = Storage.empty(dtype, [length, reverse.length, batch, hidden]);
  const out = y.numbers().fill(0);
  const last = reverse.map((backwards, d) => {
    const part = (s: Storage | undefined) => s && decodedNumbers(s.slice(0, d, 1));
    const bias = part(operands.B);
    const run: Run = {
      cell: {
        hidden,
        activations: functions.slice(d * kind.activations.length, (d + 1) * kind.activations.length),
        clip: given.clip ?? Number.POSITIVE_INFINITY,
        coupled: given.input_forget === 1,
        peepholes: part(operands.P),
      },
      recurrent: widened(operands.R.slice(0, d, 1).reshape([width, hidden])).transpose([1, 0]),
      recurrentBias: bias?.subarray(width),
      linear: (given.linear_before_reset ?? 0) !== 0,
      h: state(operands.initial_h, d),
      c: state(operands.initial_c, d),
    };
    const weights = widened(operands.W.slice(0, d, 1).reshape([width, operands.W.shape[2] as number])).transpose([1, 0]);
    const inputs = productOf(x, weights, [length, batch, width]).numbers();
    const sums = Storage.empty(dtype, [batch, width]).numbers();
    const h = run.h.numbers();
    for (let t = 0; t < length; t++) {
      const rows: number[] = [];
      for (let b = 0; b < batch; b++) {
        const end = lengths[b] as number;
        if (t >= end) continue;
        rows.push(b);
        const at = ((backwards ? end - 1 - t : t) * batch + b) * width;
        for (let i = 0; i < width; i++) sums[b * width + i] = (inputs[at + i] as number) + (bias ? (bias[i] as number) : 0);
      }
      if (rows.length === 0) break;
      kind.step(run, sums, rows);
      for (const b of rows) {
        const place = backwards ? (lengths[b] as number) - 1 - t : t;
        out.set(h.subarray(b * hidden, (b + 1) * hidden), ((place * reverse.length + d) * batch + b) * hidden);
      }
    }
    return run;
  });
  const stacked = (states: readonly Storage[]): Storage => {
    const s = Storage.empty(dtype, [states.length, batch, hidden]);
    states.forEach((one, d) => {
      s.numbers().set(one.numbers(), d * batch * hidden);
    });
    return batchFirst ? s.transpose([1, 0, 2]) : s;
  };
  const outputs = [batchFirst ? y.transpose([2, 0, 1, 3]) : y, stacked(last.map((r) => r.h)), stacked(last.map((r) => r.c))];
  return context.outputs.map((_, i) => convert((outputs[i] as Storage).contiguous(), context.dtype(i)));
}

function checkLengths(op: string, lengths: readonly number[], longest: number): void {
  const bad = lengths.find((n) => n < 0 || n > longest);
  if (bad === undefined) return;
  throw ingotError("InvalidArgument", {
    op,
    name: "sequence_lens",
    expected: `numbers from 0 to ${longest}, the length of X`,
    actual: bad,
    hint: "It holds how many steps of each sequence count.",
  });
}

/** The names of the activations of all directions. */
function namesOf({ activations }: Kind, given: Attributes, count: number): readonly string[] {
  return (given.activations ?? Array.from({ length: count }, () => activations).flat()).slice(0, count * activations.length);
}

function inferRecurrent(c: InferContext, kind: Kind): ValueType[] {
  const given = c.attributes as unknown as Attributes & { readonly hidden_size?: number };
  const invalid = (name: string, expected: string, actual: string | number, hint: string) =>
    ingotError("InvalidArgument", { op: c.op, name, expected, actual, hint });
  requireWord(c, "direction", Object.keys(directions), "bidirectional runs both ways, each with weights of its own.");
  if (given.layout !== 0 && given.layout !== 1)
    throw invalid("layout", "0 (sequence first) or 1 (batch first)", given.layout, "It says how X, Y and the states lie in memory.");
  const count = directions[given.direction as DirectionName].length;
  const names = namesOf(kind, given, count);
  activationsOf(c.op, names);
  if (names.length < count * kind.activations.length)
    throw invalid(
      "activations",
      `${count * kind.activations.length} names`,
      names.join(", "),
      "Each direction has activations of its own.",
    );
  const { dtype } = inputType(c, 0);
  const x = requireRank(c, 0, "X", 3);
  const w = requireRank(c, 1, "W", 3);
  const r = requireRank(c, 2, "R", 3);
  const hidden = r?.[2] ?? given.hidden_size;
  if (!x || hidden === undefined) return [dtype, dtype, dtype].map((d) => tensorType(d)).slice(0, c.outputCount);
  const [length, batch] = (given.layout === 1 ? [x[1], x[0]] : [x[0], x[1]]) as [Dim, Dim];
  const rows = typeof hidden === "number" ? kind.gates * hidden : undefined;
  const stateShape: Dim[] = given.layout === 1 ? [batch, count, hidden] : [count, batch, hidden];
  const expected: readonly (readonly [i: number, name: string, shape: readonly (Dim | undefined)[]])[] = [
    [1, "W", [count, rows, x[2]]],
    [2, "R", [count, rows, given.hidden_size ?? hidden]],
    [3, "B", [count, rows === undefined ? undefined : 2 * rows]],
    [4, "sequence_lens", [batch]],
    [5, "initial_h", stateShape],
    [6, "initial_c", stateShape],
    [7, "P", [count, typeof hidden === "number" ? 3 * hidden : undefined]],
  ];
  for (const [i, name, shape] of expected) {
    const actual = i === 1 ? w : i === 2 ? r : c.inputs[i] && requireRank(c, i, name, shape.length);
    const hint = `X has shape ${formatShape(x.map(String))}; weights are [directions, ${kind.gates} · hidden size, ...].`;
    requireShape(c, name, actual, shape, hint);
  }
  const all: Dim[] = given.layout === 1 ? [batch, length, count, hidden] : [length, count, batch, hidden];
  return [tensorType(dtype, all), tensorType(dtype, stateShape), tensorType(dtype, stateShape)].slice(0, c.outputCount);
}

/** Two per weight, step and sequence. */
function recurrentFlops(inputs: readonly (TensorType | undefined)[]): number {
  const [x, w, r] = inputs.map((type) => (type?.shape ?? [0, 0, 0]) as number[]) as [number[], number[], number[]];
  return 2 * elementCount(x.slice(0, 2)) * (elementCount(w) + elementCount(r));
}
