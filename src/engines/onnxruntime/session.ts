// A session of ONNX Runtime, driven through its C API: one copy of the weights, any number of concurrent runs, an event loop
// that stays free, runs that can be aborted, and memory that is all given back by close().
import { ingotError } from "../../errors/error.ts";
import { abortError } from "../run-aborted.ts";
import type { Pointer } from "./c-api.ts";
import type { OrtData, OrtResult } from "./element-types.ts";
import { type OrtEnvironment, ortEnvironment } from "./environment.ts";
import { keepAlive } from "./native-strings.ts";
import { PreparedRun } from "./prepared-run.ts";
import { type OrtPort, readPorts } from "./session-io.ts";
import { makeSessionOptions, type OrtSessionOptions, sharesPool } from "./session-options.ts";
import { onPool } from "./thread-pool.ts";
import { trimMemory } from "./trim-memory.ts";

export interface OrtRunOptions {
  /** Aborts the run: before the next operator when it is under way, at once when it has not begun. */
  readonly signal?: AbortSignal | undefined;
}

/** The least that the engine needs of a session; also implemented without koffi, in a worker thread. */
export interface InferenceSession extends AsyncDisposable {
  readonly inputs: readonly OrtPort[];
  readonly outputs: readonly OrtPort[];
  /** Outputs in the order of `outputNames` (all of them by default). */
  run(feeds: ReadonlyMap<string, OrtData>, outputNames?: readonly string[], options?: OrtRunOptions): Promise<OrtResult[]>;
  close(): Promise<void>;
}

/** What native code owns for one session; freed once, by close() or by the garbage collector. */
interface Resources {
  readonly env: OrtEnvironment;
  readonly session: Pointer;
  readonly options: Pointer;
}

const forgotten = new FinalizationRegistry<Resources>(release);

function release({ env, session, options }: Resources): void {
  env.api.ReleaseSession(session);
  env.api.ReleaseSessionOptions(options);
}

/**
 * A model, loaded and optimised by ONNX Runtime.
 *
 * @example
 * const session = await OrtSession.create(modelBytes, { intraOpThreads: 1 });
 * const [y] = await session.run(new Map([["x", { dtype: 1, shape: [2], data: new Float32Array([1, 2]) }]]));
 * await session.close();
 */
