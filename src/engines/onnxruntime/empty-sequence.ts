// A sequence of no tensors. ONNX Runtime makes sequences of their values only, and takes the type from the first; so it is asked to run the
// one operator that gives an empty one.
import { encodeToBytes } from "../../onnx/encode.ts";
import { attributeTypes } from "../../onnx/schema.ts";
import type { Pointer } from "./c-api.ts";
import type { OrtEnvironment } from "./environment.ts";
import { cStrings, keepAlive } from "./native-strings.ts";

const output = "empty";

/** One session per element type, as small as sessions are; they live as long as the environment. */
const makers = new WeakMap<OrtEnvironment, Map<number, Pointer>>();

/** The caller releases it. `dtype` is ONNX's number of the tensors' element type. Throws `EngineRejectedModel` and `EngineRunFailed`. */
export function makeEmptySequence(env: OrtEnvironment, dtype: number): Pointer {
  const known = makers.get(env) ?? new Map<number, Pointer>();
  makers.set(env, known);
  const session = known.get(dtype) ?? makeMaker(env, dtype);
  known.set(dtype, session);
  const { pointers, memory } = cStrings(env, [output]);
  const none = new BigUint64Array(1);
  const results = new BigUint64Array(1);
  env.check(env.api.Run(session, null, none, none, 0, pointers, 1, results), "EngineRunFailed");
  keepAlive(memory);
  return results[0] as Pointer;
}

function makeMaker(env: OrtEnvironment, dtype: number): Pointer {
  const { api } = env;
  const node = {
    opType: "SequenceEmpty",
    output: [output],
    attribute: [{ name: "dtype", type: attributeTypes.int, i: BigInt(dtype) }],
  };
  const type = { sequenceType: { elemType: { tensorType: { elemType: dtype } } } };
  const bytes = encodeToBytes("ModelProto", {
    irVersion: 8,
    opsetImport: [{ domain: "", version: 11 }],
    graph: { name: "empty", node: [node], output: [{ name: output, type }] },
  });
  const options = env.pointer((out) => api.CreateSessionOptions(out));
  try {
    env.check(api.SetIntraOpNumThreads(options, 1));
    return env.pointer((out) => api.CreateSessionFromArray(env.env, bytes, bytes.byteLength, options, out));
  } finally {
    api.ReleaseSessionOptions(options);
  }
}
