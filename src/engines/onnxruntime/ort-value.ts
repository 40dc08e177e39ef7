// Tensors in and out of ONNX Runtime. What goes in is lent by address, never copied; what comes out is copied into memory of ours.
import { elementCount } from "../../tensor/shape.ts";
import type { Pointer } from "./c-api.ts";
import { checkTensor } from "./check-feeds.ts";
import {
  elementType,
  type OrtData,
  type OrtEmptySequence,
  type OrtMap,
  type OrtResult,
  type OrtTensor,
  onnxNumber,
  stringType,
} from "./element-types.ts";
import { makeEmptySequence } from "./empty-sequence.ts";
import type { OrtEnvironment } from "./environment.ts";
import { cStrings, keepAlive, nul } from "./native-strings.ts";

/** Kinds of values, as ONNX Runtime numbers them (ONNXType). */
export const tensorKind = 1;
export const sequenceKind = 2;
export const mapKind = 3;

/**
 * Makes a native value over a tensor's memory. The caller keeps `tensor.data` referenced and unchanged until the value is released.
 * Throws `EngineInput` (through `fail`) when data and shape disagree: native code would read past the end.
 */
export function makeValue(env: OrtEnvironment, data: OrtData, fail: (problem: string) => Error): Pointer {
  if (isSequence(data)) return makeContainer(env, data, sequenceKind, fail);
  if (isMap(data)) return makeContainer(env, [data.keys, data.values], mapKind, fail);
  return "empty" in data ? emptySequence(env, data.empty, fail) : makeTensor(env, data, fail);
}

