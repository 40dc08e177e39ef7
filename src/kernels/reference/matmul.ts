// Matrix products in plain TypeScript: the truth that the WebAssembly kernels are tested against, and the kernels of
// every dtype but float32. Three loops over three kinds of arithmetic: float64, wrapping 32-bit and 64-bit integers.

/** Where an m×n×k product finds its operands: element (i, p) of `a` is `a[aOffset + i·aRowStride + p·aColStride]`. */
export interface MatmulLayout<A, C> {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: A;
  readonly b: A;
  /** Written row by row: element (i, j) goes to `c[cOffset + i·cRowStride + j]`. */
  readonly c: C;
  /** Default 0. */
  readonly aOffset?: number;
  /** Default `k`: dense rows. */
  readonly aRowStride?: number;
  /** Default 1. */
  readonly aColStride?: number;
  readonly bOffset?: number;
  /** Default `n`: dense rows. */
  readonly bRowStride?: number;
  readonly bColStride?: number;
  readonly cOffset?: number;
  /** Default `n`. */
  readonly cRowStride?: number;
  /** Add to what `c` holds instead of overwriting it. */
  readonly accumulate?: boolean;
}

/** An array whose elements a kernel may set. */
export interface Writable<T> {
  [index: number]: T;
  readonly length: number;
}

/**
 * `c = a · b`, products and sums in float64, rounded once when stored. For float64 and float32 arrays, and float16 after decoding.
 *
 * @example
 * const c = new Float64Array(1);
 * matmulReference({ m: 1, n: 1, k: 2, a: [1, 2], b: [3, 4], c }); // c[0] = 11
 */
export function matmulReference(layout: MatmulLayout<ArrayLike<number>, Writable<number>>): void {
  const { a, b, c, k } = layout;
  eachElement(layout, (ai, bj, at, aStep, bStep) => {
    let sum = layout.accumulate ? (c[at] as number) : 0;
    for (let p = 0; p < k; p++) sum += (a[ai + p * aStep] as number) * (b[bj + p * bStep] as number);
    c[at] = sum;
  });
}

/** `c = a · b` in 32-bit integers that wrap around: int8, int16, int32 and their unsigned kinds (the store cuts to size). */
export function matmulInt32(layout: MatmulLayout<ArrayLike<number>, Writable<number>>): void {
  const { a, b, c, k } = layout;
  eachElement(layout, (ai, bj, at, aStep, bStep) => {
    let sum = layout.accumulate ? (c[at] as number) : 0;
    for (let p = 0; p < k; p++) sum = (sum + Math.imul(a[ai + p * aStep] as number, b[bj + p * bStep] as number)) | 0;
    c[at] = sum;
  });
}

/** `c = a · b` in 64-bit integers; `c` is a BigInt64Array or BigUint64Array, whose stores wrap around. */
export function matmulInt64(layout: MatmulLayout<ArrayLike<bigint>, Writable<bigint>>): void {
  const { a, b, c, k } = layout;
  eachElement(layout, (ai, bj, at, aStep, bStep) => {
    let sum = layout.accumulate ? (c[at] as bigint) : 0n;
    for (let p = 0; p < k; p++) sum += (a[ai + p * aStep] as bigint) * (b[bj + p * bStep] as bigint);
    c[at] = sum;
  });
}

type Dot = (aStart: number, bStart: number, cAt: number, aStep: number, bStep: number) => void;

function eachElement(layout: MatmulLayout<unknown, unknown>, dot: Dot): void {
  const {
    m,
    n,
    k,
    aOffset = 0,
    aRowStride = k,
    aColStride = 1,
    bOffset = 0,
    bRowStride = n,
    bColStride = 1,
    cOffset = 0,
    cRowStride = n,
  } = layout;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++)
      dot(aOffset + i * aRowStride, bOffset + j * bColStride, cOffset + i * cRowStride + j, aColStride, bRowStride);
  }
}
