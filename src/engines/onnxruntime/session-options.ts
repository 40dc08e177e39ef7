// The options of a session, and their native counterpart. Weights are lent by address: they are not part of the model's bytes.
import { ingotError } from "../../errors/error.ts";
import { checkThreads } from "../threads.ts";
import type { Pointer } from "./c-api.ts";
import type { OrtTensor } from "./element-types.ts";
import type { OrtEnvironment } from "./environment.ts";
import { logSeverity } from "./log-level.ts";
import { cStrings, keepAlive } from "./native-strings.ts";
import { makeValue } from "./ort-value.ts";

/** How far ONNX Runtime rewrites a graph; `all` includes its blocked layout for convolutions. */
const levels = { disabled: 0, basic: 1, extended: 2, all: 99 } as const;

/** Weights do not go through the arena, whose blocks grow by doubling: a third less memory at its peak. */
const defaultConfig = { "session.use_device_allocator_for_initializers": "1" };

export interface OrtSessionOptions {
  /**
   * Threads inside one operator, the caller's included. By default, and for the same number, sessions share one pool; any other number gives
   * the session a pool of its own.
   */
  readonly intraOpThreads?: number;
  /** Threads that run independent operators side by side; 1 (the default) runs them in order. More give the session pools of its own. */
  readonly interOpThreads?: number;
  readonly optimizationLevel?: keyof typeof levels;
  /**
   * Weights by name, for initializers that the model's bytes mark as external data (any location). They are used where they lie:
   * the session keeps them referenced, and the caller must not write to them.
   */
  readonly initializers?: ReadonlyMap<string, OrtTensor>;
  /** Entries of ONNX Runtime's session configuration, such as `session.intra_op.allow_spinning`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Where ONNX Runtime writes the graph as it has optimised it. For looking at; the file fits only this kind of machine. */
  readonly optimizedModelPath?: string;
}

/** Whether a session with these options computes on the pool that all share. Throws `InvalidArgument`. */
export function sharesPool(env: OrtEnvironment, { intraOpThreads, interOpThreads }: OrtSessionOptions): boolean {
  const intra = intraOpThreads === undefined ? env.poolThreads : checkThreads("intraOpThreads", intraOpThreads);
  const inter = interOpThreads === undefined ? 1 : checkThreads("interOpThreads", interOpThreads);
  return inter === 1 && intra === env.poolThreads && env.sharedPool !== "missing";
}

/** Makes the native options; the caller releases them. Throws `InvalidArgument` and `EngineRejectedModel`. */
export function makeSessionOptions(env: OrtEnvironment, options: OrtSessionOptions, shared: boolean): Pointer {
  const { api } = env;
  const native = env.pointer((out) => api.CreateSessionOptions(out));
  try {
    env.check(api.SetSessionGraphOptimizationLevel(native, levels[options.optimizationLevel ?? "all"]));
    env.check(api.SetSessionLogSeverityLevel(native, logSeverity()));
    if (shared) env.check(api.DisablePerSessionThreads(native));
    else env.check(api.SetIntraOpNumThreads(native, options.intraOpThreads ?? env.poolThreads));
    const { interOpThreads = 1 } = options;
    if (interOpThreads > 1) {
      env.check(api.SetSessionExecutionMode(native, 1));
      env.check(api.SetInterOpNumThreads(native, interOpThreads));
    }
    for (const [key, value] of Object.entries({ ...defaultConfig, ...options.config }))
      env.check(api.AddSessionConfigEntry(native, key, value));
    if (options.optimizedModelPath !== undefined) env.check(api.SetOptimizedModelFilePath(native, options.optimizedModelPath));
    lendInitializers(env, native, options.initializers ?? new Map());
    return native;
  } catch (error) {
    api.ReleaseSessionOptions(native);
    throw error;
  }
}

/**
 * Of the two functions that take tensors, this is the one that leaves optimisation whole: ONNX Runtime folds and re-packs these
 * weights as it does its own. (AddInitializer replaces values only after the graph was optimised with those in the model.)
 */
function lendInitializers(env: OrtEnvironment, native: Pointer, initializers: ReadonlyMap<string, OrtTensor>): void {
  if (initializers.size === 0) return;
  const { api } = env;
  const values: Pointer[] = [];
  const { pointers, memory } = cStrings(env, [...initializers.keys()]);
  try {
    for (const [name, tensor] of initializers)
      values.push(makeValue(env, tensor, (problem) => ingotError("EngineRejectedModel", { message: `initializer "${name}": ${problem}` })));
    env.check(api.AddExternalInitializers(native, pointers, BigUint64Array.from(values), values.length));
  } finally {
    // The options hold their own reference to each value, and the session that is made from them another.
    for (const value of values) api.ReleaseValue(value);
    keepAlive(memory);
  }
}
