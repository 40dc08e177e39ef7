// Finds ONNX Runtime's shared library inside the optional package onnxruntime-node and loads it, once per thread.
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type koffi from "koffi";
import { ingotError } from "../../errors/error.ts";
import { apiVersion, bindApi, type OrtApi, type Pointer } from "./c-api.ts";

/** koffi's functions; loaded on first use, because a program that never asks for this engine does not need it. */
export type Ffi = typeof koffi;

/** The loaded library: its functions, the foreign-function layer that calls them, and what was loaded. */
export interface OrtLibrary {
  readonly api: OrtApi;
  readonly ffi: Ffi;
  readonly path: string;
  /** The version of ONNX Runtime, as in `1.30.0`. */
  readonly version: string;
  /** The loaded image. It must stay referenced: koffi unloads a library whose handle is collected, and its functions then crash. */
  readonly image: ReturnType<Ffi["load"]>;
}

/** How the library file is called inside the package, by platform. */
const libraryName: Readonly<Record<string, RegExp>> = {
  linux: /^libonnxruntime\.so(\.\d+)*$/,
  darwin: /^libonnxruntime(\.\d+)*\.dylib$/,
  win32: /^onnxruntime\.dll$/,
};

/**
 * The folder of the package onnxruntime-node: the one beside Ingot, or else the one of the program in the working directory.
 * Throws `EngineMissing`.
 */
export function findPackage(): string {
  const starts = [import.meta.url, pathToFileURL(join(process.cwd(), "package.json")).href];
  for (const start of starts) {
    try {
      return dirname(createRequire(start).resolve("onnxruntime-node/package.json"));
    } catch {}
  }
  throw ingotError("EngineMissing", { why: `the package onnxruntime-node is found neither beside Ingot nor from ${process.cwd()}` });
}

/**
 * The path of the library for this platform. The environment variable `INGOT_ONNXRUNTIME_LIBRARY` names another build.
 * Throws `EngineMissing` or `EngineLibraryMissing`.
 */
export function findLibrary(packageFolder?: string): string {
  const chosen = process.env.INGOT_ONNXRUNTIME_LIBRARY;
  if (chosen) {
    if (existsSync(chosen)) return chosen;
    throw ingotError("EngineLibraryMissing", { path: chosen, why: "INGOT_ONNXRUNTIME_LIBRARY names a file that does not exist" });
  }
  const bin = join(packageFolder ?? findPackage(), "bin");
  const place = `${process.platform} on ${process.arch}`;
  const pattern = libraryName[process.platform];
  const found = listFolder(bin)
    .filter((name) => name.startsWith("napi-v"))
    .sort((a, b) => Number(b.slice(6)) - Number(a.slice(6)))
    .map((name) => join(bin, name, process.platform, process.arch))
    .flatMap((folder) => listFolder(folder).map((file) => ({ folder, file })))
    .find(({ file }) => pattern?.test(file));
  if (!found) throw ingotError("EngineLibraryMissing", { path: bin, why: `the package has no library for ${place}` });
  return join(found.folder, found.file);
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

let loading: Promise<OrtLibrary> | undefined;

/**
 * The library, loaded on the first call. Throws `EngineMissing` or `EngineLibraryMissing`.
 *
 * @example
 * const { version } = await loadLibrary(); // "1.30.0"
 */
export function loadLibrary(): Promise<OrtLibrary> {
  loading ??= openLibrary(findLibrary).catch((error: unknown) => {
    loading = undefined; // a package installed meanwhile is found by the next call
    throw error;
  });
  return loading;
}

/** Loads the library at a path. Apart from tests, use `loadLibrary`. */
export async function openLibrary(find: () => string): Promise<OrtLibrary> {
  const path = find();
  const ffi = await importFfi(path);
  let image: OrtLibrary["image"];
  let base: Pointer;
  try {
    // A call of one exported function comes first: in a worker thread, koffi crashes if its first call is through a raw address.
    image = ffi.load(path);
    base = image.func("OrtGetApiBase", "void *", [])() as Pointer;
  } catch (cause) {
    throw ingotError("EngineLibraryMissing", { path, why: messageOf(cause) }, { cause });
  }
  const getApi = ffi.decode(ffi.decode(base, "void *"), ffi.proto("void *", ["uint32_t"]));
  const getVersion = ffi.decode(ffi.decode(base, 8, "void *"), ffi.proto("str", []));
  const version = String(getVersion());
  const table = getApi(apiVersion) as Pointer | null;
  if (!table) throw ingotError("EngineLibraryMissing", { path, why: `version ${version} is too old (it lacks API version ${apiVersion})` });
  return { api: bindApi(ffi, table), ffi, path, version, image };
}

async function importFfi(path: string): Promise<Ffi> {
  try {
    return (await import("koffi")).default;
  } catch (cause) {
    throw ingotError("EngineLibraryMissing", { path, why: `koffi, which calls it, does not load: ${messageOf(cause)}` }, { cause });
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
