// What the WebAssembly module exports, and how it comes to life over a memory.

/** An address in the memory, in bytes. */
export type Pointer = number;
type Three = readonly [number, number, number];

/** What the module exports; each function is described where it is written, in src/kernels/wasm. */
export interface WasmKernels {
  gemm(
    a: Pointer,
    aRow: number,
    aCol: number,
    b: Pointer,
    c: Pointer,
    cRow: number,
    m: number,
    n: number,
    k: number,
    accumulate: number,
    scratch: Pointer,
  ): void;
  packRows(from: Pointer, row: number, k: number, n: number, to: Pointer): void;
  packColumns(from: Pointer, column: number, k: number, n: number, to: Pointer): void;
  packPositions(from: Pointer, taps: Pointer, positions: Pointer, k: number, n: number, to: Pointer): void;
  stage(
    from: Pointer,
    to: Pointer,
    channels: number,
    ...sizes: [...inDHW: Three, ...zyx0: Three, ...outDHW: Three, stride: number, phases: number, filler: number]
  ): void;
  depthwise(
    from: Pointer,
    taps: Pointer,
    weights: Pointer,
    k: number,
    rowStarts: Pointer,
    rows: number,
    width: number,
    bias: number,
    to: Pointer,
  ): void;
  maxTaps(from: Pointer, taps: Pointer, k: number, rowStarts: Pointer, rows: number, width: number, to: Pointer): void;
  scatterTap(from: Pointer, to: Pointer, ...sizes: [...inDHW: Three, ...strides: Three, ...zyx0: Three, ...outDHW: Three]): void;
  clip(x: Pointer, n: number, low: number, high: number): void;
  binaryChannels(op: number, a: Pointer, b: Pointer, rows: number, n: number): void;
  binaryRows(op: number, a: Pointer, b: Pointer, rows: number, n: number): void;
  normalizeRows(x: Pointer, means: Pointer, factors: Pointer, shifts: Pointer, rows: number, n: number): void;
  mapSmooth(f: number, x: Pointer, n: number): void;
  mapErf(x: Pointer, n: number, table: Pointer): void;
  mapGelu(x: Pointer, n: number, table: Pointer): void;
  standardizeRows(
    x: Pointer,
    rows: number,
    n: number,
    centred: number,
    epsilon: number,
    scale: Pointer,
    bias: Pointer,
    moments: Pointer,
  ): void;
  softmaxRows(x: Pointer, rows: number, n: number): void;
  wideDots(w: Pointer, rows: number, k: number, x: Pointer, columns: number, y: Pointer, s: Pointer, q: Pointer): void;
  roundsOnce(one: number): number;
}

/** The operators of `binaryRows` and `binaryChannels`. */
export const opcodes = { add: 0, sub: 1, mul: 2, div: 3 } as const;

/** What `gemm` needs for itself (its last parameter). */
export const gemmScratchBytes = 256 * 256 * 4;

/** The part of Node's WebAssembly that is used here; its types come with the DOM's, which this project does not load. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number; shared?: boolean }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports: { env: { memory: WasmMemory } }) => { readonly exports: object };
  validate(bytes: Uint8Array): boolean;
};

/** A memory of the module; a shared one can be sent to other threads. */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}

/** Compiled code, which can be sent to other threads. */
export type WasmModule = object;

/** A memory of `pages` times 64 KiB. */
export function makeMemory(pages: number, shared = false): WasmMemory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
}

/** The module in `base64`, compiled; undefined if this Node does not know its instructions. */
export function compileKernels(base64: string): WasmModule | undefined {
  const bytes = Buffer.from(base64, "base64");
  return WebAssembly.validate(bytes) ? new WebAssembly.Module(bytes) : undefined;
}

/** The functions of a module, working in `memory`. */
export function instantiateKernels(module: WasmModule, memory: WasmMemory): WasmKernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  // The decoded-bytes boundary: the exports' types are not known to TypeScript; scripts/build-wasm.mjs made them from src/kernels/wasm/index.ts.
  return exports as unknown as WasmKernels;
}
