// The few Python names that a checkpoint of tensors and containers is made of, and what each stands for. This table is all that a pickle may
// call. Source: torch/_utils.py and torch/serialization.py (PyTorch 0.4 to 2.x).
import { ingotError } from "../errors/error.ts";
import type { DType } from "../tensor/dtype.ts";
import { dtypeInfo } from "../tensor/dtype.ts";
import { formatShape, largestRank } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import type { PickleCallable, PickleValue } from "./pickle.ts";

/** A row of bytes that tensors are views of. */
export interface TorchStorage {
  readonly dtype: DType | undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What the allowed names give. */
export type CheckpointLeaf = Storage | TorchStorage | TorchDType;
export type CheckpointValue = PickleValue<CheckpointLeaf>;
type Callable = PickleCallable<CheckpointLeaf>;

/** An element type, as `torch.float32` or as the class of a storage. */
export interface TorchDType {
  readonly pickleName: string;
  /** Undefined for a storage of bytes: its tensors say what they hold. */
  readonly elementType: DType | undefined;
}

/** Bytes of one element; a storage of bytes counts in bytes. */
export const elementBytes = ({ elementType }: TorchDType): number => (elementType === undefined ? 1 : dtypeInfo(elementType).bytes);

const storageTypes: Readonly<Record<string, DType | undefined>> = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
  UntypedStorage: undefined,
};

const elementTypes: Readonly<Record<string, DType>> = {
  float32: "float32",
  float: "float32",
  float64: "float64",
  double: "float64",
  float16: "float16",
  half: "float16",
  bfloat16: "bfloat16",
  int64: "int64",
  long: "int64",
  int32: "int32",
  int: "int32",
  int16: "int16",
  short: "int16",
  int8: "int8",
  uint8: "uint8",
  uint16: "uint16",
  uint32: "uint32",
  uint64: "uint64",
  bool: "bool",
};

/** In elements. */
const largestTensor = 2 ** 33;

export function isStorage(value: unknown): value is TorchStorage {
  return typeof value === "object" && value !== null && "bytes" in value && !("array" in value);
}

export function isDType(value: unknown): value is TorchDType {
  return typeof value === "object" && value !== null && "elementType" in value;
}

/** The table for one file; undefined for every other name. */
export function checkpointNames(file: string): (module: string, name: string) => Callable | undefined {
  const callables: Readonly<Record<string, Callable["call"]>> = {
    "collections.OrderedDict": (args) => pairs(args, file),
    "torch.Size": ([sizes]) => (Array.isArray(sizes) ? sizes : []),
    "torch._utils._rebuild_tensor": (args) => view(file, args),
    "torch._utils._rebuild_tensor_v2": (args) => view(file, args),
    // A tensor of its own element type over a storage of bytes: the seventh argument says which.
    "torch._utils._rebuild_tensor_v3": (args) => view(file, args, args[6]),
    "torch._utils._rebuild_parameter": ([tensor]) => tensor ?? null,
    "torch._utils._rebuild_parameter_with_state": ([tensor]) => tensor ?? null,
    "torch.device": () => null,
    "builtins.set": ([items]) => new Set(Array.isArray(items) ? items : []),
    "__builtin__.set": ([items]) => new Set(Array.isArray(items) ? items : []),
  };
  return (module, name) => {
    const pickleName = `${module}.${name}`;
    if ((module === "torch" || module === "torch.storage") && Object.hasOwn(storageTypes, name))
      return { pickleName, elementType: storageTypes[name] } as TorchDType;
    if (module === "torch" && Object.hasOwn(elementTypes, name)) return { pickleName, elementType: elementTypes[name] } as TorchDType;
    if (!Object.hasOwn(callables, pickleName)) return undefined;
    const call = callables[pickleName];
    return call && { pickleName, call };
  };
}

/** `OrderedDict()` or `OrderedDict([[key, value], …])`. */
function pairs([items]: readonly CheckpointValue[], file: string): CheckpointValue {
  const dict = new Map<CheckpointValue, CheckpointValue>();
  if (items === undefined) return dict;
  if (!Array.isArray(items)) throw ingotError("PickleDamaged", { file, problem: "an OrderedDict is made of something that is no list" });
  for (const item of items as readonly CheckpointValue[]) {
    if (!Array.isArray(item) || item.length !== 2)
      throw ingotError("PickleDamaged", { file, problem: "an OrderedDict has an entry that is no pair" });
    dict.set(item[0] as CheckpointValue, item[1] as CheckpointValue);
  }
  return dict;
}

/** (storage, offset, sizes, strides, …): a view, if it lies inside its storage. Throws `CheckpointTensor`. */
function view(file: string, [storage, offset, sizes, strides]: readonly CheckpointValue[], type?: CheckpointValue): Storage {
  const fail = (problem: string) => ingotError("CheckpointTensor", { file, problem });
  if (!isStorage(storage)) throw fail("it is a view of something that is no storage");
  const dtype = isDType(type) ? type.elementType : storage.dtype;
  if (dtype === undefined) throw fail("its storage is made of bytes and nothing says of which type its elements are");
  if (!isCount(offset) || !isCounts(sizes) || !isCounts(strides) || sizes.length !== strides.length)
    throw fail("its offset, sizes and strides are not lists of integers from 0 that go together");
  if (sizes.length > largestRank) throw fail(`it has ${sizes.length} axes, and a tensor has at most ${largestRank}`);
  const info = dtypeInfo(dtype);
  const held = Math.floor(storage.bytes.length / info.bytes);
  const last = sizes.includes(0) ? -1 : sizes.reduce((at, size, i) => at + (size - 1) * (strides[i] as number), offset);
  if (last >= held)
    throw fail(`shape ${formatShape(sizes)} with strides ${formatShape(strides)} from ${offset} reaches element ${last} of ${held}`);
  // Strides of 0 make a large tensor of few bytes.
  if (sizes.reduce((n, size) => n * size, 1) > largestTensor) throw fail(`shape ${formatShape(sizes)} is beyond every memory`);
  // A view of a storage may begin anywhere; elements may not. A copy would not see what is read into the storage later.
  const { bytes } = storage;
  if (bytes.byteOffset % info.bytes !== 0) throw fail(`it is of ${dtype} but begins at byte ${bytes.byteOffset} of its storage`);
  const data = info.view?.(bytes.buffer, bytes.byteOffset, held) ?? info.make(held);
  if (dtype === "bool") checkBooleansOnce(file, bytes);
  return Storage.strided(dtype, data, sizes, strides, offset);
}

/** Storages that `checkBooleansOnce` has looked at. */
const checked = new WeakSet<Uint8Array>();

/** As `checkBooleans`, for tensors: a pickle may make any number of them of one storage. */
export function checkBooleansOnce(file: string, bytes: Uint8Array): void {
  if (!checked.has(bytes)) checkBooleans(file, bytes);
  checked.add(bytes);
}

/** A boolean is 0 or 1 everywhere in Ingot; other bytes would make kernels disagree. Throws `CheckpointTensor`. */
export function checkBooleans(file: string, bytes: Uint8Array): void {
  if (bytes.some((byte) => byte > 1))
    throw ingotError("CheckpointTensor", { file, problem: "it is of type bool but holds a byte above 1" });
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isCount);
}
