// The Tensor handle: dtype, shape, and elements (or, while only types are propagated, none). Immutable. Its methods are thin: each calls
// the function of the same name, which ends in dispatch.
import ndarray, { type NdArray } from "ndarray";
import { ingotError } from "../errors/error.ts";
import { checkDType, type DType, dtypeInfo, type Elements } from "../tensor/dtype.ts";
import { formatStorage } from "../tensor/format.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { EagerInterpreter } from "./eager-interpreter.ts";
import * as math from "./functions/math.ts";
import * as reduce from "./functions/reduce.ts";
import * as shape from "./functions/shape.ts";
import { currentInterpreter, installEager } from "./interpreter.ts";
import { isTensor, type TensorLike } from "./operand.ts";

/** What a single element is read as: numbers, bigints for 64-bit integers, booleans, strings. */
export type ElementValue = number | bigint | boolean | string;
/** Nested arrays of elements, as deep as the tensor's rank. */
export type NestedArray = ElementValue | NestedArray[];

/**
 * A tensor. `shape` is `[N, C, H, W]`-like; views share memory with the tensor they were made from.
 *
 * @example
 * const x = randn([2, 3], { seed: 1 });
 * x.mul(2).add(1).softmax(-1).sum(-1); // tensor([1.0000, 1.0000])
 */
