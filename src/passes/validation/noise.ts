// How the variance of inputs becomes the variance of outputs: exactly for sums, products and what only moves elements; by measuring for the rest.
import { applyOp } from "../../ops/apply-op.ts";
import type { RuntimeValue } from "../../ops/runtime-value.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { Generator } from "../../tensor/random.ts";
import { Storage } from "../../tensor/storage.ts";
import { toFloat64 } from "../channel-arithmetic.ts";
import { varianceOf, type Wide, widen } from "./wide-value.ts";

type Run = (inputs: readonly (RuntimeValue | undefined)[]) => RuntimeValue[];
type Rule = (variances: readonly (Storage | undefined)[], values: readonly Storage[]) => Storage | undefined;

const square = (s: Storage) => applyOp("Mul", [s, s]);
const plus = (a: Storage | undefined, b: Storage | undefined) => (a && b ? applyOp("Add", [a, b]) : (a ?? b));
const times = (a: Storage | undefined, b: Storage) => a && applyOp("Mul", [a, b]);

/** First order: Var(a·b) = a²·Var(b) + b²·Var(a), and so on. */
const rules: Readonly<Record<string, Rule>> = {
  Add: ([a, b]) => plus(a, b),
  Sub: ([a, b]) => plus(a, b),
  Mul: ([va, vb], [a, b]) => plus(times(va, square(b as Storage)), times(vb, square(a as Storage))),
  Div: ([va, vb], [a, b]) => {
    const reciprocal = square(applyOp("Reciprocal", [b as Storage]));
    return plus(times(va, reciprocal), vb && times(times(vb, square(a as Storage)), square(reciprocal)));
  },
  Neg: ([a]) => a,
};

/** Functions of one element each: an element of the output moves with its own input only, so its move is its own. */
const pointwise: ReadonlySet<string> = new Set([
  "Abs",
  "Acos",
  "Acosh",
  "Asin",
  "Asinh",
  "Atan",
  "Atanh",
  "Cos",
  "Cosh",
  "Elu",
  "Erf",
  "Exp",
  "Gelu",
  "HardSigmoid",
  "HardSwish",
  "LeakyRelu",
  "Log",
  "Mish",
  "Reciprocal",
  "Relu",
  "Selu",
  "Sigmoid",
  "Sin",
  "Sinh",
  "Softplus",
  "Softsign",
  "Sqrt",
  "Tan",
  "Tanh",
]);

/** Operators that give elements of their inputs at other places. */
const movers: ReadonlySet<string> = new Set([
  "Concat",
  "Expand",
  "Flatten",
  "Gather",
  "Identity",
  "Reshape",
  "Slice",
  "Split",
  "Squeeze",
  "Tile",
  "Transpose",
  "Unsqueeze",
]);

/** Steps of measuring, in standard deviations, small enough for a first-order estimate. */
const steps = 2;

/** The variances of the outputs of `op`, whose inputs are `args`. */
export function propagateNoise(
  op: string,
  args: readonly (Wide | undefined)[],
  outputs: readonly RuntimeValue[],
  run: Run,
): (Storage | undefined)[] {
  const variances = args.map((a) => a && varianceOf(a));
  const values = args.map((a) => (a ? widen(a.value) : undefined));
  const rule = rules[op];
  if (rule) {
    const found = rule(variances, values as Storage[]);
    return [found && outputs[0] instanceof Storage ? found.expand(outputs[0].shape) : undefined];
  }
  if (movers.has(op)) {
    const zero = (s: Storage) => Storage.of("float64", new Float64Array(s.size), s.shape);
    const moved = run(values.map((v, i) => variances[i] ?? (v instanceof Storage && isFloat(v.dtype) ? zero(v) : v)));
    return moved.map((v) => (v instanceof Storage ? v : undefined));
  }
  return measured(variances, values, outputs, run, pointwise.has(op));
}

/**
 * Moves all inputs by one standard deviation, with random signs, and looks how far the outputs go. Where several inputs meet in an element, it
 * may stay where it is by chance, so the largest move counts for all.
 */
function measured(
  variances: readonly (Storage | undefined)[],
  values: readonly (RuntimeValue | undefined)[],
  outputs: readonly RuntimeValue[],
  run: Run,
  own: boolean,
): (Storage | undefined)[] {
  const moves = outputs.map((v) => new Float64Array(v instanceof Storage ? v.size : 0));
  for (let step = 0; step < steps; step++) {
    const g = new Generator(1 + step);
    const moved = values.map((v, i) => {
      const variance = variances[i];
      if (!(v instanceof Storage) || !variance) return v;
      const by = toFloat64(variance);
      return Storage.of(
        "float64",
        toFloat64(v).map((x, at) => x + (g.bits() & 1 ? 1 : -1) * Math.sqrt(by[at] as number)),
        v.shape,
      );
    });
    run(moved).forEach((after, i) => {
      const before = outputs[i];
      const move = moves[i] as Float64Array;
      if (!(after instanceof Storage) || !(before instanceof Storage) || !isFloat(before.dtype)) return;
      const [x, y] = [toFloat64(before), toFloat64(after)];
      for (let at = 0; at < x.length; at++) {
        const d = Math.abs((x[at] as number) - (y[at] as number));
        if (d > (move[at] as number)) move[at] = d;
      }
    });
  }
  return outputs.map((v, i) => {
    if (!(v instanceof Storage) || !isFloat(v.dtype)) return undefined;
    const move = moves[i] as Float64Array<ArrayBuffer>;
    if (!own) move.fill(move.reduce((a, b) => Math.max(a, b), 0));
    return Storage.of(
      "float64",
      move.map((d) => d * d),
      v.shape,
    );
  });
}
