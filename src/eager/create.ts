// Functions that make tensors. Those whose size may follow an input's size dispatch as operators, so that a recording sees them.
import type { NdArray } from "ndarray";
import { ingotError } from "../errors/error.ts";
import { allDTypes, checkDType, type DType, dtypeInfo, type Elements, isBig, isFloat } from "../tensor/dtype.ts";
import { Generator } from "../tensor/random.ts";
import { checkShape, elementCount, type Shape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { add, eq, mul, to } from "./functions/math.ts";
import { unsqueeze } from "./functions/shape.ts";
import { currentInterpreter, dispatch } from "./interpreter.ts";
import { int64s, scalar } from "./operand.ts";
import type { ElementValue, NestedArray, Tensor } from "./tensor.ts";

export interface CreateOptions {
  readonly dtype?: DType;
}
export interface RandomOptions extends CreateOptions {
  /** The same seed gives the same numbers on every machine. */
  readonly seed?: number;
  /** Draw from this generator instead. */
  readonly generator?: Generator;
}

/**
 * A tensor from nested arrays or a typed array. dtype: given, or that of the typed array, or bool, string, int64 (bigints), else float32.
 * Throws `RaggedData` for rows of different lengths.
 *
 * @example tensor([[1, 2], [3, 4]])              // float32[2, 2]
 * @example tensor([1, 2], { dtype: "int64" })
 */
export function tensor(data: NestedArray | Elements, options: CreateOptions & { readonly shape?: Shape } = {}): Tensor {
  const dtype = options.dtype && checkDType(options.dtype);
  if (ArrayBuffer.isView(data)) {
    const elements = data as Exclude<Elements, string[]>;
    const own = allDTypes.find(
      (d) =>
        d !== "bool" && d !== "float16" && d !== "bfloat16" && d !== "string" && dtypeInfo(d).make(0).constructor === elements.constructor,
    ) as DType;
    const shape = options.shape ?? [elements.length];
    // bool bytes and the typed array's own dtype are copied as they are; anything else is converted.
    const info = dtype && dtypeInfo(dtype);
    const sameWords =
      dtype === undefined ||
      info === undefined ||
      dtype === own ||
      (info.make(0).constructor === elements.constructor && info.codec === undefined);
    return currentInterpreter().constant(
      sameWords ? Storage.of(dtype ?? own, elements.slice(), shape) : Storage.from(dtype, elements, shape),
    );
  }
  const flat: ElementValue[] = [];
  const shape = measure(data as NestedArray, flat);
  const storage = Storage.from(dtype ?? guess(flat), flat, shape);
  return currentInterpreter().constant(options.shape ? storage.reshape(options.shape) : storage);
}

function measure(data: NestedArray, flat: ElementValue[], shape: number[] = [], depth = 0): number[] {
  if (!Array.isArray(data)) {
    if (shape.length > depth) throw ingotError("RaggedData", { a: "a row", b: "a single value", depth });
    flat.push(data);
    return shape;
  }
  if (depth === shape.length) {
    if (flat.length > 0) throw ingotError("RaggedData", { a: "a single value", b: "a row", depth });
    shape.push(data.length);
  } else if (shape[depth] !== data.length) throw ingotError("RaggedData", { a: shape[depth] as number, b: data.length, depth });
  for (const row of data) measure(row, flat, shape, depth + 1);
  return shape;
}

function guess(flat: readonly ElementValue[]): DType {
  const first = flat[0];
  if (typeof first === "boolean") return "bool";
  if (typeof first === "bigint") return "int64";
  return typeof first === "string" ? "string" : "float32";
}

/** Every element `value`. dtype: given, or bool for a boolean, else float32. */
export function full(shape: Shape, value: number | bigint | boolean, options: CreateOptions = {}): Tensor {
  checkShape("full", shape);
  const dtype = options.dtype ?? (typeof value === "boolean" ? "bool" : "float32");
  return dispatch("ConstantOfShape", [int64s(shape)], { value: Storage.from(dtype, [value], [1]) });
}
export const zeros = (shape: Shape, options?: CreateOptions): Tensor => full(shape, 0, options);
export const ones = (shape: Shape, options?: CreateOptions): Tensor => full(shape, 1, options);
export const zerosLike = (x: Tensor): Tensor => zeros(x.shape, { dtype: x.dtype });
export const onesLike = (x: Tensor): Tensor => ones(x.shape, { dtype: x.dtype });
export const fullLike = (x: Tensor, value: number): Tensor => full(x.shape, value, { dtype: x.dtype });

/**
 * start, start + step, … before `end`; `arange(n)` counts from 0. int64 when all are integers, else float32 (PyTorch's rule).
 * @example arange(3)        // tensor([0, 1, 2])
 * @example arange(0, 1, 0.25)
 */
export function arange(start: number, end?: number, step = 1, options: CreateOptions = {}): Tensor {
  const [from, until] = end === undefined ? [0, start] : [start, end];
  if (!(step !== 0 && Number.isFinite(step)))
    throw ingotError("InvalidArgument", {
      op: "arange",
      name: "step",
      expected: "a number other than 0",
      actual: String(step),
      hint: "Write arange(start, end, 1).",
    });
  const whole = [from, until, step].every(Number.isInteger);
  const dtype = options.dtype ?? (whole ? "int64" : "float32");
  // Count in int64 where that is exact, so that a dtype ONNX's Range lacks still works.
  const inner: DType = whole ? "int64" : "float64";
  return to(dispatch("Range", [scalar(from, inner), scalar(until, inner), scalar(step, inner)]), dtype);
}

/** `count` numbers from `start` to `end`, both included. */
export function linspace(start: number, end: number, count: number, options: CreateOptions = {}): Tensor {
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  return to(add(mul(to(arange(count), "float64"), step), start), options.dtype ?? "float32");
}

/** The n×m identity matrix. */
export function eye(n: number, m: number = n, options: CreateOptions = {}): Tensor {
  return to(eq(unsqueeze(arange(n), 1), unsqueeze(arange(m), 0)), options.dtype ?? "float32");
}

let globalGenerator = new Generator(Math.floor(Math.random() * 2 ** 32));

/** Restarts the generator that random functions without a seed draw from. */
export function manualSeed(seed: number): void {
  globalGenerator = new Generator(seed);
}

function random(what: string, shape: Shape, options: RandomOptions, fill: (g: Generator, n: number) => ArrayLike<number>): Tensor {
  checkShape(what, shape);
  if (options.seed === undefined && options.generator === undefined) currentInterpreter().drawUnseeded(what);
  const generator = options.generator ?? (options.seed === undefined ? globalGenerator : new Generator(options.seed));
  const values = fill(generator, elementCount(shape));
  const dtype = options.dtype ?? "float32";
  const storage =
    values instanceof Float32Array && dtype === "float32"
      ? Storage.of(dtype, values as Float32Array<ArrayBuffer>, shape)
      : Storage.from(dtype, values, shape);
  return currentInterpreter().constant(storage);
}

/** Uniform in [0, 1). */
export const rand = (shape: Shape, options: RandomOptions = {}): Tensor =>
  random("rand", shape, options, (g, n) => g.fillUniform(new Float32Array(n)));
/** Normal with mean 0 and standard deviation 1. */
export const randn = (shape: Shape, options: RandomOptions = {}): Tensor =>
  random("randn", shape, options, (g, n) => g.fillNormal(new Float32Array(n)));
/** Integers in [low, high), int64 unless told otherwise. */
export const randint = (low: number, high: number, shape: Shape, options: RandomOptions = {}): Tensor =>
  random("randint", shape, { dtype: "int64", ...options }, (g, n) => Array.from({ length: n }, () => g.integer(low, high)));
/** The numbers 0 … n-1 in random order, int64. */
export const randperm = (n: number, options: RandomOptions = {}): Tensor =>
  random("randperm", [n], { dtype: "int64", ...options }, (g) => g.permutation(n));

/** Wraps an `ndarray` without copying; dtype from its data unless given. */
export function fromNdarray(array: NdArray<Elements>, options: CreateOptions = {}): Tensor {
  const data = array.data;
  const own = Array.isArray(data)
    ? undefined
    : allDTypes.find(
        (d) =>
          d !== "bool" &&
          d !== "string" &&
          dtypeInfo(d).make(0).constructor === data.constructor &&
          !(isFloat(d) && data instanceof Uint16Array),
      );
  const dtype = options.dtype ?? own;
  // Integers of less than a byte are converted: the array may hold larger ones.
  const info = dtype && dtypeInfo(dtype);
  if (dtype !== undefined && info?.make(0).constructor === data.constructor && (info.kind === "float" || info.codec === undefined))
    return currentInterpreter().constant(new Storage(dtype, array));
  const view = Storage.strided(own ?? "float64", data, array.shape, array.stride, array.offset);
  const values = view.dense() as ArrayLike<number | bigint>;
  const target = dtype ?? "float32";
  return currentInterpreter().constant(Storage.from(target, isBig(target) ? values : Array.from(values, Number), array.shape));
}
