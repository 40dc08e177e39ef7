// The Tensor handle: dtype, shape, and elements (or, while only types are propagated, none). Immutable. What it computes is in methods/, by
// family; each method is thin: it calls the function of the same name, which ends in dispatch.
import ndarray, { type NdArray } from "ndarray";
import { ingotError } from "../errors/error.ts";
import { type DType, dtypeInfo, type Elements } from "../tensor/dtype.ts";
import { formatStorage } from "../tensor/format.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { EagerInterpreter } from "./eager-interpreter.ts";
import { currentInterpreter, installEager } from "./interpreter.ts";
import { IndexingMethods } from "./methods/indexing.ts";

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
export class Tensor extends IndexingMethods {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Marks tensors across copies of the package. */
  declare readonly isIngotTensor: true;
  readonly #storage: Storage | undefined;

  /** Library use: wraps a storage, or a type without elements. Users write `tensor(...)`. */
  constructor(dtype: DType, shape: readonly number[], storage?: Storage) {
    super();
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
  /** The tensor itself: tensors are immutable and remember no gradients, so nothing needs a copy. For code that comes from PyTorch. */
  clone(): this {
    return this;
  }
  /** As `clone`. */
  detach(): this {
    return this;
  }
  /** As `clone`: operators take views of any layout. */
  contiguous(): this {
    return this;
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
  /**
   * The number in a tensor with one element; 1 and 0 for booleans. Throws `NotOneElement`, `UnsafeInteger` for 64-bit integers beyond 2^53, and
   * `DTypeMismatch` for strings.
   */
  item(): number {
    const storage = currentInterpreter().read(this, "item");
    if (storage.size !== 1)
      throw ingotError(
        "NotOneElement",
        { count: storage.size, shape: formatShape(storage.shape) },
        { frame: currentInterpreter().place() },
      );
    return storage.toNumbers("item")[0] as number;
  }
  /** Nested arrays of numbers (booleans and strings for those dtypes). Throws `UnsafeInteger` for 64-bit integers beyond 2^53. */
  toArray(): NestedArray {
    const storage = currentInterpreter().read(this, "toArray");
    const flat: ElementValue[] =
      this.dtype === "string"
        ? (storage.dense() as string[])
        : this.dtype === "bool"
          ? storage.toNumbers().map((v) => v !== 0)
          : storage.toNumbers("toArray");
    return nest(flat, this.shape);
  }
  /** Flat bigints, exact for every integer dtype and bool. Throws `DTypeMismatch` for others. */
  toBigIntArray(): bigint[] {
    const { kind } = dtypeInfo(this.dtype);
    if (kind === "float" || kind === "string")
      throw ingotError("DTypeMismatch", {
        op: "toBigIntArray",
        what: "the tensor",
        actual: this.dtype,
        expected: "an integer dtype",
        convert: "int64",
      });
    const dense = currentInterpreter().read(this, "toBigIntArray").dense();
    return Array.from(dense as ArrayLike<number | bigint>, (v) => BigInt(v));
  }
  /** An `ndarray` view of the same memory (float16 and bfloat16 as bit patterns). */
  toNdarray(): NdArray<Elements> {
    const { data, shape: sizes, strides, offset } = currentInterpreter().read(this, "toNdarray");
    return ndarray<Elements>(data, [...sizes], [...strides], offset);
  }
  /** Prints as PyTorch does. While types only are propagated, the type. */
  override toString(): string {
    return this.#storage ? formatStorage(this.#storage) : `tensor(<${this.dtype}${formatShape(this.shape)}>)`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  /** Template strings print the tensor. Operators (`x + y`, `-x`, `x < y`, `x == 1`) are mistakes: throws `TensorAsPrimitive`. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.toString();
    throw ingotError("TensorAsPrimitive", { hint_kind: hint === "default" ? "primitive" : hint }, { frame: currentInterpreter().place() });
  }
  /** Iterates over the slices of axis 0. */
  *[Symbol.iterator](): IterableIterator<Tensor> {
    for (let i = 0; i < (this.shape[0] ?? 0); i++) yield this.select(0, i);
  }
}

Object.defineProperty(Tensor.prototype, "isIngotTensor", { value: true });
installEager(new EagerInterpreter({ wrap: Tensor.fromStorage, storageOf: Tensor.storageOf }));

function nest(flat: readonly ElementValue[], sizes: readonly number[], depth = 0, offset = 0): NestedArray {
  if (depth === sizes.length) return flat[offset] as ElementValue;
  const step = sizes.slice(depth + 1).reduce((a, b) => a * b, 1);
  return Array.from({ length: sizes[depth] as number }, (_, i) => nest(flat, sizes, depth + 1, offset + i * step));
}