export class Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Marks tensors across copies of the package. */
  declare readonly isIngotTensor: true;
  readonly #storage: Storage | undefined;

  /** Library use: wraps a storage, or a type without elements. Users write `tensor(...)`. */
  constructor(dtype: DType, shape: readonly number[], storage?: Storage) {
    this.dtype = dtype;
    this.shape = shape;
    this.#storage = storage;
  }

  /** Wraps a storage without copying. */
  static fromStorage(storage: Storage): Tensor {
    return new Tensor(storage.dtype, storage.shape, storage);
  }

  /** The elements, without telling the interpreter that they are read; undefined for a tensor without elements. Library use. */
  static storageOf(tensor: { readonly storage: Storage }): Storage | undefined {
    if (#storage in tensor) return tensor.#storage;
    // A tensor of another copy of the package: the same memory, in a storage of this copy.
    const { dtype, array } = tensor.storage;
    return new Storage(dtype, array);
  }

  // ---- what it is -----------------------------------------------------------------------------------------------

  /** The number of dimensions. */
  get rank(): number {
    return this.shape.length;
  }
  /** As `rank` (PyTorch's `ndim`). */
  get ndim(): number {
    return this.shape.length;
  }
  dim(): number {
    return this.shape.length;
  }
  size(): readonly number[];
  size(dim: number): number;
  size(dim?: number): number | readonly number[] {
    return dim === undefined ? this.shape : (this.shape[normalizeAxis("size", dim, this.shape)] as number);
  }
  /** The number of elements. */
  numel(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }
  /** The ONNX number of a dtype; what `Cast` takes. */
  onnxNumber(dtype: DType): number {
    return dtypeInfo(checkDType(dtype)).onnx;
  }

  // ---- reading elements -------------------------------------------------------------------------------------------

  /** The strided elements. Reading is noticed while a model is recorded. */
  get storage(): Storage {
    return currentInterpreter().read(this, "storage");
  }
  /** The elements in row-major order; shares memory when the tensor is contiguous: do not write. */
  get data(): Elements {
    return currentInterpreter().read(this, "data").dense();
  }
  /** The value of a tensor with one element. Throws `NotOneElement`, and `UnsafeInteger` for 64-bit integers beyond 2^53. */
  item(): number {
    const storage = currentInterpreter().read(this, "item");
    if (storage.size !== 1) throw ingotError("NotOneElement", { count: storage.size, shape: formatShape(storage.shape) });
    return storage.toNumbers()[0] as number;
  }
  /** Nested arrays of numbers (booleans and strings for those dtypes). Throws `UnsafeInteger` for 64-bit integers beyond 2^53. */
  toArray(): NestedArray {
    const storage = currentInterpreter().read(this, "toArray");
    const flat: ElementValue[] =
      this.dtype === "string"
        ? (storage.dense() as string[])
        : this.dtype === "bool"
          ? storage.toNumbers().map((v) => v !== 0)
          : storage.toNumbers();
    return nest(flat, this.shape);
  }
  /** Flat bigints, exact for every integer dtype. */
  toBigIntArray(): bigint[] {
    const dense = currentInterpreter().read(this, "toBigIntArray").dense();
    return Array.from(dense as ArrayLike<number | bigint>, (v) => BigInt(v));
  }
  /** An `ndarray` view of the same memory (float16 and bfloat16 as bit patterns). */
  toNdarray(): NdArray<Elements> {
    const { data, shape: sizes, strides, offset } = currentInterpreter().read(this, "toNdarray");
    return ndarray<Elements>(data, [...sizes], [...strides], offset);
  }
  /** Prints as PyTorch does. While types only are propagated, the type. */
  toString(): string {
    return this.#storage ? formatStorage(this.#storage) : `tensor(<${this.dtype}${formatShape(this.shape)}>)`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  /** Operators and template strings on tensors are mistakes: throws `TensorAsPrimitive`. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw ingotError("TensorAsPrimitive", { hint_kind: hint === "default" ? "primitive" : hint });
  }
  /** Iterates over the slices of axis 0. */
  *[Symbol.iterator](): IterableIterator<Tensor> {
    for (let i = 0; i < (this.shape[0] ?? 0); i++) yield this.select(0, i);
  }

  // ---- elementwise ------------------------------------------------------------------------------------------------

  abs(): Tensor {
    return math.abs(this);
  }
  acos(): Tensor {
    return math.acos(this);
  }
  acosh(): Tensor {
    return math.acosh(this);
  }
  asin(): Tensor {
    return math.asin(this);
  }
  asinh(): Tensor {
    return math.asinh(this);
  }
  atan(): Tensor {
    return math.atan(this);
  }
  atanh(): Tensor {
    return math.atanh(this);
  }
  ceil(): Tensor {
    return math.ceil(this);
  }
  cos(): Tensor {
    return math.cos(this);
  }
  cosh(): Tensor {
    return math.cosh(this);
  }
  erf(): Tensor {
    return math.erf(this);
  }
  exp(): Tensor {
    return math.exp(this);
  }
  expm1(): Tensor {
    return math.expm1(this);
  }
  floor(): Tensor {
    return math.floor(this);
  }
  isfinite(): Tensor {
    return math.isfinite(this);
  }
  isinf(): Tensor {
    return math.isinf(this);
  }
  isnan(): Tensor {
    return math.isnan(this);
  }
  log(): Tensor {
    return math.log(this);
  }
  log10(): Tensor {
    return math.log10(this);
  }
  log1p(): Tensor {
    return math.log1p(this);
  }
  log2(): Tensor {
    return math.log2(this);
  }
  neg(): Tensor {
    return math.neg(this);
  }
  reciprocal(): Tensor {
    return math.reciprocal(this);
  }
  relu(): Tensor {
    return math.relu(this);
  }
  round(): Tensor {
    return math.round(this);
  }
  rsqrt(): Tensor {
    return math.rsqrt(this);
  }
  sigmoid(): Tensor {
    return math.sigmoid(this);
  }
  sign(): Tensor {
    return math.sign(this);
  }
  sin(): Tensor {
    return math.sin(this);
  }
  sinh(): Tensor {
    return math.sinh(this);
  }
  sqrt(): Tensor {
    return math.sqrt(this);
  }
  square(): Tensor {
    return math.square(this);
  }
  tan(): Tensor {
    return math.tan(this);
  }
  tanh(): Tensor {
    return math.tanh(this);
  }
  softplus(): Tensor {
    return math.softplus(this);
  }
  logicalNot(): Tensor {
    return math.logicalNot(this);
  }
  bitwiseNot(): Tensor {
    return math.bitwiseNot(this);
  }
  add(other: TensorLike): Tensor {
    return math.add(this, other);
  }
  sub(other: TensorLike): Tensor {
    return math.sub(this, other);
  }
  mul(other: TensorLike): Tensor {
    return math.mul(this, other);
  }
  div(other: TensorLike): Tensor {
    return math.div(this, other);
  }
  floorDivide(other: TensorLike): Tensor {
    return math.floorDivide(this, other);
  }
  remainder(other: TensorLike): Tensor {
    return math.remainder(this, other);
  }
  fmod(other: TensorLike): Tensor {
    return math.fmod(this, other);
  }
  pow(other: TensorLike): Tensor {
    return math.pow(this, other);
  }
  maximum(other: TensorLike): Tensor {
    return math.maximum(this, other);
  }
  minimum(other: TensorLike): Tensor {
    return math.minimum(this, other);
  }
  eq(other: TensorLike): Tensor {
    return math.eq(this, other);
  }
  ne(other: TensorLike): Tensor {
    return math.ne(this, other);
  }
  lt(other: TensorLike): Tensor {
    return math.lt(this, other);
  }
  le(other: TensorLike): Tensor {
    return math.le(this, other);
  }
  gt(other: TensorLike): Tensor {
    return math.gt(this, other);
  }
  ge(other: TensorLike): Tensor {
    return math.ge(this, other);
  }
  bitwiseAnd(other: TensorLike): Tensor {
    return math.bitwiseAnd(this, other);
  }
  bitwiseOr(other: TensorLike): Tensor {
    return math.bitwiseOr(this, other);
  }
  bitwiseXor(other: TensorLike): Tensor {
    return math.bitwiseXor(this, other);
  }
  logicalAnd(other: Tensor): Tensor {
    return math.logicalAnd(this, other);
  }
  logicalOr(other: Tensor): Tensor {
    return math.logicalOr(this, other);
  }
  logicalXor(other: Tensor): Tensor {
    return math.logicalXor(this, other);
  }
  /** Limits every element to [min, max]; either may be left out. */
  clamp(min?: number, max?: number): Tensor {
    return math.clamp(this, min, max);
  }
  /** `this` where `condition` holds, else `other`. */
  where(condition: Tensor, other: TensorLike): Tensor {
    return math.where(condition, this, other);
  }
  maskedFill(mask: Tensor, value: number): Tensor {
    return math.maskedFill(this, mask, value);
  }
  /** Converts to another dtype; the tensor itself when it has that dtype already. */
  to(dtype: DType): Tensor {
    return math.to(this, dtype);
  }
  float(): Tensor {
    return this.to("float32");
  }
  double(): Tensor {
    return this.to("float64");
  }
  half(): Tensor {
    return this.to("float16");
  }
  int(): Tensor {
    return this.to("int32");
  }
  long(): Tensor {
    return this.to("int64");
  }
  bool(): Tensor {
    return this.to("bool");
  }

  // ---- reductions and products ------------------------------------------------------------------------------------

  sum(dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.sum(this, dims, keepdim);
  }
  mean(dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.mean(this, dims, keepdim);
  }
  prod(dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.prod(this, dims, keepdim);
  }
  amax(dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.amax(this, dims, keepdim);
  }
  amin(dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.amin(this, dims, keepdim);
  }
  any(dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.any(this, dims, keepdim);
  }
  all(dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.all(this, dims, keepdim);
  }
  /** Without arguments the largest element; along `dim` the values with their indices; with a tensor the elementwise maximum. */
  max(): Tensor;
  max(other: Tensor): Tensor;
  max(dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
  max(arg?: number | Tensor, keepdim?: boolean): Tensor | reduce.ValuesAndIndices {
    if (arg === undefined) return reduce.amax(this);
    return isTensor(arg) ? math.maximum(this, arg) : reduce.maxAlong(this, arg, keepdim);
  }
  /** As `max`, for the smallest. */
  min(): Tensor;
  min(other: Tensor): Tensor;
  min(dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
  min(arg?: number | Tensor, keepdim?: boolean): Tensor | reduce.ValuesAndIndices {
    if (arg === undefined) return reduce.amin(this);
    return isTensor(arg) ? math.minimum(this, arg) : reduce.minAlong(this, arg, keepdim);
  }
  argmax(dim?: number, keepdim?: boolean): Tensor {
    return reduce.argmax(this, dim, keepdim);
  }
  argmin(dim?: number, keepdim?: boolean): Tensor {
    return reduce.argmin(this, dim, keepdim);
  }
  logsumexp(dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.logsumexp(this, dims, keepdim);
  }
  norm(p?: 1 | 2, dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.norm(this, p, dims, keepdim);
  }
  /** Variance; divides by n - correction (default 1). */
  var(dims?: reduce.Dims, options?: { correction?: number; keepdim?: boolean }): Tensor {
    return reduce.variance(this, dims, options);
  }
  std(dims?: reduce.Dims, options?: { correction?: number; keepdim?: boolean }): Tensor {
    return reduce.std(this, dims, options);
  }
  softmax(dim: number): Tensor {
    return reduce.softmax(this, dim);
  }
  logSoftmax(dim: number): Tensor {
    return reduce.logSoftmax(this, dim);
  }
  cumsum(dim: number): Tensor {
    return reduce.cumsum(this, dim);
  }
  /** The k largest (or smallest) elements along `dim`, sorted; of equal elements the one with the lower index comes first. */
  topk(k: number, dim?: number, largest?: boolean): reduce.ValuesAndIndices {
    return reduce.topk(this, k, dim, largest);
  }
  sort(dim?: number, descending?: boolean): reduce.ValuesAndIndices {
    return reduce.sort(this, dim, descending);
  }
  matmul(other: Tensor): Tensor {
    return reduce.matmul(this, other);
  }
  mm(other: Tensor): Tensor {
    return reduce.matmul(this, other);
  }
  bmm(other: Tensor): Tensor {
    return reduce.matmul(this, other);
  }

  // ---- shape and indexing -----------------------------------------------------------------------------------------

  reshape(...sizes: readonly number[] | [readonly number[]]): Tensor {
    return shape.reshape(this, list(sizes));
  }
  view(...sizes: readonly number[] | [readonly number[]]): Tensor {
    return shape.reshape(this, list(sizes));
  }
  flatten(start?: number, end?: number): Tensor {
    return shape.flatten(this, start, end);
  }
  permute(...dims: readonly number[] | [readonly number[]]): Tensor {
    return shape.permute(this, list(dims));
  }
  transpose(dim0: number, dim1: number): Tensor {
    return shape.transpose(this, dim0, dim1);
  }
  /** The transpose of a matrix. */
  t(): Tensor {
    return this.rank < 2 ? this : shape.transpose(this, 0, 1);
  }
  squeeze(dims?: number | readonly number[]): Tensor {
    return shape.squeeze(this, dims);
  }
  unsqueeze(dim: number): Tensor {
    return shape.unsqueeze(this, dim);
  }
  expand(...sizes: readonly number[] | [readonly number[]]): Tensor {
    return shape.expand(this, list(sizes));
  }
  broadcastTo(sizes: readonly number[]): Tensor {
    return shape.expand(this, sizes);
  }
  repeat(...repeats: readonly number[] | [readonly number[]]): Tensor {
    return shape.repeat(this, list(repeats));
  }
  split(sizes: number | readonly number[], dim?: number): Tensor[] {
    return shape.split(this, sizes, dim);
  }
  chunk(count: number, dim?: number): Tensor[] {
    return shape.chunk(this, count, dim);
  }
  unbind(dim?: number): Tensor[] {
    return shape.unbind(this, dim);
  }
  select(dim: number, index: number): Tensor {
    return shape.select(this, dim, index);
  }
  slice(dim: number, start?: number, end?: number, step?: number): Tensor {
    return shape.slice(this, dim, start, end, step);
  }
  narrow(dim: number, start: number, length: number): Tensor {
    return shape.narrow(this, dim, start, length);
  }
  indexSelect(dim: number, index: Tensor): Tensor {
    return shape.indexSelect(this, dim, index);
  }
  gather(dim: number, index: Tensor): Tensor {
    return shape.gather(this, dim, index);
  }
  scatter(dim: number, index: Tensor, src: Tensor): Tensor {
    return shape.scatter(this, dim, index, src);
  }
  scatterAdd(dim: number, index: Tensor, src: Tensor): Tensor {
    return shape.scatterAdd(this, dim, index, src);
  }
  maskedSelect(mask: Tensor): Tensor {
    return shape.maskedSelect(this, mask);
  }
  nonzero(): Tensor {
    return shape.nonzero(this);
  }
  flip(dims: number | readonly number[]): Tensor {
    return shape.flip(this, dims);
  }
  roll(shift: number, dim: number): Tensor {
    return shape.roll(this, shift, dim);
  }
  tril(diagonal?: number): Tensor {
    return shape.tril(this, diagonal);
  }
  triu(diagonal?: number): Tensor {
    return shape.triu(this, diagonal);
  }
  pad(pads: readonly number[], mode?: "constant" | "reflect" | "edge" | "wrap", value?: number): Tensor {
    return shape.pad(this, pads, mode, value);
  }
}

Object.defineProperty(Tensor.prototype, "isIngotTensor", { value: true });
installEager(new EagerInterpreter({ wrap: Tensor.fromStorage, storageOf: Tensor.storageOf }));

/** `f(1, 2)` and `f([1, 2])` alike. */
function list(sizes: readonly number[] | readonly [readonly number[]]): readonly number[] {
  const first = sizes[0];
  return sizes.length === 1 && Array.isArray(first) ? (first as readonly number[]) : (sizes as readonly number[]);
}

function nest(flat: readonly ElementValue[], sizes: readonly number[], depth = 0, offset = 0): NestedArray {
  if (depth === sizes.length) return flat[offset] as ElementValue;
  const step = sizes.slice(depth + 1).reduce((a, b) => a * b, 1);
  return Array.from({ length: sizes[depth] as number }, (_, i) => nest(flat, sizes, depth + 1, offset + i * step));
}
