// The inputs and outputs of a session: names and types, as ONNX Runtime declares them.
import type { Pointer } from "./c-api.ts";
import { onnxNumber } from "./element-types.ts";
import type { OrtEnvironment } from "./environment.ts";
import { readDims, sequenceKind, tensorKind } from "./ort-value.ts";

/** What a session takes or gives under one name. */
export interface OrtPort {
  readonly name: string;
  readonly kind: "tensor" | "sequence" | "other";
  /** ONNX's number of the element type; 0 where `kind` is not "tensor". */
  readonly dtype: number;
  /** Sizes, names of symbolic sizes, or -1 where a size is unknown; undefined where `kind` is not "tensor". */
  readonly shape: readonly (number | string)[] | undefined;
}

/** Reads the declared inputs or outputs of a session. */
export function readPorts(env: OrtEnvironment, session: Pointer, side: "Input" | "Output"): OrtPort[] {
  const { api } = env;
  const count = env.size((out) => api[`SessionGet${side}Count`](session, out));
  return Array.from({ length: count }, (_, i) => {
    const text = env.pointer((out) => api[`SessionGet${side}Name`](session, i, env.allocator, out));
    const name = env.ffi.decode.string(text);
    env.check(api.AllocatorFree(env.allocator, text));
    const info = env.pointer((out) => api[`SessionGet${side}TypeInfo`](session, i, out));
    try {
      return { name, ...readType(env, info) };
    } finally {
      api.ReleaseTypeInfo(info);
    }
  });
}

function readType(env: OrtEnvironment, info: Pointer): Omit<OrtPort, "name"> {
  const { api } = env;
  const kind = env.int((out) => api.GetOnnxTypeFromTypeInfo(info, out));
  if (kind !== tensorKind) return { kind: kind === sequenceKind ? "sequence" : "other", dtype: 0, shape: undefined };
  // Borrowed from `info`: not ours to release.
  const tensor = env.pointer((out) => api.CastTypeInfoToTensorInfo(info, out));
  const dtype = onnxNumber(env.int((out) => api.GetTensorElementType(tensor, out)));
  const dims = readDims(env, tensor);
  const names = new BigUint64Array(dims.length);
  if (dims.length > 0) env.check(api.GetSymbolicDimensions(tensor, names, dims.length));
  const shape = dims.map((d, i) => (d >= 0 ? d : env.ffi.decode.string(names[i] as Pointer) || -1));
  return { kind: "tensor", dtype, shape };
}
