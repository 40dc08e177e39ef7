// ONNX Runtime's C API as a table: each function's position in the table of function pointers, and its prototype.
// The table only ever grows, so a position is stable (counted from the header of API version 24).
import type koffi from "koffi";

/** A native address. koffi gives null for a null pointer. */
export type Pointer = bigint;

/** The C types that occur here. `address` is any pointer that we pass as a number or a typed array. */
type CType = "address" | "string" | "path" | "size" | "int" | "int64" | "void";

interface Row {
  readonly at: number;
  readonly result: "address" | "string" | "int" | "void";
  readonly args: readonly CType[];
}

/** A function that returns an OrtStatus: null when all is well. */
const status = (at: number, ...args: CType[]) => ({ at, result: "address", args }) as const;
const release = (at: number) => ({ at, result: "void", args: ["address"] }) as const;

// The order of arguments is the header's; an out-parameter is an `address` of 8 bytes that we own.
export const functions = {
  GetErrorCode: { at: 1, result: "int", args: ["address"] },
  GetErrorMessage: { at: 2, result: "string", args: ["address"] },
  CreateEnv: status(3, "int", "string", "address"),
  CreateSession: status(7, "address", "path", "address", "address"),
  CreateSessionFromArray: status(8, "address", "address", "size", "address", "address"),
  Run: status(9, "address", "address", "address", "address", "size", "address", "size", "address"),
  CreateSessionOptions: status(10, "address"),
  SetOptimizedModelFilePath: status(11, "address", "path"),
  SetSessionExecutionMode: status(13, "address", "int"),
  EnableMemPattern: status(16, "address"),
  DisableMemPattern: status(17, "address"),
  EnableCpuMemArena: status(18, "address"),
  DisableCpuMemArena: status(19, "address"),
  SetSessionLogSeverityLevel: status(22, "address", "int"),
  SetSessionGraphOptimizationLevel: status(23, "address", "int"),
  SetIntraOpNumThreads: status(24, "address", "int"),
  SetInterOpNumThreads: status(25, "address", "int"),
  SessionGetInputCount: status(30, "address", "address"),
  SessionGetOutputCount: status(31, "address", "address"),
  SessionGetInputTypeInfo: status(33, "address", "size", "address"),
  SessionGetOutputTypeInfo: status(34, "address", "size", "address"),
  SessionGetInputName: status(36, "address", "size", "address", "address"),
  SessionGetOutputName: status(37, "address", "size", "address", "address"),
  CreateRunOptions: status(39, "address"),
  RunOptionsSetTerminate: status(46, "address"),
  CreateTensorAsOrtValue: status(48, "address", "address", "size", "int", "address"),
  CreateTensorWithDataAsOrtValue: status(49, "address", "address", "size", "address", "size", "int", "address"),
  GetTensorMutableData: status(51, "address", "address"),
  FillStringTensor: status(52, "address", "address", "size"),
  GetStringTensorDataLength: status(53, "address", "address"),
  GetStringTensorContent: status(54, "address", "address", "size", "address", "size"),
  CastTypeInfoToTensorInfo: status(55, "address", "address"),
  GetOnnxTypeFromTypeInfo: status(56, "address", "address"),
  GetTensorElementType: status(60, "address", "address"),
  GetDimensionsCount: status(61, "address", "address"),
  GetDimensions: status(62, "address", "address", "size"),
  GetSymbolicDimensions: status(63, "address", "address", "size"),
  GetTensorTypeAndShape: status(65, "address", "address"),
  GetValueType: status(67, "address", "address"),
  CreateCpuMemoryInfo: status(69, "int", "int", "address"),
  AllocatorFree: status(76, "address", "address"),
  GetAllocatorWithDefaultOptions: status(78, "address"),
  GetValue: status(80, "address", "int", "address", "address"),
  GetValueCount: status(81, "address", "address"),
  CreateValue: status(82, "address", "size", "int", "address"),
  ReleaseEnv: release(92),
  ReleaseStatus: release(93),
  ReleaseMemoryInfo: release(94),
  ReleaseSession: release(95),
  ReleaseValue: release(96),
  ReleaseRunOptions: release(97),
  ReleaseTypeInfo: release(98),
  ReleaseTensorTypeAndShapeInfo: release(99),
  ReleaseSessionOptions: release(100),
  CreateEnvWithGlobalThreadPools: status(119, "int", "string", "address", "address"),
  DisablePerSessionThreads: status(120, "address"),
  CreateThreadingOptions: status(121, "address"),
  ReleaseThreadingOptions: release(122),
  AddSessionConfigEntry: status(130, "address", "string", "string"),
  SetGlobalIntraOpNumThreads: status(147, "address", "int"),
  SetGlobalInterOpNumThreads: status(148, "address", "int"),
  HasValue: status(192, "address", "address"),
  AddExternalInitializers: status(210, "address", "address", "address", "size"),
} as const satisfies Record<string, Row>;

/** The version we ask for: old enough for every library in use, new enough for every row above. */
export const apiVersion = 18;

interface Arguments {
  readonly address: Pointer | ArrayBufferView | null;
  readonly string: string;
  readonly path: string;
  readonly size: number;
  readonly int: number;
  readonly int64: bigint;
  readonly void: undefined;
}
interface Results {
  readonly address: Pointer | null;
  readonly string: string;
  readonly int: number;
  readonly void: undefined;
}
type Tuple<A extends readonly CType[]> = { -readonly [I in keyof A]: Arguments[A[I]] };
type Functions = typeof functions;

/** A native function: called on this thread, or with `.async` on a thread of libuv's pool. */
export type Native<K extends keyof Functions> = {
  (...args: Tuple<Functions[K]["args"]>): Results[Functions[K]["result"]];
  async(...args: [...Tuple<Functions[K]["args"]>, (error: Error | null, result: Results[Functions[K]["result"]]) => void]): void;
};

/** Every function of the table above, callable. */
export type OrtApi = { readonly [K in keyof Functions]: Native<K> };

/** Paths are wide strings on Windows and UTF-8 elsewhere (ORTCHAR_T). */
const path = process.platform === "win32" ? "str16" : "str";
const cTypes = { address: "void *", string: "str", path, size: "size_t", int: "int", int64: "int64_t", void: "void" } as const;

/** Makes the functions of the table at `address` callable. */
export function bindApi(ffi: typeof koffi, address: Pointer): OrtApi {
  const bind = ({ at, result, args }: Row): unknown => {
    const pointer = ffi.decode(address, at * 8, "void *") as Pointer;
    return ffi.decode(
      pointer,
      ffi.proto(
        cTypes[result],
        args.map((a) => cTypes[a]),
      ),
    );
  };
  const entries = Object.entries<Row>(functions).map(([name, row]) => [name, bind(row)]);
  return Object.fromEntries(entries) as OrtApi;
}