export class OrtSession implements InferenceSession {
  readonly inputs: readonly OrtPort[];
  readonly outputs: readonly OrtPort[];
  readonly #resources: Resources;
  /** Weights that the session uses where they lie. */
  readonly #lent: unknown;
  readonly #inputNames: readonly string[];
  readonly #outputNames: readonly string[];
  #underWay = 0;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  private constructor(resources: Resources, lent: unknown) {
    this.#resources = resources;
    this.#lent = lent;
    try {
      this.inputs = readPorts(resources.env, resources.session, "Input");
      this.outputs = readPorts(resources.env, resources.session, "Output");
    } catch (error) {
      resources.env.api.ReleaseSession(resources.session);
      throw error;
    }
    this.#inputNames = this.inputs.map((p) => p.name);
    this.#outputNames = this.outputs.map((p) => p.name);
    forgotten.register(this, resources, this);
  }

  /**
   * Loads a model from its bytes, or from a file (then external data is read beside it). Optimisation runs off the event loop.
   * Throws `EngineMissing`, `EngineLibraryMissing` or `EngineRejectedModel`.
   */
  static async create(model: Uint8Array | string, options: OrtSessionOptions = {}): Promise<OrtSession> {
    const env = await ortEnvironment();
    if (!sharesPool(env, options)) return OrtSession.#open(env, model, options, false);
    try {
      const session = await OrtSession.#open(env, model, options, true);
      env.sharedPool = "there";
      return session;
    } catch (error) {
      if (env.sharedPool === "there") throw error;
      const session = await OrtSession.#open(env, model, options, false); // when this works, the pool was what was missing
      env.sharedPool = "missing";
      return session;
    }
  }

  static async #open(env: OrtEnvironment, model: Uint8Array | string, options: OrtSessionOptions, shared: boolean): Promise<OrtSession> {
    const native = makeSessionOptions(env, options, shared);
    try {
      const session = await onPool(() => createNative(env, model, native));
      keepAlive(options.initializers);
      await trimMemory(env.ffi);
      return new OrtSession({ env, session, options: native }, options.initializers);
    } catch (error) {
      env.api.ReleaseSessionOptions(native);
      throw error;
    }
  }

  /**
   * Runs the model off the event loop. Input memory is lent: leave it unchanged until the promise settles.
   * Throws `EngineInput`, `EngineOutput`, `EngineRunFailed`, `RunAborted` or `EngineClosed`.
   */
  async run(feeds: ReadonlyMap<string, OrtData>, outputNames = this.#outputNames, options: OrtRunOptions = {}): Promise<OrtResult[]> {
    const { signal } = options;
    this.#enter();
    try {
      const run = this.#prepare(feeds, outputNames);
      try {
        return await onPool(
          () => this.#runAborting(run, signal),
          signal,
          () => abortError(signal),
        );
      } finally {
        run.free();
      }
    } finally {
      this.#leave();
    }
  }

  /** As `run`, on the calling thread. */
  runSync(feeds: ReadonlyMap<string, OrtData>, outputNames = this.#outputNames): OrtResult[] {
    const { env, session } = this.#resources;
    this.#enter();
    try {
      const run = this.#prepare(feeds, outputNames);
      try {
        env.check(run.call(session), "EngineRunFailed");
        return run.collect();
      } finally {
        run.free();
      }
    } finally {
      this.#leave();
    }
  }

  /** Frees everything, after the runs that are under way. May be called more than once. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #finish(): Promise<void> {
    forgotten.unregister(this);
    if (this.#underWay > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    release(this.#resources);
    keepAlive(this.#lent);
    await trimMemory(this.#resources.env.ffi);
  }

  #enter(): void {
    if (this.#closing) throw ingotError("EngineClosed", { action: "run" });
    this.#underWay++;
  }

  #leave(): void {
    this.#underWay--;
    if (this.#underWay === 0) this.#idle?.();
  }

  #prepare(feeds: ReadonlyMap<string, OrtData>, outputNames: readonly string[]): PreparedRun {
    return new PreparedRun(this.#resources.env, { inputs: this.#inputNames, outputs: this.#outputNames }, feeds, outputNames);
  }

  async #runAborting(run: PreparedRun, signal: AbortSignal | undefined): Promise<OrtResult[]> {
    const { env, session } = this.#resources;
    const runOptions = env.pointer((out) => env.api.CreateRunOptions(out), "EngineRunFailed");
    const terminate = () => env.check(env.api.RunOptionsSetTerminate(runOptions), "EngineRunFailed");
    signal?.addEventListener("abort", terminate, { once: true });
    try {
      const status = await run.start(session, runOptions);
      // A run that had finished before it noticed is a result all the same.
      if (status !== null && signal?.aborted) {
        env.takeMessage(status);
        throw abortError(signal);
      }
      env.check(status, "EngineRunFailed");
      return run.collect();
    } finally {
      signal?.removeEventListener("abort", terminate);
      env.api.ReleaseRunOptions(runOptions);
    }
  }
}

function createNative(env: OrtEnvironment, model: Uint8Array | string, options: Pointer): Promise<Pointer> {
  const out = new BigUint64Array(1);
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, status: Pointer | null) => {
      try {
        if (error) throw error;
        env.check(status);
        resolve(out[0] as Pointer);
      } catch (failure) {
        reject(failure);
      }
      keepAlive(model, out);
    };
    if (typeof model === "string") env.api.CreateSession.async(env.env, model, options, out, done);
    else env.api.CreateSessionFromArray.async(env.env, model, model.byteLength, options, out, done);
  });
}
