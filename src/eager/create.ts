// Functions that make tensors. Those whose size may follow an input's size dispatch as operators, so that a recording sees them.
import type { NdArray } from "ndarray";
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { allocateFloats } from "../tensor/allocate.ts";
import { allDTypes, checkDType, type DType, dtypeInfo, type Elements, isBig } from "../tensor/dtype.ts";
import { checkElements } from "../tensor/elements.ts";
import { Generator } from "../tensor/random.ts";
import { checkShape, elementCount, type Shape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { add, eq, mul, to } from "./functions/math.ts";
import { expand, reshape, unsqueeze } from "./functions/shape.ts";
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
 * A tensor from nested arrays or a typed array (copied). dtype: given, or that of the typed array, or bool for booleans, string for strings,
 * int64 for bigints, float32 for numbers and mixtures.
 * Throws `RaggedData` for rows of different lengths, and `InvalidArgument` for elements that the dtype cannot hold: integers outside of its
 * range are refused (`.to(dtype)` wraps around), fractions are cut off as PyTorch does.
 *
 * @example tensor([[1, 2], [3, 4]])              // float32[2, 2]
 * @example tensor([1, 2], { dtype: "int64" })
 */
export function tensor(data: NestedArray | Elements, options: CreateOptions & { readonly shape?: Shape } = {}): Tensor {
  const dtype = options.dtype && checkDType(options.dtype);
  if (options.shape) checkShape("tensor", options.shape);
  return currentInterpreter().constant(
    ArrayBuffer.isView(data) ? fromTyped(data, dtype, options.shape) : fromNested(data, dtype, options.shape),
  );
}

function fromNested(data: NestedArray | Elements, dtype: DType | undefined, shape: Shape | undefined): Storage {
  const flat: ElementValue[] = [];
  const measured = measure(data, flat);
  const chosen = dtype ?? guess(flat);
  checkElements("tensor", "data", chosen, flat);
  const storage = Storage.from(chosen, flat, measured);
  return shape ? storage.reshape(shape) : storage;
}

/** The numbers of the typed array: copied where the dtype is its own, else converted. */
function fromTyped(data: Exclude<Elements, string[]>, dtype: DType | undefined, shape: Shape = [data.length]): Storage {
  const own = ownDType(data);
  if (own === undefined)
    throw ingotError("InvalidArgument", {
      op: "tensor",
      name: "data",
      expected: "nested arrays or a typed array of numbers",
      actual: describeValue(data),
      hint: "Wrap the bytes of a Buffer or DataView: new Uint8Array(buffer).",
    });
  if (dtype === undefined || dtype === own) return Storage.of(own, data.slice(), shape);
  checkElements("tensor", "data", dtype, data);
  return Storage.from(dtype, data, shape);
}

/** The dtype whose elements such a typed array holds; 16-bit words are uint16, bytes uint8: elements that a codec reads are never meant. */
function ownDType(data: Elements): DType | undefined {
  return allDTypes.find((d) => {
    const { kind, codec, make } = dtypeInfo(d);
    return kind !== "bool" && kind !== "string" && codec === undefined && make(0).constructor === data.constructor;
  });
}

function measure(data: NestedArray | Elements, flat: ElementValue[], shape: number[] = [], depth = 0): number[] {
  if (!Array.isArray(data)) {
    if (shape.length > depth) throw ingotError("RaggedData", { a: "a row", b: "a single value", depth });
    flat.push(data as ElementValue);
    return shape;
  }
  if (depth === shape.length) {
    if (flat.length > 0) throw ingotError("RaggedData", { a: "a single value", b: "a row", depth });
    shape.push(data.length);
  } else if (shape[depth] !== data.length) throw ingotError("RaggedData", { a: shape[depth] as number, b: data.length, depth });
  for (const row of data) measure(row, flat, shape, depth + 1);
  return shape;
}

/** Numbers and mixtures with them are float32, so that `[true, 2]` and `[1n, 0.5]` keep their values. */
function guess(flat: readonly unknown[]): DType {
  const first = typeof flat[0];
  if (!flat.every((v) => typeof v === first)) return "float32";
  return first === "boolean" ? "bool" : first === "bigint" ? "int64" : first === "string" ? "string" : "float32";
}

/** Every element `value`. dtype: given, or bool for a boolean, else float32. */
export function full(shape: Shape, value: number | bigint | boolean, options: CreateOptions = {}): Tensor {
  checkShape("full", shape);
  const dtype = checkDType(options.dtype ?? (typeof value === "boolean" ? "bool" : "float32"));
  checkElements("full", "value", dtype, [value]);
  return dispatch("ConstantOfShape", [int64s(shape)], { value: Storage.from(dtype, [value], [1]) });
}
export const zeros = (shape: Shape, options?: CreateOptions): Tensor => full(shape, 0, options);
export const ones = (shape: Shape, options?: CreateOptions): Tensor => full(shape, 1, options);
export const zerosLike = (x: Tensor): Tensor => zeros(x.shape, { dtype: x.dtype });
export const onesLike = (x: Tensor): Tensor => ones(x.shape, { dtype: x.dtype });
export const fullLike = (x: Tensor, value: number | bigint | boolean): Tensor => full(x.shape, value, { dtype: x.dtype });

/**
 * start, start + step, … before `end`; `arange(n)` counts from 0. int64 when all are integers, else float32 (PyTorch's rule). The options may
 * stand behind any of the numbers.
 * @example arange(3)        // tensor([0, 1, 2])
 * @example arange(0, 1, 0.25)
 * @example arange(3, { dtype: "float32" })
 */
export function arange(start: number, end?: number | CreateOptions, step?: number | CreateOptions, options?: CreateOptions): Tensor {
  const given: readonly unknown[] = [start, end, step, options];
  const numbers = given.filter((v): v is number => v !== undefined && !isOptions(v));
  return range(numbers.length > 0 ? numbers : [start], given.find(isOptions) ?? {});
}

const isOptions = (v: unknown): v is CreateOptions => typeof v === "object" && v !== null;

function range(numbers: readonly number[], options: CreateOptions): Tensor {
  const [from = 0, until = 0, step = 1] = numbers.length === 1 ? [0, ...numbers] : numbers;
  for (const [name, value] of Object.entries({ start: from, end: until, step }))
    if (!Number.isFinite(value) || (name === "step" && value === 0))
      throw ingotError("InvalidArgument", {
        op: "arange",
        name,
        expected: name === "step" ? "a number other than 0" : "a number",
        actual: describeValue(value),
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
  checkShape("linspace", [count]);
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  return to(add(mul(to(arange(count), "float64"), step), start), options.dtype ?? "float32");
}

/** The n×m identity matrix. */
export function eye(n: number, m: number = n, options: CreateOptions = {}): Tensor {
  checkShape("eye", [n, m]);
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
  const dtype = checkDType(options.dtype ?? "float32");
  const storage =
    values instanceof Float32Array && dtype === "float32"
      ? Storage.of(dtype, values as Float32Array<ArrayBuffer>, shape)
      : Storage.from(dtype, values, shape);
  return currentInterpreter().constant(storage);
}

/** Uniform in [0, 1). */
export const rand = (shape: Shape, options: RandomOptions = {}): Tensor =>
  random("rand", shape, options, (g, n) => g.fillUniform(allocateFloats(n)));
/** Normal with mean 0 and standard deviation 1. */
export const randn = (shape: Shape, options: RandomOptions = {}): Tensor =>
  random("randn", shape, options, (g, n) => g.fillNormal(allocateFloats(n)));
/** Integers in [low, high), int64 unless told otherwise. */
export const randint = (low: number, high: number, shape: Shape, options: RandomOptions = {}): Tensor =>
  random("randint", shape, { dtype: "int64", ...options }, (g, n) => Array.from({ length: n }, () => g.integer(low, high)));
/** The numbers 0 … n-1 in random order, int64. */
export const randperm = (n: number, options: RandomOptions = {}): Tensor =>
  random("randperm", [n], { dtype: "int64", ...options }, (g) => g.permutation(n));

/** As `rand` and `randn`, in the shape and dtype of another tensor. */
export const randLike = (x: Tensor, options: RandomOptions = {}): Tensor => rand(x.shape, { dtype: x.dtype, ...options });
export const randnLike = (x: Tensor, options: RandomOptions = {}): Tensor => randn(x.shape, { dtype: x.dtype, ...options });

/** Rows of zeros with a one at each index: int64 indices of any shape [...] give int64 [..., classes]. */
export function oneHot(indices: Tensor, classes: number): Tensor {
  checkShape("oneHot", [classes]);
  return to(eq(unsqueeze(indices, -1), to(arange(classes), indices.dtype)), "int64");
}

/** The coordinates of a grid: one tensor per vector, each of the shape [length of the first, length of the second, …]. */
export function meshgrid(...axes: readonly Tensor[]): Tensor[] {
  const shape = axes.map((a) => a.numel());
  return axes.map((a, i) =>
    expand(
      reshape(
        a,
        shape.map((_, k) => (k === i ? -1 : 1)),
      ),
      shape,
    ),
  );
}

/** Wraps an `ndarray` without copying; dtype from its data unless given. */
export function fromNdarray(array: NdArray<Elements>, options: CreateOptions = {}): Tensor {
  const { data } = array;
  const own = Array.isArray(data) ? undefined : ownDType(data);
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
