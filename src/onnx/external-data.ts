// Tensors that a model keeps in other files of its folder. The names stand in the model, so they are not trusted.

import type { FileHandle } from "node:fs/promises";
import { open, realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, sep, win32 } from "node:path";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { graphsOf } from "./attributes.ts";
import type { AttributeProto, GraphProto, Message, ModelProto, NodeProto, TensorProto } from "./schema.ts";
import { externalLocation } from "./tensor-proto.ts";

/** Where the elements of one tensor are. */
interface Place {
  readonly location: string;
  readonly offset: number;
  /** Absent: up to the end of the file. */
  readonly length: number | undefined;
}

/** An open file of tensors. */
interface DataFile {
  readonly handle: FileHandle;
  readonly size: number;
  /** How many bytes of it tensors have taken so far. */
  taken: number;
}

/**
 * Reads the external data of all tensors of a model. Each place is read once, into memory that suits any element type.
 * Throws `OnnxExternalData` and the errors of files.
 */
export async function readExternalData(model: ModelProto, modelPath: string): Promise<Map<TensorProto, Uint8Array>> {
  const found = new Map<TensorProto, Uint8Array>();
  const read = new Map<string, Uint8Array>();
  await visitPlaces(model, modelPath, async (tensor, place, locate) => {
    const key = JSON.stringify(place);
    const bytes = read.get(key) ?? (await readPlace(await locate(), modelPath, place));
    read.set(key, bytes);
    found.set(tensor, bytes);
  });
  return found;
}

/** A file in which a model keeps tensors. */
export interface ExternalFile {
  /** Relative to the model's folder, with `/` between folders. */
  readonly location: string;
  readonly path: string;
  readonly bytes: number;
}

/**
 * The files in which a model keeps tensors, each once, without reading them: all lie in the model's folder and are as long as the tensors ask for.
 * Throws `OnnxExternalData` and the errors of files.
 */
export async function externalFiles(model: ModelProto, modelPath: string): Promise<ExternalFile[]> {
  const found = new Map<string, ExternalFile>();
  const seen = new Set<string>();
  await visitPlaces(model, modelPath, async (_tensor, place, locate) => {
    const key = JSON.stringify(place);
    if (seen.has(key)) return;
    seen.add(key);
    const { size } = (await locate()).file;
    const path = join(dirname(modelPath), place.location);
    const location = relative(dirname(modelPath), path).split(sep).join("/");
    found.set(location, { location, path, bytes: size });
  });
  return [...found.values()];
}

/** Hands over each tensor that is kept elsewhere; `locate` opens its file, which stays open until all were visited, and checks its place. */
async function visitPlaces(
  model: ModelProto,
  modelPath: string,
  visit: (tensor: TensorProto, place: Place, locate: () => Promise<Located>) => Promise<void>,
): Promise<void> {
  const files = new Map<string, DataFile>();
  try {
    for (const tensor of allTensors(model)) {
      if (tensor.dataLocation !== externalLocation) continue;
      const fail = (problem: string) => ingotError("OnnxExternalData", { file: modelPath, tensor: tensor.name ?? "", problem });
      const place = placeOf(tensor, fail);
      await visit(tensor, place, () => locatePlace(place, modelPath, files, fail));
    }
  } finally {
    for (const { handle } of files.values()) await handle.close();
  }
}

function placeOf(tensor: TensorProto, fail: (problem: string) => Error): Place {
  const entries = new Map((tensor.externalData ?? []).map(({ key, value }) => [key, value ?? ""]));
  const size = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    throw fail(`its ${key} is "${text.slice(0, 40)}"`);
  };
  const location = entries.get("location");
  if (!location) throw fail("the model does not say in which file it is");
  return { location, offset: size("offset") ?? 0, length: size("length") };
}

