// PyTorch checkpoints, as `torch.save` writes them: a zip archive (PyTorch 1.6 and later) or the legacy stream. Both hold a pickle that
// describes tensors over storages; the pickle is read as data and nothing it names is run.
// Source: torch/serialization.py, `_save` and `_legacy_save`.
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import {
  type CheckpointLeaf,
  type CheckpointValue,
  checkBooleans,
  checkBooleansOnce,
  checkpointNames,
  elementBytes,
  isDType,
  type TorchDType,
  type TorchStorage,
} from "./checkpoint-names.ts";
import { type PickleRules, unpickle } from "./pickle.ts";
import { readWhole, withFile } from "./read-file.ts";
import { isZip, openZip, type ZipArchive, ZipProblem } from "./zip-entries.ts";

/**
 * Everything that a checkpoint holds: dictionaries as Maps, lists and tuples as arrays, tensors as Storage (views of their storages, so that
 * shared memory stays shared). Throws FileError, `CheckpointFormat`, `CheckpointTensor`, `PickleDamaged`, `PickleRefused`.
 *
 * @example
 * const checkpoint = await readCheckpoint("last.pth");
 * if (checkpoint instanceof Map) console.log(checkpoint.get("epoch"));
 */
export async function readCheckpoint(path: string): Promise<CheckpointValue> {
  try {
    return await withFile(path, async (file, head) =>
      isZip(head) ? checkpointInZip(await openZip(file), path) : parseLegacyCheckpoint(await readWhole(file), path),
    );
  } catch (cause) {
    throw cause instanceof ZipProblem ? damagedArchive(path, cause) : fileError("read", path, cause);
  }
}

/** What an archive that breaks the rules of its format is to somebody who gave it as a checkpoint. */
export function damagedArchive(file: string, cause: ZipProblem): Error {
  return notReadable(file, cause.message, "Download or save the file again.", cause);
}

function notReadable(file: string, problem: string, hint: string, cause?: unknown): Error {
  return ingotError("CheckpointFormat", { file, problem, hint }, cause === undefined ? {} : { cause });
}

const tensorError = (file: string, problem: string) => ingotError("CheckpointTensor", { file, problem });

// ---- the zip archive ------------------------------------------------------------------------------------------------

/** The checkpoint in an open archive. Throws as `readCheckpoint` does, and `ZipProblem`. */
export async function checkpointInZip(zip: ZipArchive, path: string): Promise<CheckpointValue> {
  const pickleName = zip.names.find((name) => /(^|\/)data\.pkl$/.test(name));
  if (pickleName === undefined) throw notReadable(path, "the archive has no data.pkl", "Give the file that torch.save wrote.");
  const folder = pickleName.slice(0, -"data.pkl".length);
  if (zip.names.some((name) => name.startsWith(`${folder}code/`)))
    throw notReadable(
      path,
      "it is an archive of TorchScript, which holds code",
      "Save the weights alone, in Python: torch.save(torch.jit.load(path).state_dict(), other_path).",
    );
  const order = await zip.read(`${folder}byteorder`);
  if (order && Buffer.from(order).toString("latin1").trim() !== "little")
    throw notReadable(path, "its elements are in big-endian order", "Save it again on a little-endian machine.");
  // Reading is asynchronous and unpickling is not, so that all storages come first. Each gets memory of its own.
  const storages = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of zip.names)
    if (name.startsWith(`${folder}data/`)) storages.set(name.slice(folder.length + 5), (await zip.read(name)) as Uint8Array<ArrayBuffer>);
  const persistent = (id: CheckpointValue): TorchStorage => {
    const { key, type, bytes: needed } = parseStorageId(path, id);
    const bytes = storages.get(key);
    if (!bytes) throw tensorError(path, `its storage ${key} is not in the archive`);
    if (bytes.length < needed) throw tensorError(path, `its storage ${key} has ${bytes.length} bytes and needs ${needed}`);
    if (type.elementType === "bool") checkBooleansOnce(path, bytes);
    return { dtype: type.elementType, bytes };
  };
  return unpickle((await zip.read(pickleName)) as Uint8Array, rulesFor(path, persistent)).value;
}

function rulesFor(file: string, persistent: (id: CheckpointValue) => CheckpointValue): PickleRules<CheckpointLeaf> {
  return { file, find: checkpointNames(file), persistent };
}

interface StorageId {
  readonly key: string;
  readonly type: TorchDType;
  /** How many bytes the storage must have at least. */
  readonly bytes: number;
  readonly view: CheckpointValue | undefined;
}

