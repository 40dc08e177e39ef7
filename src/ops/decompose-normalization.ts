// Normalisations in terms of simpler operators, for targets that lack them. Statistics of float16 and bfloat16 are taken in float32.
import { ingotError } from "../errors/error.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { type DType, dtypeInfo } from "../tensor/dtype.ts";
import { constantLike, int64List } from "./constant-like.ts";

type Inputs = readonly (Value | undefined)[];

/** A small language for chains of nodes: the first output of each. */
const chain =
  (g: Graph) =>
  (op: string, ...inputs: readonly Value[]) =>
    g.add(op, inputs).output;

function cast(g: Graph, x: Value, dtype: DType): Value {
  return x.tensorType.dtype === dtype ? x : g.add("Cast", [x], { to: dtypeInfo(dtype).onnx }).output;
}

const statisticsDType = (x: Value): DType => (x.tensorType.dtype === "float64" ? "float64" : "float32");

function rankOf(x: Value): number {
  const { shape } = x.tensorType;
  if (shape) return shape.length;
  throw ingotError("InvalidGraph", {
    problem: `${x.name ?? "a value"} has no known rank, so its normalisation cannot be written with simpler operators`,
    where: "",
    hint: "Give the graph's inputs shapes; symbolic dimensions are enough.",
  });
}

/** The axes from `axis` to the last, counted from the end so that the rank need not be known when `axis` is negative. */
function axesFrom(g: Graph, x: Value, axis: number): Value {
  const count = axis < 0 ? -axis : rankOf(x) - axis;
  return int64List(
    g,
    Array.from({ length: count }, (_, i) => i - count),
  );
}

/** `d / √(mean(d²) + ε)` */
function overDeviation(g: Graph, d: Value, axes: Value, epsilon: number): { readonly normal: Value; readonly inverse: Value } {
  const op = chain(g);
  const inverse = op("Reciprocal", op("Sqrt", op("Add", op("ReduceMean", op("Mul", d, d), axes), constantLike(g, d, epsilon))));
  return { normal: op("Mul", d, inverse), inverse };
}

export function decomposeLayerNorm(
  g: Graph,
  [x, scale, bias]: Inputs,
  { axis, epsilon }: { axis: number; epsilon: number },
  outputs: readonly Value[],
): Value[] {
  const op = chain(g);
  const input = x as Value;
  const wide = cast(g, input, statisticsDType(input));
  const axes = axesFrom(g, input, axis);
  const mean = op("ReduceMean", wide, axes);
  const { normal, inverse } = overDeviation(g, op("Sub", wide, mean), axes, epsilon);
  const scaled = op("Mul", cast(g, normal, input.tensorType.dtype), scale as Value);
  const y = bias ? op("Add", scaled, bias) : scaled;
  return [y, ...[mean, inverse].slice(0, outputs.length - 1).map((v, i) => cast(g, v, outputs[i + 1]?.tensorType.dtype ?? "float32"))];
}

export function decomposeRmsNorm(g: Graph, [x, scale]: Inputs, { axis, epsilon }: { axis: number; epsilon: number }): Value[] {
  const op = chain(g);
  const input = x as Value;
  const wide = cast(g, input, statisticsDType(input));
  const { normal } = overDeviation(g, wide, axesFrom(g, input, axis), epsilon);
  return [op("Mul", cast(g, normal, (scale as Value).tensorType.dtype), scale as Value)];
}

/** Instance normalisation of the groups, then scale and bias by channel: few nodes, which engines have fast kernels for. */
export function decomposeGroupNorm(
  g: Graph,
  [x, scale, bias]: Inputs,
  { num_groups, epsilon }: { num_groups: number; epsilon: number },
): Value[] {
  const op = chain(g);
  const input = x as Value;
  const ones = constantList(g, input, num_groups, 1);
  const zeros = constantList(g, input, num_groups, 0);
  const groups = op("Reshape", input, int64List(g, [0, num_groups, -1]));
  const normal = g.add("InstanceNormalization", [groups, ones, zeros], { epsilon }).output;
  const back = op("Reshape", normal, g.add("Shape", [input]).output);
  const rank = rankOf(input);
  const spread = int64List(
    g,
    Array.from({ length: rank - 2 }, (_, i) => i + 1),
  );
  const byChannel = (v: Value) => (rank > 2 ? op("Unsqueeze", v, spread) : v);
  return [op("Add", op("Mul", back, byChannel(scale as Value)), byChannel(bias as Value))];
}

function constantList(g: Graph, like: Value, length: number, value: number): Value {
  const one = constantLike(g, like, value).storage;
  if (!one) throw new TypeError("a constant has no storage");
  return g.addInitializer(one.expand([length]).contiguous());
}

export function decomposeMeanVariance(g: Graph, [x]: Inputs, { axes }: { axes: readonly number[] }): Value[] {
  const op = chain(g);
  const input = x as Value;
  const over = int64List(g, axes);
  const centred = op("Sub", input, op("ReduceMean", input, over));
  const deviation = op("Sqrt", op("ReduceMean", op("Mul", centred, centred), over));
  return [op("Div", centred, op("Add", deviation, constantLike(g, input, 1e-9)))];
}
