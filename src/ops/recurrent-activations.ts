// The activation functions that RNN, GRU and LSTM take by name, each with two parameters at most.
import { ingotError } from "../errors/error.ts";

type Activation = (x: number) => number;

interface Row {
  /** The defaults of alpha and beta; a function without a parameter takes none from the lists. */
  readonly alpha?: number;
  readonly beta?: number;
  readonly make: (alpha: number, beta: number) => Activation;
}

const table = {
  Relu: { make: () => (x) => (x > 0 ? x : 0) },
  Tanh: { make: () => Math.tanh },
  Sigmoid: { make: () => (x) => 1 / (1 + Math.exp(-x)) },
  Affine: { alpha: 1, beta: 0, make: (alpha, beta) => (x) => alpha * x + beta },
  LeakyRelu: { alpha: 0.01, make: (alpha) => (x) => (x >= 0 ? x : alpha * x) },
  ThresholdedRelu: { alpha: 1, make: (alpha) => (x) => (x > alpha ? x : 0) },
  ScaledTanh: { alpha: 1, beta: 1, make: (alpha, beta) => (x) => alpha * Math.tanh(beta * x) },
  HardSigmoid: { alpha: 0.2, beta: 0.5, make: (alpha, beta) => (x) => Math.min(1, Math.max(0, alpha * x + beta)) },
  Elu: { alpha: 1, make: (alpha) => (x) => (x >= 0 ? x : alpha * Math.expm1(x)) },
  Softsign: { make: () => (x) => x / (1 + Math.abs(x)) },
  Softplus: { make: () => (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) },
} as const satisfies Record<string, Row>;

const byName = new Map<string, Row>(Object.entries(table).map(([name, row]) => [name.toLowerCase(), row]));

/**
 * The functions that a node names, in order. `alphas` and `betas` go to those that have such a parameter, in order too; what the lists
 * do not hold is the default. Throws `InvalidArgument`.
 */
export function activationsOf(
  op: string,
  names: readonly string[],
  alphas: readonly number[] = [],
  betas: readonly number[] = [],
): readonly Activation[] {
  const nextAlpha = alphas[Symbol.iterator]();
  const nextBeta = betas[Symbol.iterator]();
  const parameter = (usual: number | undefined, list: Iterator<number>) => {
    if (usual === undefined) return 0;
    const next = list.next();
    return next.done ? usual : next.value;
  };
  return names.map((name) => {
    const row = byName.get(name.toLowerCase());
    if (row) return row.make(parameter(row.alpha, nextAlpha), parameter(row.beta, nextBeta));
    throw ingotError("InvalidArgument", {
      op,
      name: "activations",
      expected: `names out of ${Object.keys(table).join(", ")}`,
      actual: name,
      hint: "One name for each activation of a direction, those of the second direction after those of the first.",
    });
  });
}
