// What all sessions of a thread share: the library's environment with its pool of threads, its allocator, and how a failed call becomes an
// error.
import type { ErrorCode } from "../../errors/catalogue.ts";
import { ingotError } from "../../errors/error.ts";
import { defaultThreads } from "../threads.ts";
import type { OrtApi, Pointer } from "./c-api.ts";
import { type Ffi, loadLibrary, type OrtLibrary } from "./library.ts";
import { logSeverity } from "./log-level.ts";

const arenaAllocator = 1;
const defaultMemory = 0;

/** The rows of the catalogue that carry a message of ONNX Runtime. */
export type StatusCode = Extract<ErrorCode, "EngineRejectedModel" | "EngineRunFailed">;

/** The library with its environment. Made once per thread and kept until the process ends. */
export class OrtEnvironment {
  readonly api: OrtApi;
  readonly ffi: Ffi;
  /** The version of ONNX Runtime. */
  readonly version: string;
  readonly env: Pointer;
  readonly cpuMemory: Pointer;
  readonly allocator: Pointer;
  /** Kept referenced for as long as the functions are. */
  readonly library: OrtLibrary;
  /** Threads of the pool that sessions share, the caller's included. */
  readonly poolThreads: number;
  /**
   * Whether that pool is there. The library makes one environment per process: when another user of it came first (onnxruntime-node itself),
   * its environment has none, which only the first session that wants it finds out.
   */
  sharedPool: "unknown" | "there" | "missing" = "unknown";
  readonly #slot = new BigUint64Array(1);
  readonly #number = new Int32Array(this.#slot.buffer);

  constructor(library: OrtLibrary) {
    const { api, ffi, version } = library;
    this.library = library;
    this.api = api;
    this.ffi = ffi;
    this.version = version;
    this.poolThreads = defaultThreads();
    this.env = this.#createEnv();
    this.cpuMemory = this.pointer((out) => api.CreateCpuMemoryInfo(arenaAllocator, defaultMemory, out));
    this.allocator = this.pointer((out) => api.GetAllocatorWithDefaultOptions(out));
  }

  /** One pool of threads for all sessions: twenty models must not make twenty pools that fight for the same cores. */
  #createEnv(): Pointer {
    const { api, poolThreads } = this;
    const threading = this.pointer((out) => api.CreateThreadingOptions(out));
    try {
      this.check(api.SetGlobalIntraOpNumThreads(threading, poolThreads));
      this.check(api.SetGlobalInterOpNumThreads(threading, 1));
      return this.pointer((out) => api.CreateEnvWithGlobalThreadPools(logSeverity(), "ingot", threading, out));
    } finally {
      api.ReleaseThreadingOptions(threading);
    }
  }

  /** Throws the row `code` with ONNX Runtime's message when `status` is a failure. */
  check(status: Pointer | null, code: StatusCode = "EngineRejectedModel"): void {
    if (status === null) return;
    throw ingotError(code, { message: this.takeMessage(status) });
  }

  /** The message of a failed status, which is freed. */
  takeMessage(status: Pointer): string {
    const message = this.api.GetErrorMessage(status);
    this.api.ReleaseStatus(status);
    return message;
  }

  /** Calls a function whose last argument is a place for a pointer (or a size), and gives what it put there. */
  pointer(call: (out: BigUint64Array) => Pointer | null, code?: StatusCode): Pointer {
    this.#slot[0] = 0n;
    this.check(call(this.#slot), code);
    return this.#slot[0];
  }

  /** As `pointer`, for a place of a size_t. */
  size(call: (out: BigUint64Array) => Pointer | null, code?: StatusCode): number {
    return Number(this.pointer(call, code));
  }

  /** As `pointer`, for a place of a 32-bit integer (enums and flags). */
  int(call: (out: BigUint64Array) => Pointer | null, code?: StatusCode): number {
    this.pointer(call, code);
    return this.#number[0] as number;
  }

  /** The address of memory that the caller keeps referenced while native code may use it. */
  address(view: ArrayBufferView): Pointer {
    return this.ffi.address(view);
  }
}

let environment: Promise<OrtEnvironment> | undefined;

/** The environment of this thread, made on the first call. Throws `EngineMissing` or `EngineLibraryMissing`. */
export function ortEnvironment(): Promise<OrtEnvironment> {
  environment ??= loadLibrary()
    .then((library) => new OrtEnvironment(library))
    .catch((error: unknown) => {
      environment = undefined;
      throw error;
    });
  return environment;
}
