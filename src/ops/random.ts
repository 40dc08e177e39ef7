// Random tensors. With a `seed` the numbers are the same at each run; without one each evaluation draws others. ONNX does not say which
// numbers a seed gives, so only their distribution agrees between runtimes.
import { ingotError } from "../errors/error.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { type DType, encoder, floats, numeric } from "../tensor/dtype.ts";
import { Generator } from "../tensor/random.ts";
import { checkShape, formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { dtypeOfAttribute } from "./create.ts";
import { anyDType, defineOp, type EvalContext, float, int, ints } from "./define.ts";
import { inputType, requireRank } from "./infer.ts";

/** ONNX writes seeds as floats: whole ones are taken as they are, others by their bits. */
function generatorOf(seed: number | undefined): Generator {
  if (seed === undefined) return new Generator(Math.floor(Math.random() * 2 ** 53));
  if (Number.isSafeInteger(seed) && seed >= 0) return new Generator(seed);
  return new Generator(new Uint32Array(Float32Array.of(seed).buffer)[0] as number);
}

/** A tensor of the inferred type, each element drawn in turn. */
function drawn(context: EvalContext, seed: number | undefined, draw: (g: Generator, i: number) => number): Storage {
  const dtype = context.dtype(0);
  const shape = context.shape(0);
  const g = generatorOf(seed);
  const encode = encoder(dtype);
  const count = shape.reduce((a, b) => a * b, 1);
  if (dtype === "int64" || dtype === "uint64" || dtype === "bool")
    return Storage.from(
      dtype,
      Array.from({ length: count }, (_, i) => draw(g, i)),
      shape,
    );
  const y = Storage.empty(dtype, shape);
  const to = y.numbers();
  for (let i = 0; i < count; i++) to[i] = encode(draw(g, i));
  return y;
}

const random = { outputs: ["output: T"], accuracy: "exact", pure: false } as const;
const fromShape = { ...random, since: [1, 22], breaking: [1], inputs: [], types: { T: floats } } as const;
const fromInput = { ...random, since: [1, 22], breaking: [1], inputs: ["input: T1"], types: { T: floats, T1: anyDType } } as const;

function inferFromShape(c: InferContext): ValueType[] {
  const shape = c.attributes.shape as readonly number[];
  checkShape(c.op, shape);
  return [tensorType(requireFloat(c, dtypeOfAttribute(c.op, c.attributes.dtype as number)), shape)];
}

function inferFromInput(c: InferContext): ValueType[] {
  const { dtype, shape } = inputType(c, 0);
  const number = c.attributes.dtype as number | undefined;
  return [tensorType(requireFloat(c, number === undefined ? dtype : dtypeOfAttribute(c.op, number)), shape)];
}

function requireFloat(c: InferContext, dtype: DType): DType {
  if (floats.includes(dtype)) return dtype;
  throw ingotError("DTypeMismatch", {
    op: c.op,
    what: "the output",
    actual: dtype,
    expected: `one of ${floats.join(", ")}`,
    convert: "float32",
  });
}

/** Normal numbers of the given mean and standard deviation (`scale`). */
export const randomNormal = defineOp("RandomNormal", {
  ...fromShape,
  attributes: { dtype: int(1), mean: float(0), scale: float(1), seed: float(), shape: ints.required },
  infer: inferFromShape,
  eval: (_, { mean, scale, seed }, context) => drawn(context, seed, (g) => mean + scale * g.normal()),
});

/** Normal numbers in the shape of the input. */
export const randomNormalLike = defineOp("RandomNormalLike", {
  ...fromInput,
  attributes: { dtype: int(), mean: float(0), scale: float(1), seed: float() },
  infer: inferFromInput,
  eval: (_, { mean, scale, seed }, context) => drawn(context, seed, (g) => mean + scale * g.normal()),
});

/** Numbers from `low` up to `high`, all equally likely. */
export const randomUniform = defineOp("RandomUniform", {
  ...fromShape,
  attributes: { dtype: int(1), high: float(1), low: float(0), seed: float(), shape: ints.required },
  infer: inferFromShape,
  eval: (_, { low, high, seed }, context) => drawn(context, seed, (g) => low + (high - low) * g.uniform()),
});

/** Uniform numbers in the shape of the input. */
export const randomUniformLike = defineOp("RandomUniformLike", {
  ...fromInput,
  attributes: { dtype: int(), high: float(1), low: float(0), seed: float() },
  infer: inferFromInput,
  eval: (_, { low, high, seed }, context) => drawn(context, seed, (g) => low + (high - low) * g.uniform()),
});

/** 1 with the probability that the input holds at the same place, else 0. */
export const bernoulli = defineOp("Bernoulli", {
  ...random,
  since: [15, 22],
  breaking: [15],
  inputs: ["input: T1"],
  types: { T1: floats, T: [...numeric, "bool"] },
  attributes: { dtype: int(), seed: float() },
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const number = c.attributes.dtype as number | undefined;
    return [tensorType(number === undefined ? dtype : dtypeOfAttribute(c.op, number), shape)];
  },
  eval({ input }, { seed }, context) {
    const p = input.toNumbers();
    const wrong = p.find((v) => !(v >= 0 && v <= 1));
    if (wrong !== undefined)
      throw ingotError("InvalidArgument", {
        op: "Bernoulli",
        name: "input",
        expected: "probabilities from 0 to 1",
        actual: wrong,
        hint: "Apply a sigmoid to scores first.",
      });
    return drawn(context, seed, (g, i) => (g.uniform53() < (p[i] as number) ? 1 : 0));
  },
});

/** Per row of unnormalised log-probabilities `[batch, classes]`, `sample_size` classes: `[batch, sample_size]`. */
export const multinomial = defineOp("Multinomial", {
  ...random,
  since: [7, 22],
  breaking: [7],
  inputs: ["input: T1"],
  types: { T1: floats, T: ["int32", "int64"] },
  attributes: { dtype: int(6), sample_size: int(1), seed: float() },
  infer(c) {
    const shape = requireRank(c, 0, "input", 2);
    const dtype = dtypeOfAttribute(c.op, c.attributes.dtype as number);
    if (dtype !== "int32" && dtype !== "int64")
      throw ingotError("DTypeMismatch", { op: c.op, what: "the output", actual: dtype, expected: "int32 or int64", convert: "int64" });
    return [tensorType(dtype, shape && [shape[0] ?? 0, c.attributes.sample_size as number])];
  },
  eval({ input }, { sample_size, seed }, context) {
    const [, classes = 0] = input.shape;
    const scores = input.toNumbers();
    if (classes === 0 && context.shape(0).every((n) => n > 0))
      throw ingotError("ShapeMismatch", {
        op: "Multinomial",
        what: "input",
        actual: formatShape(input.shape),
        expected: "at least one class",
        hint: "The last dimension holds one score per class.",
      });
    return drawn(context, seed, (g, i) => {
      const row = scores.slice(Math.floor(i / sample_size) * classes, (Math.floor(i / sample_size) + 1) * classes);
      const max = Math.max(...row);
      const weights = row.map((v) => Math.exp(v - max));
      let left = g.uniform53() * weights.reduce((a, b) => a + b, 0);
      const chosen = weights.findIndex((w) => {
        left -= w;
        return left < 0;
      });
      return chosen < 0 ? classes - 1 : chosen;
    });
  },
});