/** A path inside the model's folder, also after symbolic links are followed. */
async function resolveInside(location: string, modelPath: string, fail: (problem: string) => Error): Promise<string> {
  const parts = location.split(/[\\/]/);
  if (isAbsolute(location) || win32.isAbsolute(location) || /^[A-Za-z]:/.test(location)) throw fail(`"${location}" is an absolute path`);
  if (parts.includes("..") || location.includes("\0")) throw fail(`"${location}" leads out of the model's folder`);
  const path = join(dirname(modelPath), location);
  try {
    const folder = await realpath(dirname(modelPath));
    const actual = await realpath(path);
    if (actual.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return actual;
  } catch (cause) {
    throw fileError("read", path, cause);
  }
  throw fail(`"${location}" is a link that leads out of the model's folder`);
}

/** A place whose file is open and long enough. */
interface Located {
  readonly file: DataFile;
  readonly bytes: number;
}

async function locatePlace(
  { location, offset, length }: Place,
  modelPath: string,
  files: Map<string, DataFile>,
  fail: (problem: string) => Error,
): Promise<Located> {
  const path = await resolveInside(location, modelPath, fail);
  try {
    const file = files.get(path) ?? (await openData(path, location, fail));
    files.set(path, file);
    const { size } = file;
    const bytes = length ?? Math.max(0, size - offset);
    if (offset + bytes > size) throw fail(`it is announced at ${offset} with ${bytes} bytes, but "${location}" has ${size}`);
    // Tensors that share a place were read once. Places that overlap would make much memory of a small file.
    file.taken += bytes;
    if (file.taken > size)
      throw fail(`the tensors up to it take ${file.taken} bytes of "${location}", which has ${size}: their places overlap`);
    return { file, bytes };
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}

async function readPlace({ file, bytes }: Located, modelPath: string, { location, offset }: Place): Promise<Uint8Array> {
  try {
    return await readFully(file.handle, offset, bytes);
  } catch (cause) {
    throw fileError("read", join(dirname(modelPath), location), cause);
  }
}

/** Opens what is a file; a pipe would be waited for without an end. */
async function openData(path: string, location: string, fail: (problem: string) => Error): Promise<DataFile> {
  const status = await stat(path);
  if (!status.isFile()) throw fail(`"${location}" is not a file`);
  return { handle: await open(path, "r"), size: status.size, taken: 0 };
}

/** The system reads at most about 2 GiB at once. */
const largestRead = 1 << 30;

async function readFully(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, Math.min(length - at, largestRead), offset + at);
    if (bytesRead === 0) throw Object.assign(new Error("the file became shorter while it was read"), { code: "EIO", syscall: "read" });
    at += bytesRead;
  }
  return bytes;
}

/** Every tensor of a model: initializers and attributes, in sub-graphs, functions and training graphs too. */
export function* allTensors(model: ModelProto): IterableIterator<TensorProto> {
  if (model.graph) yield* tensorsOfGraph(model.graph);
  for (const f of model.functions ?? []) {
    yield* tensorsOfNodes(f.node ?? []);
    yield* tensorsOfAttributes(f.attributeProto ?? []);
  }
}

function* tensorsOfGraph(graph: GraphProto): IterableIterator<TensorProto> {
  yield* graph.initializer ?? [];
  for (const sparse of graph.sparseInitializer ?? []) yield* tensorsOfSparse(sparse);
  yield* tensorsOfNodes(graph.node ?? []);
}

function* tensorsOfNodes(nodes: readonly NodeProto[]): IterableIterator<TensorProto> {
  for (const node of nodes) yield* tensorsOfAttributes(node.attribute ?? []);
}

function* tensorsOfAttributes(attributes: readonly AttributeProto[]): IterableIterator<TensorProto> {
  for (const attribute of attributes) {
    const { t, tensors, sparseTensor } = attribute;
    if (t) yield t;
    if (sparseTensor) yield* tensorsOfSparse(sparseTensor);
    yield* tensors ?? [];
    for (const graph of graphsOf(attribute)) yield* tensorsOfGraph(graph);
  }
}

const tensorsOfSparse = ({ values, indices }: Message<"SparseTensorProto">): TensorProto[] =>
  [values, indices].filter((t) => t !== undefined);
