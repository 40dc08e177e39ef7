// The WebAssembly module and its one fixed memory. Tensors never live there: a kernel lays the memory out for one call, copies
// tiles of its operands in, and copies the result out.
import { setFlagsFromString } from "node:v8";
import { ingotError } from "../errors/error.ts";
import { baseWasm, relaxedWasm, wasmPages } from "./generated/wasm.ts";
import {
  compileKernels,
  instantiateKernels,
  makeMemory,
  type Pointer,
  type WasmKernels,
  type WasmMemory,
  type WasmModule,
} from "./wasm-kernels.ts";

/**
 * Which of the two builds of the kernels runs. `relaxed` multiplies and adds with one rounding (hardware FMA), `base` with two: results
 * are bitwise reproducible within a variant, and differ in the last bits between the two.
 */
export type KernelVariant = "base" | "relaxed";

/** A memory to work in, as float32 and int32, and the compiled functions that work there. */
export interface Scratch {
  readonly wasm: WasmKernels;
  readonly f32: Float32Array<ArrayBufferLike>;
  readonly i32: Int32Array<ArrayBufferLike>;
}

const memory = makeMemory(wasmPages);

const loaded = load(process.env.INGOT_WASM);

/** The variant in use: chosen once per process, `relaxed` where the machine has it, or as the environment variable `INGOT_WASM` says. */
export const kernelVariant: KernelVariant = loaded.variant;

/** The memory of this thread alone. */
export const ownScratch: Scratch = scratchOver(loaded.wasm, memory);

/** Its functions. */
export const wasm: WasmKernels = ownScratch.wasm;

/** The same memory as float32, float64 and int32. */
export const scratchF32 = ownScratch.f32;
export const scratchF64 = new Float64Array(memory.buffer);
export const scratchI32 = ownScratch.i32;

/** The first bytes belong to the compiler's data. */
const firstByte = 1024;

/** Views of a memory beside the functions that work in it. */
export function scratchOver(functions: WasmKernels, { buffer }: WasmMemory): Scratch {
  return { wasm: functions, f32: new Float32Array(buffer), i32: new Int32Array(buffer) };
}

/** Hands out parts of a scratch memory from its start, for one call of a kernel. Callers plan sizes; running over is a bug here. */
export class ScratchLayout {
  private readonly end: number;
  private next = firstByte;

  constructor(scratch: Scratch = ownScratch) {
    this.end = scratch.f32.byteLength;
  }

  /** The address of `floats` 4-byte elements, a multiple of 64, with room for one vector past the end. */
  take(floats: number): Pointer {
    const at = this.next;
    this.next = at + ((floats * 4 + 16 + 63) & ~63);
    if (this.next > this.end) throw new RangeError(`scratch memory overrun: ${this.next} bytes`);
    return at;
  }
}

function load(wanted: string | undefined): { variant: KernelVariant; wasm: WasmKernels } {
  if (wanted !== undefined && wanted !== "" && wanted !== "base" && wanted !== "relaxed") {
    throw ingotError("WebAssemblyUnusable", { why: `INGOT_WASM is "${wanted}", which names no variant` });
  }
  if (wanted !== "base") {
    const functions = instantiateRelaxed();
    if (functions) return { variant: "relaxed", wasm: functions };
    if (wanted === "relaxed")
      throw ingotError("WebAssemblyUnusable", { why: "this Node or processor has no fused multiply-add for WebAssembly" });
  }
  const module = compileKernels(baseWasm);
  if (!module) throw ingotError("WebAssemblyUnusable", { why: "this Node does not accept 128-bit SIMD" });
  return { variant: "base", wasm: instantiateKernels(module, memory) };
}

function instantiateRelaxed(): WasmKernels | undefined {
  // Node 20 has the instructions behind a flag; later ones have them without.
  const mayNeedFlag = process.versions.node.startsWith("20.");
  const module = compileKernels(relaxedWasm) ?? (mayNeedFlag ? withRelaxedSimd() : undefined);
  if (!module) return undefined;
  const functions = instantiateKernels(module, memory);
  // Without FMA in hardware the relaxed instruction rounds twice: that is the base variant, and is named so.
  return functions.roundsOnce(1) ? functions : undefined;
}

function withRelaxedSimd(): WasmModule | undefined {
  setFlagsFromString("--experimental-wasm-relaxed-simd");
  return compileKernels(relaxedWasm);
}
