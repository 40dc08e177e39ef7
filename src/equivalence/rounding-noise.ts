// How far the outputs of a graph move when every weight is rounded a little differently: the part of an error that no implementation can
// avoid. A deep network may take large intermediate numbers to small outputs; there the limit that the graph's depth gives is too strict, and
// a check that fails on a healthy model is a check that users switch off.
import type { Graph } from "../ir/graph.ts";
import { allGraphs, cloneGraph } from "../ir/traverse.ts";
import { runGraph } from "../ops/run-graph.ts";
import { MapValue, OptionalValue, type RuntimeValue } from "../ops/runtime-value.ts";
import { type DType, decoder, encoder, isFloat } from "../tensor/dtype.ts";
import { Generator } from "../tensor/random.ts";
import { Storage } from "../tensor/storage.ts";
import { leavesOf } from "./leaves.ts";

/** Half the distance of neighbouring numbers, relative to the number: what rounding to the dtype may change at most. */
const unit: Partial<Record<DType, number>> = { float64: 2 ** -53, float32: 2 ** -24, float16: 2 ** -11, bfloat16: 2 ** -8 };

/**
 * An error up to so many times the noise is explained by rounding. Summation in another order moves outputs as far as the noise does, within a
 * third of it (measured on ResNet-18 and ResNet-152, against folded weights and against ONNX Runtime).
 */
export const explainedByRounding = 4;

/** Few numbers may hardly move by chance: outputs of fewer elements than this are looked at in several draws. */
const enoughElements = 64;
const mostDraws = 8;

/**
 * For each output the largest absolute change when every float weight and input moves by one rounding, up or down at random (seeded); 0 for
 * outputs that are no floats. Where that changes nothing, the values in between move as well. Costs one run of the graph (up to eight where an output has few elements) and a copy of its weights. Throws
 * `StepLimit`.
 */
export function roundingNoise(
  graph: Graph,
  inputs: readonly RuntimeValue[],
  expected: readonly RuntimeValue[],
  maxSteps?: number,
): number[] {
  const noise = expected.map(() => 0);
  const sizes = expected
    .flatMap((e) => leavesOf("", e))
    .flatMap(({ storage }) => (isFloat(storage.dtype) && storage.size > 0 ? [storage.size] : []));
  const draws = Math.min(mostDraws, Math.ceil(enoughElements / Math.min(...sizes)));
  const draw = (inside: boolean) => {
    for (let seed = 1; seed <= draws; seed++) {
      const moved = changes(graph, inputs, expected, new Generator(seed), maxSteps, inside);
      for (const [i, change] of moved.entries()) noise[i] = Math.max(noise[i] as number, change);
    }
  };
  draw(false);
  // What cancels (x − x, summed) stays put however its inputs move together: there every value on the way moves by itself.
  if (noise.some((n, i) => n === 0 && leavesOf("", expected[i] as RuntimeValue).some(({ storage }) => isFloat(storage.dtype)))) {
    const still = noise.map((n) => n === 0);
    const before = [...noise];
    draw(true);
    for (const [i, isStill] of still.entries()) if (!isStill) noise[i] = before[i] as number;
  }
  return noise;
}

/** How far each output moves in one draw. */
function changes(
  graph: Graph,
  inputs: readonly RuntimeValue[],
  expected: readonly RuntimeValue[],
  g: Generator,
  maxSteps: number | undefined,
  inside: boolean,
): number[] {
  const { graph: moved } = cloneGraph(graph);
  for (const part of allGraphs(moved)) for (const v of part.initializers) if (v.storage) v.storage = nudged(v.storage, g);
  const outputs = runGraph(
    moved,
    inputs.map((value) => nudgedValue(value, g)),
    { reuseMemory: true, maxSteps, ...(inside && { alter: (values) => values.map((value) => nudgedValue(value, g)) }) },
  );
  return expected.map((e, i) => {
    const moved = leavesOf("", outputs[i] as RuntimeValue);
    const changes = leavesOf("", e).map(({ storage }, k) => {
      const a = moved[k]?.storage;
      return a && isFloat(storage.dtype) && a.dtype === storage.dtype && a.size === storage.size ? largestChange(storage, a) : 0;
    });
    return Math.max(...changes);
  });
}

function nudgedValue(value: RuntimeValue, g: Generator): RuntimeValue {
  if (value instanceof Storage) return nudged(value, g);
  if (value instanceof MapValue) return new MapValue(value.keys, nudged(value.values, g));
  if (value instanceof OptionalValue) return new OptionalValue(value.elementType, value.element && nudgedValue(value.element, g));
  return value.map((item) => nudgedValue(item, g));
}

function nudged(storage: Storage, g: Generator): Storage {
  const by = unit[storage.dtype];
  if (by === undefined || storage.size === 0) return storage;
  const decode = decoder(storage.dtype);
  const encode = encoder(storage.dtype);
  const source = storage.numbers();
  const out = Storage.empty(storage.dtype, storage.shape);
  const target = out.numbers();
  for (let i = 0; i < source.length; i++) {
    // A little more than half a step, so that the result rounds to the neighbour.
    const factor = g.bits() & 1 ? 1 + 1.5 * by : 1 - 1.5 * by;
    target[i] = encode(decode(source[i] as number) * factor);
  }
  return out;
}

function largestChange(a: Storage, b: Storage): number {
  const decode = decoder(a.dtype);
  const [x, y] = [a.numbers(), b.numbers()];
  let largest = 0;
  for (let i = 0; i < x.length; i++) {
    const d = Math.abs(decode(x[i] as number) - decode(y[i] as number));
    if (d > largest && Number.isFinite(d)) largest = d;
  }
  return largest;
}
