// The data of a tensor: a dtype and an `ndarray` (strided view) over a typed array. Views share memory; nothing here copies unless it says so.
import ndarray, { type NdArray } from "ndarray";
import { ingotError } from "../errors/error.ts";
import { allocate, allocateZeroed } from "./allocate.ts";
import { type DType, decoder, dtypeInfo, type Elements, encoder, isBig, type NumberArray } from "./dtype.ts";
import { checkRank, elementCount, formatShape, rowMajorStrides, type Shape, sameShape } from "./shape.ts";

export class Storage {
  readonly dtype: DType;
  /** The strided view: `.data`, `.shape`, `.stride` (elements), `.offset` (elements). */
  readonly array: NdArray<Elements>;

  constructor(dtype: DType, array: NdArray<Elements>) {
    this.dtype = dtype;
    this.array = array;
  }

  /** Wraps row-major elements without a copy. Throws `ReshapeMismatch` when the count does not fit. */
  static of(dtype: DType, data: Elements, shape: Shape): Storage {
    const count = elementCount(shape);
    if (data.length !== count)
      throw ingotError("ReshapeMismatch", { count: data.length, from: formatShape([data.length]), to: formatShape(shape) });
    return Storage.strided(dtype, data, shape, rowMajorStrides(shape), 0);
  }

  /** A view of `data`. Throws `InvalidShape` for more axes than a tensor may have. */
  static strided(dtype: DType, data: Elements, shape: Shape, strides: readonly number[], offset: number): Storage {
    checkRank("a tensor", shape.length);
    return new Storage(dtype, ndarray<Elements>(data, [...shape], [...strides], offset));
  }

  /** Uninitialised row-major storage; the caller writes every element through `.dense()`. */
  static empty(dtype: DType, shape: Shape): Storage {
    return Storage.of(dtype, allocate(dtype, elementCount(shape)), shape);
  }

  /** A storage from plain numbers (rounded to `dtype`) or strings. */
  static from(dtype: DType, values: ArrayLike<number | bigint | boolean | string>, shape: Shape): Storage {
    const data = allocateZeroed(dtype, values.length) as { [i: number]: unknown; length: number };
    const encode = encoder(dtype);
    const big = isBig(dtype);
    for (let i = 0; i < values.length; i++) {
      const v = values[i] as number | bigint | boolean | string;
      if (dtype === "string") data[i] = String(v);
      else if (big) data[i] = typeof v === "bigint" ? v : BigInt(Math.trunc(Number(v)));
      else if (dtype === "bool") data[i] = Number(v) !== 0 ? 1 : 0;
      else data[i] = encode(Number(v));
    }
    return Storage.of(dtype, data as unknown as Elements, shape);
  }

  get shape(): Shape {
    return this.array.shape;
  }

  get strides(): readonly number[] {
    return this.array.stride;
  }

  get offset(): number {
    return this.array.offset;
  }

  get rank(): number {
    return this.array.shape.length;
  }

  get size(): number {
    return elementCount(this.array.shape);
  }

  /** Bytes of the elements; strings count 0. */
  get byteSize(): number {
    return this.size * dtypeInfo(this.dtype).bytes;
  }

  /** The whole underlying elements, of which this storage may be a view. */
  get data(): Elements {
    return this.array.data;
  }

  /** True when the elements stand in row-major order without gaps. */
  get isContiguous(): boolean {
    const { shape, stride } = this.array;
    for (let i = shape.length - 1, s = 1; i >= 0; i--) {
      if (shape[i] !== 1 && stride[i] !== s) return false;
      s *= shape[i] as number;
    }
    return true;
  }

  /** The elements in row-major order: the memory itself when contiguous (a subarray, no copy), else a copy. */
  dense(): Elements {
    const { data, offset } = this.array;
    const n = this.size;
    if (n === 0) return dtypeInfo(this.dtype).make(0);
    if (this.isContiguous) {
      if (offset === 0 && data.length === n) return data;
      return Array.isArray(data) ? data.slice(offset, offset + n) : data.subarray(offset, offset + n);
    }
    const out = allocate(this.dtype, n);
    copyStrided(data, this.array.shape, this.array.stride, offset, out);
    return out;
  }

  /** `dense()` for the dtypes whose elements are held as numbers (float16 and bfloat16 as bit patterns). */
  numbers(): NumberArray {
    return this.dense() as NumberArray;
  }

  /** The same elements as a row-major storage (itself when it is one already). */
  contiguous(): Storage {
    return this.isContiguous ? this : Storage.of(this.dtype, this.dense(), this.shape);
  }

