// NumPy's .npy arrays. The header is a Python dictionary and is parsed as data; arrays of objects are pickles
// inside and are refused. Source: numpy/lib/format.py, versions 1.0 to 3.0.
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { type DType, dtypeInfo } from "../tensor/dtype.ts";
import { formatShape, largestRank } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { writeFileAtomically } from "./atomic-write.ts";
import { readWhole, withFile } from "./read-file.ts";

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** NumPy's letters for element types, without the byte order. `V2` is how NumPy stores bfloat16, which it does not know itself. */
const dtypeOf: Readonly<Record<string, DType>> = {
  b1: "bool",
  i1: "int8",
  i2: "int16",
  i4: "int32",
  i8: "int64",
  u1: "uint8",
  u2: "uint16",
  u4: "uint32",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
  V2: "bfloat16",
};
const letterOf = new Map(Object.entries(dtypeOf).map(([letter, dtype]) => [dtype, letter]));

/**
 * Reads a .npy file. Throws FileError and `NpyFormat`.
 *
 * @example
 * const x = Tensor.fromStorage(await readNpy("x.npy"));
 */
export async function readNpy(path: string): Promise<Storage> {
  try {
    return await withFile(path, async (file) => parseNpy(await readWhole(file), path));
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}

/** Reads .npy from memory. The elements are a view of `bytes` where alignment and byte order allow. Throws `NpyFormat`. */
export function parseNpy(bytes: Uint8Array<ArrayBuffer>, file = "the file"): Storage {
  const fail = (problem: string) => ingotError("NpyFormat", { file, problem });
  if (bytes.length < 10 || magic.some((byte, i) => bytes[i] !== byte)) throw fail("it does not begin as a .npy file does");
  const version = bytes[6] as number;
  if (version < 1 || version > 3) throw fail(`its version is ${version}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthBytes = version === 1 ? 2 : 4;
  const start = 8 + lengthBytes;
  if (bytes.length < start) throw fail("it ends inside its header");
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length) throw fail(`its header of ${length} bytes is longer than the file`);
  const { descr, fortran, shape } = parseHeader(Buffer.from(bytes.subarray(start, start + length)).toString("utf8"), fail);
  return elements(descr, fortran, shape, bytes.subarray(start + length), fail);
}

type Fail = (problem: string) => Error;

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

/** `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, in any order of the keys. */
function parseHeader(text: string, fail: Fail): Header {
  const descr = /['"]descr['"]\s*:\s*['"]([^'"]*)['"]/.exec(text)?.[1];
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  // Up to the next bracket of either kind, so that a header of nothing but openings is read once.
  const sizes = /['"]shape['"]\s*:\s*\(([^()]*)\)/.exec(text)?.[1];
  if (descr === undefined) throw fail("its header has no element type, or a compound one");
  if (order === undefined || sizes === undefined) throw fail("its header lacks fortran_order or shape");
  const shape = sizes
    .split(",")
    .map((size) => size.trim().replace(/L$/, ""))
    .filter((size) => size !== "");
  if (shape.length > largestRank) throw fail(`it has ${shape.length} axes, and a tensor has at most ${largestRank}`);
  if (!shape.every((size) => /^\d{1,16}$/.test(size))) throw fail(`its shape (${sizes.slice(0, 80)}) is no list of sizes`);
  return { descr, fortran: order === "True", shape: shape.map(Number) };
}

function elements(descr: string, fortran: boolean, shape: readonly number[], data: Uint8Array<ArrayBuffer>, fail: Fail): Storage {
  const [, order = "", letter = ""] = /^([<>|=]?)(.+)$/.exec(descr) ?? [];
  const text = /^([US])(\d{1,9})$/.exec(letter);
  const dtype: DType | undefined = text ? "string" : Object.hasOwn(dtypeOf, letter) ? dtypeOf[letter] : undefined;
  if (!dtype)
    throw fail(letter.startsWith("O") ? "its elements are Python objects" : `its element type ${descr.slice(0, 40)} is not known here`);
  const width = text ? Number(text[2]) * (text[1] === "U" ? 4 : 1) : dtypeInfo(dtype).bytes;
  const count = shape.reduce((n, size) => n * BigInt(size), 1n);
  if (count * BigInt(width) !== BigInt(data.length))
    throw fail(`shape ${formatShape(shape)} of ${descr} takes ${count * BigInt(width)} bytes, but it has ${data.length}`);
  // Elements of no bytes: any number of them fits into nothing.
  if (width === 0 && count > 0n) throw fail(`its elements (${descr}) have no bytes`);
  const plain = text
    ? Storage.of("string", strings(data, Number(count), width, text[1] === "U", order === ">"), fortran ? [...shape].reverse() : shape)
    : Storage.of(dtype, numbers(dtype, data, order === ">"), fortran ? [...shape].reverse() : shape);
  if (dtype === "bool" && data.some((byte) => byte > 1)) throw fail("it is boolean but holds a byte above 1");
  // Fortran's order is the row-major order of the reversed axes.
  return fortran ? plain.transpose(shape.map((_, i) => shape.length - 1 - i)) : plain;
}

function numbers(dtype: DType, data: Uint8Array<ArrayBuffer>, swap: boolean) {
  const { bytes: width, view, make } = dtypeInfo(dtype);
  const own = swap || data.byteOffset % width !== 0 ? data.slice() : data;
  if (swap && width > 1) for (let at = 0; at < own.length; at += width) own.subarray(at, at + width).reverse();
  return view?.(own.buffer, own.byteOffset, own.length / width) ?? make(0);
}

/** Fixed-width text, padded with zeros: UTF-32 for `U`, bytes for `S`. */
function strings(data: Uint8Array, count: number, width: number, wide: boolean, big: boolean): string[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: count }, (_, i) => {
    const codes: number[] = [];
    for (let at = i * width; at < (i + 1) * width; at += wide ? 4 : 1) codes.push(wide ? view.getUint32(at, !big) : view.getUint8(at));
    while (codes.length > 0 && codes[codes.length - 1] === 0) codes.pop();
    return codes.map((code) => (code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd")).join("");
  });
}

/** The bytes of a .npy file, in two pieces. Throws `NpyUnwritable` for elements that NumPy does not have. */
export function npyChunks(storage: Storage, array = "the array"): Uint8Array[] {
  const letter = letterOf.get(storage.dtype);
  if (letter === undefined) throw ingotError("NpyUnwritable", { array, dtype: storage.dtype, known: [...letterOf.keys()].join(", ") });
  const order = dtypeInfo(storage.dtype).bytes === 1 ? "|" : "<";
  const shape = `(${storage.shape.join(", ")}${storage.rank === 1 ? "," : ""})`;
  const header = `{'descr': '${order}${letter}', 'fortran_order': False, 'shape': ${shape}, }`;
  // The elements begin at a multiple of 64, and the header ends in a line feed.
  const version = header.length + 11 > 0xffff ? 2 : 1;
  const fixed = version === 1 ? 10 : 12;
  const length = Math.ceil((fixed + header.length + 1) / 64) * 64 - fixed;
  const head = new Uint8Array(fixed + length).fill(0x20);
  head.set([...magic, version, 0]);
  const view = new DataView(head.buffer);
  if (version === 1) view.setUint16(8, length, true);
  else view.setUint32(8, length, true);
  head.set(Buffer.from(header, "latin1"), fixed);
  head[head.length - 1] = 10;
  const data = storage.numbers();
  return [head, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
}

/**
 * Writes a .npy file, all or nothing. Throws `NpyUnwritable` and FileError.
 *
 * @example await writeNpy("logits.npy", y.storage);
 */
export async function writeNpy(path: string, storage: Storage): Promise<void> {
  await writeFileAtomically(path, npyChunks(storage));
}