/** `("storage", type, key, device, length[, view])`; the device does not matter here. */
function parseStorageId(file: string, id: CheckpointValue): StorageId {
  const [kind, type, key, , length, view] = Array.isArray(id) ? (id as readonly CheckpointValue[]) : [];
  if (kind === "module")
    throw notReadable(
      file,
      "it holds a whole model, with its code",
      "Save the weights alone, in Python: torch.save(model.state_dict(), path).",
    );
  if (
    kind !== "storage" ||
    !isDType(type) ||
    !Number.isSafeInteger(length) ||
    (length as number) < 0 ||
    (typeof key !== "string" && typeof key !== "number")
  )
    throw tensorError(file, "its storage is not described as storages are");
  return { key: String(key), type, bytes: (length as number) * elementBytes(type), view: view ?? undefined };
}

// ---- the legacy stream ----------------------------------------------------------------------------------------------

const legacyMagic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;

/** Five pickles (magic number, protocol, about the system, the object, the keys of the storages), then each storage: its length, its elements. */
export function parseLegacyCheckpoint(bytes: Uint8Array, path: string): CheckpointValue {
  const storages = new Map<string, { readonly bytes: Uint8Array<ArrayBuffer>; readonly type: TorchDType }>();
  let claimed = 0;
  const persistent = (id: CheckpointValue): CheckpointValue => {
    const { key, type, bytes: needed, view } = parseStorageId(path, id);
    let storage = storages.get(key);
    if (!storage) {
      // The elements follow in this file: what claims more than it holds is not given memory.
      claimed += needed;
      if (claimed > bytes.length) throw tensorError(path, `its storages need ${claimed} bytes, but the whole file has ${bytes.length}`);
      storage = { bytes: new Uint8Array(needed), type };
      storages.set(key, storage);
    }
    return { dtype: type.elementType, bytes: viewOf(path, storage.bytes, type, view) };
  };
  const rules = rulesFor(path, persistent);
  let at = 0;
  const next = () => {
    const { value, end } = unpickle(bytes, rules, at);
    at = end;
    return value;
  };
  if (bytes[0] !== 0x80 || next() !== legacyMagic)
    throw notReadable(path, "it does not begin as a file of torch.save does", "Give a .pt, .pth or .bin file that torch.save wrote.");
  const protocol = next();
  if (protocol !== legacyProtocol)
    throw notReadable(path, `its protocol is ${describeValue(protocol)}, not ${legacyProtocol}`, "Save it again.");
  next();
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) throw notReadable(path, "its list of storages is damaged", "Save it again.");
  for (const key of keys as readonly CheckpointValue[]) {
    if (typeof key !== "string" && typeof key !== "number") throw tensorError(path, `the name of a storage is ${describeValue(key)}`);
    at = fillStorage(path, bytes, at, String(key), storages.get(String(key)));
  }
  return value;
}

function fillStorage(
  path: string,
  bytes: Uint8Array,
  at: number,
  key: string,
  storage: { readonly bytes: Uint8Array; readonly type: TorchDType } | undefined,
): number {
  if (!storage) throw tensorError(path, `the file has a storage ${key} that no tensor uses`);
  const start = at + 8;
  const end = start + storage.bytes.length;
  if (end > bytes.length) throw tensorError(path, `its storage ${key} ends at byte ${end} of ${bytes.length}`);
  const width = elementBytes(storage.type);
  const length = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigInt64(0, true);
  if (length * BigInt(width) !== BigInt(storage.bytes.length))
    throw tensorError(path, `its storage ${key} has ${length} elements where the tensors say ${storage.bytes.length / width}`);
  storage.bytes.set(bytes.subarray(start, end));
  if (storage.type.elementType === "bool") checkBooleans(path, storage.bytes);
  return end;
}

/** Old files share storages by views: `(key, offset, length)` in elements of the root. */
function viewOf(path: string, root: Uint8Array<ArrayBuffer>, type: TorchDType, view: CheckpointValue | undefined): Uint8Array<ArrayBuffer> {
  if (view === undefined) return root;
  const [, offset, length] = Array.isArray(view) ? (view as readonly CheckpointValue[]) : [];
  const width = elementBytes(type);
  const inBytes = (n: CheckpointValue | undefined) => (typeof n === "number" ? n * width : Number.NaN);
  const [from, count] = [inBytes(offset), inBytes(length)];
  if (!(Number.isSafeInteger(from) && Number.isSafeInteger(count) && from >= 0 && count >= 0 && from + count <= root.length))
    throw tensorError(path, "a view of a storage lies outside it");
  return root.subarray(from, from + count);
}