  /** The elements decoded to float64 numbers. Throws `UnsafeInteger` for bigints beyond 2^53, `DTypeMismatch` for strings. */
  toNumbers(op = "toNumbers"): number[] {
    const dense = this.dense();
    const decode = decoder(this.dtype);
    const out = new Array<number>(dense.length);
    for (let i = 0; i < dense.length; i++) {
      const v = dense[i] as number | bigint | string;
      out[i] = typeof v === "number" ? decode(v) : toSafeNumber(op, v);
    }
    return out;
  }

  /** The same memory seen with another shape; copies only when it is not contiguous and more than axes of size 1 come or go. */
  reshape(shape: Shape): Storage {
    if (sameShape(shape, this.shape)) return this;
    if (elementCount(shape) !== this.size)
      throw ingotError("ReshapeMismatch", { count: this.size, from: formatShape(this.shape), to: formatShape(shape) });
    if (this.isContiguous) return Storage.strided(this.dtype, this.data, shape, rowMajorStrides(shape), this.offset);
    const kept = this.shape.flatMap((d, i) => (d === 1 ? [] : [this.strides[i] as number]));
    const wanted = shape.filter((d) => d !== 1);
    const same = sameShape(
      wanted,
      this.shape.filter((d) => d !== 1),
    );
    if (!same) return Storage.of(this.dtype, this.dense(), shape);
    let next = 0;
    const strides = shape.map((d) => (d === 1 ? 0 : (kept[next++] as number)));
    return Storage.strided(this.dtype, this.data, shape, strides, this.offset);
  }

  /** A view with permuted axes. */
  transpose(perm: readonly number[]): Storage {
    const { shape, stride } = this.array;
    return Storage.strided(
      this.dtype,
      this.data,
      perm.map((p) => shape[p] as number),
      perm.map((p) => stride[p] as number),
      this.offset,
    );
  }

  /** A view broadcast to `shape` (stride 0 along repeated axes). The shapes must be compatible. */
  expand(shape: Shape): Storage {
    if (sameShape(shape, this.shape)) return this;
    const lead = shape.length - this.rank;
    const strides = shape.map((d, i) => (i < lead || (this.shape[i - lead] === 1 && d !== 1) ? 0 : (this.strides[i - lead] as number)));
    return Storage.strided(this.dtype, this.data, shape, strides, this.offset);
  }

  /** A view of `length` elements along `axis` from `start`, each `step` apart (a negative step runs backwards). */
  slice(axis: number, start: number, length: number, step = 1): Storage {
    const shape = [...this.shape];
    const strides = [...this.strides];
    const offset = this.offset + start * (strides[axis] as number);
    shape[axis] = length;
    strides[axis] = (strides[axis] as number) * step;
    return Storage.strided(this.dtype, this.data, shape, strides, offset);
  }
}

function toSafeNumber(op: string, v: bigint | string): number {
  if (typeof v === "string")
    throw ingotError("DTypeMismatch", { op, what: "the tensor", actual: "string", expected: "of numbers", convert: "float32" });
  const n = Number(v);
  if (!Number.isSafeInteger(n)) throw ingotError("UnsafeInteger", { op, value: v });
  return n;
}

/** From this many elements on, copying a dense row as a whole is faster than a loop. */
const wholeRow = 24;

/** Copies a strided view into row-major `out`; rows that are dense are copied as a whole, others in a plain double loop. */
export function copyStrided(data: Elements, shape: Shape, strides: readonly number[], offset: number, out: Elements): void {
  const src = data as unknown as number[];
  const dst = out as unknown as number[];
  const rank = shape.length;
  if (rank === 0) {
    dst[0] = src[offset] as number;
    return;
  }
  const inner = shape[rank - 1] as number;
  const innerStride = strides[rank - 1] as number;
  const rows = rank > 1 ? (shape[rank - 2] as number) : 1;
  const rowStride = rank > 1 ? (strides[rank - 2] as number) : 0;
  const outerRank = Math.max(0, rank - 2);
  const index = new Array<number>(outerRank).fill(0);
  let base = offset;
  let at = 0;
  const total = elementCount(shape);
  const whole = innerStride === 1 && inner >= wholeRow && !Array.isArray(data) && !Array.isArray(out);
  while (at < total) {
    for (let r = 0; whole && r < rows; r++, at += inner) {
      const p = base + r * rowStride;
      out.set(data.subarray(p, p + inner) as never, at);
    }
    for (let r = 0; !whole && r < rows; r++) {
      let p = base + r * rowStride;
      for (let i = 0; i < inner; i++, p += innerStride) dst[at++] = src[p] as number;
    }
    let axis = outerRank - 1;
    for (; axis >= 0; axis--) {
      base += strides[axis] as number;
      if (++(index[axis] as number) < (shape[axis] as number)) break;
      base -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
    if (axis < 0) break;
  }
}
