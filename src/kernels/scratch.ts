// The WebAssembly module and its one fixed memory. Tensors never live there: a kernel lays the memory out for one call, copies
// tiles of its operands in, and copies the result out.
import { setFlagsFromString } from "node:v8";
import { ingotError } from "../errors/error.ts";
import { baseWasm, relaxedWasm, wasmPages } from "./generated/wasm.ts";

/**
 * Which of the two builds of the kernels runs. `relaxed` multiplies and adds with one rounding (hardware FMA), `base` with two: results
 * are bitwise reproducible within a variant, and differ in the last bits between the two.
 */
export type KernelVariant = "base" | "relaxed";

type Pointer = number;
type Three = readonly [number, number, number];

/** What the module exports; each function is described where it is written, in src/kernels/wasm. */
interface WasmKernels {
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
  binaryRows(op: number, a: Pointer, b: Pointer, rows: number, n: number): void;
  normalizeRows(x: Pointer, means: Pointer, factors: Pointer, shifts: Pointer, rows: number, n: number): void;
  softmaxRows(x: Pointer, rows: number, n: number): void;
  wideDots(w: Pointer, rows: number, k: number, x: Pointer, columns: number, y: Pointer, s: Pointer, q: Pointer): void;
  roundsOnce(one: number): number;
}

/** The part of Node's WebAssembly that is used here; its types come with the DOM's, which this project does not load. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: { env: { memory: object } }) => { readonly exports: object };
  validate(bytes: Uint8Array): boolean;
};

const memory = new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages });

const loaded = load(process.env.INGOT_WASM);

/** The variant in use: chosen once per process, `relaxed` where the machine has it, or as the environment variable `INGOT_WASM` says. */
export const kernelVariant: KernelVariant = loaded.variant;

/** The compiled functions. */
export const wasm: WasmKernels = loaded.kernels;

/** The scratch memory as float32, float64 and int32. */
export const scratchF32 = new Float32Array(memory.buffer);
export const scratchF64 = new Float64Array(memory.buffer);
export const scratchI32 = new Int32Array(memory.buffer);

/** The first bytes belong to the compiler's data. */
const firstByte = 1024;

/** What `gemm` needs for itself (its last parameter). */
export const gemmScratchBytes = 256 * 256 * 4;

/** Hands out parts of the scratch memory from its start, for one call of a kernel. Callers plan sizes; running over is a bug here. */
export class ScratchLayout {
  private next = firstByte;

  /** The address of `floats` 4-byte elements, with room for one vector past the end. */
  take(floats: number): Pointer {
    const at = this.next;
    this.next = at + ((floats * 4 + 16 + 63) & ~63);
    if (this.next > memory.buffer.byteLength) throw new RangeError(`scratch memory overrun: ${this.next} bytes`);
    return at;
  }
}

function load(wanted: string | undefined): { variant: KernelVariant; kernels: WasmKernels } {
  if (wanted !== undefined && wanted !== "" && wanted !== "base" && wanted !== "relaxed") {
    throw ingotError("WebAssemblyUnusable", { why: `INGOT_WASM is "${wanted}", which names no variant` });
  }
  if (wanted !== "base") {
    const kernels = instantiateRelaxed();
    if (kernels) return { variant: "relaxed", kernels };
    if (wanted === "relaxed")
      throw ingotError("WebAssemblyUnusable", { why: "this Node or processor has no fused multiply-add for WebAssembly" });
  }
  const bytes = Buffer.from(baseWasm, "base64");
  if (!WebAssembly.validate(bytes)) throw ingotError("WebAssemblyUnusable", { why: "this Node does not accept 128-bit SIMD" });
  return { variant: "base", kernels: instantiate(bytes) };
}

function instantiateRelaxed(): WasmKernels | undefined {
  const bytes = Buffer.from(relaxedWasm, "base64");
  // Node 20 has the instructions behind a flag; later ones have them without.
  if (!WebAssembly.validate(bytes) && process.versions.node.startsWith("20.")) setFlagsFromString("--experimental-wasm-relaxed-simd");
  if (!WebAssembly.validate(bytes)) return undefined;
  const kernels = instantiate(bytes);
  // Without FMA in hardware the relaxed instruction rounds twice: that is the base variant, and is named so.
  return kernels.roundsOnce(1) ? kernels : undefined;
}

function instantiate(bytes: Uint8Array): WasmKernels {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  // The decoded-bytes boundary: the exports' types are not known to TypeScript; scripts/build-wasm.mjs made them from src/kernels/wasm/index.ts.
  return exports as unknown as WasmKernels;
}