function emptySequence(env: OrtEnvironment, dtype: number, fail: (problem: string) => Error): Pointer {
  try {
    return makeEmptySequence(env, dtype);
  } catch (error) {
    throw fail(`ONNX Runtime makes no empty sequence of this type (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** Tells a sequence from one value. */
export function isSequence(data: OrtData): data is readonly OrtData[] {
  return Array.isArray(data);
}

/** Tells a map from a tensor. */
export function isMap(data: OrtTensor | OrtMap | OrtEmptySequence): data is OrtMap {
  return "keys" in data;
}

/** Native code wants an address even where there is nothing to read. */
const nothing = new BigUint64Array(1);

function makeTensor(env: OrtEnvironment, tensor: OrtTensor, fail: (problem: string) => Error): Pointer {
  checkTensor(tensor, fail);
  const { dtype, shape, data } = tensor;
  const dims = BigInt64Array.from(shape, BigInt);
  if (!ArrayBuffer.isView(data)) return makeStrings(env, data, dims, fail);
  const memory = data.byteLength === 0 ? nothing : data;
  return env.pointer(
    (out) => env.api.CreateTensorWithDataAsOrtValue(env.cpuMemory, env.address(memory), data.byteLength, dims, dims.length, dtype, out),
    "EngineRunFailed",
  );
}

/** Strings are copied: the library holds them as its own objects, and takes them with a NUL at the end. */
function makeStrings(env: OrtEnvironment, strings: readonly string[], dims: BigInt64Array, fail: (problem: string) => Error): Pointer {
  if (strings.some((s) => s.includes(nul))) throw fail("a string holds a NUL character, which ONNX Runtime cuts off there");
  const value = env.pointer((out) => env.api.CreateTensorAsOrtValue(env.allocator, dims, dims.length, stringType, out), "EngineRunFailed");
  if (strings.length === 0) return value;
  const { pointers, memory } = cStrings(env, strings);
  try {
    env.check(env.api.FillStringTensor(value, pointers, strings.length), "EngineRunFailed");
    return value;
  } catch (error) {
    env.api.ReleaseValue(value);
    throw error;
  } finally {
    keepAlive(memory);
  }
}

/** ONNX Runtime makes a sequence of its values, and a map of its keys and its values; either holds on to them, or copies. */
function makeContainer(env: OrtEnvironment, contents: readonly OrtData[], kind: number, fail: (problem: string) => Error): Pointer {
  const parts: Pointer[] = [];
  try {
    for (const part of contents) parts.push(makeValue(env, part, fail));
    const list = BigUint64Array.from(parts);
    return env.pointer((out) => env.api.CreateValue(list, parts.length, kind, out), "EngineRunFailed");
  } finally {
    for (const part of parts) env.api.ReleaseValue(part);
  }
}

/** Copies a native value out; undefined for an optional that holds nothing. Throws `EngineOutput` (through `fail`) for other kinds. */
export function readValue(env: OrtEnvironment, value: Pointer, fail: (problem: string) => Error): OrtResult {
  // An empty optional is a value without a type: to ask for it would crash.
  if (env.int((out) => env.api.HasValue(value, out), "EngineRunFailed") === 0) return undefined;
  return readPresent(env, value, fail);
}

function readPresent(env: OrtEnvironment, value: Pointer, fail: (problem: string) => Error): OrtData {
  const { api } = env;
  const kind = env.int((out) => api.GetValueType(value, out), "EngineRunFailed");
  if (kind === tensorKind) return readTensor(env, value, fail);
  if (kind !== sequenceKind && kind !== mapKind) throw fail("it is neither a tensor nor a sequence nor a map");
  // A map counts as many values as it has columns: its keys and its values.
  const count = env.size((out) => api.GetValueCount(value, out), "EngineRunFailed");
  const parts = Array.from({ length: count }, (_, i) => {
    const part = env.pointer((out) => api.GetValue(value, i, env.allocator, out), "EngineRunFailed");
    try {
      return readPresent(env, part, fail);
    } finally {
      api.ReleaseValue(part);
    }
  });
  if (kind === sequenceKind) return parts;
  const [keys, values] = parts;
  if (!isTensorData(keys) || !isTensorData(values)) throw fail("it is a map of something other than numbers and strings");
  return { keys, values };
}

const isTensorData = (data: OrtResult): data is OrtTensor => data !== undefined && "shape" in data;

function readTensor(env: OrtEnvironment, value: Pointer, fail: (problem: string) => Error): OrtTensor {
  const { api } = env;
  const info = env.pointer((out) => api.GetTensorTypeAndShape(value, out), "EngineRunFailed");
  let dtype: number;
  let shape: number[];
  try {
    dtype = onnxNumber(env.int((out) => api.GetTensorElementType(info, out), "EngineRunFailed"));
    shape = readDims(env, info);
  } finally {
    api.ReleaseTensorTypeAndShapeInfo(info);
  }
  const type = elementType(dtype);
  if (!type) throw fail(`its element type (${dtype}) has no counterpart here`);
  const count = elementCount(shape);
  if (dtype === stringType) return { dtype, shape, data: readStrings(env, value, count) };
  const bytes = type.size(count);
  if (bytes === 0) return { dtype, shape, data: type.over(new ArrayBuffer(0)) };
  const address = env.pointer((out) => api.GetTensorMutableData(value, out), "EngineRunFailed");
  return { dtype, shape, data: type.over(env.ffi.view(address, bytes).slice(0)) };
}

/** The dimensions of a type-and-shape info; -1 where a model leaves one open. */
export function readDims(env: OrtEnvironment, info: Pointer): number[] {
  const rank = env.size((out) => env.api.GetDimensionsCount(info, out));
  const dims = new BigInt64Array(rank);
  if (rank > 0) env.check(env.api.GetDimensions(info, dims, rank));
  return Array.from(dims, Number);
}

function readStrings(env: OrtEnvironment, value: Pointer, count: number): string[] {
  if (count === 0) return [];
  const bytes = env.size((out) => env.api.GetStringTensorDataLength(value, out), "EngineRunFailed");
  const text = Buffer.alloc(Math.max(1, bytes));
  const starts = new BigUint64Array(count);
  env.check(env.api.GetStringTensorContent(value, text, bytes, starts, count), "EngineRunFailed");
  return Array.from(starts, (start, i) => text.toString("utf8", Number(start), Number(starts[i + 1] ?? bytes)));
}
