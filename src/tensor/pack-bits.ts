// Elements of less than a byte as files hold them: the first element in the lowest bits, the rest of the last byte zero.
// In memory each has a byte of its own, so that strides and views work as for any other type.
import { type DType, dtypeInfo, type Elements } from "./dtype.ts";

/** The bytes that `count` elements take in a file. */
export function packedSize(dtype: DType, count: number): number {
  const { bits, bytes } = dtypeInfo(dtype);
  return bits === undefined ? count * bytes : Math.ceil((count * bits) / 8);
}

/** Elements as files hold them: 4-bit types two to a byte, 2-bit types four. */
export function packBits(dtype: DType, elements: Elements): Uint8Array<ArrayBuffer> {
  const { bits = 8 } = dtypeInfo(dtype);
  const out = new Uint8Array(packedSize(dtype, elements.length));
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  for (let i = 0; i < elements.length; i++) {
    const at = Math.floor(i / perByte);
    out[at] = (out[at] as number) | (((elements[i] as number) & mask) << (bits * (i % perByte)));
  }
  return out;
}

/** The first `count` elements of packed bytes. */
export function unpackBits(dtype: DType, packed: ArrayLike<number>, count: number): Elements {
  const { bits = 8, codec, kind, make } = dtypeInfo(dtype);
  const out = make(count) as { [i: number]: number };
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  const sign = kind === "float" ? undefined : codec?.encode;
  for (let i = 0; i < count; i++) {
    const code = ((packed[Math.floor(i / perByte)] as number) >> (bits * (i % perByte))) & mask;
    out[i] = sign ? sign(code) : code;
  }
  return out as unknown as Elements;
}
