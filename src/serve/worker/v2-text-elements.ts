// Elements of BYTES in binary data: of each its length in 4 bytes, little-endian, and the bytes of its text.
import { refuse } from "../fault.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of the bytes of one element. Throws ServeFault 400 where they are not UTF-8. */
export function elementText(input: string, index: number, bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw refuse("BadRequestException", `Input ${input}: element ${index} is not UTF-8, and the model takes text.`, { cause });
  }
}

/** Reads `count` elements. Throws ServeFault 400 where the bytes hold more or fewer. */
export function readTextElements(input: string, bytes: Uint8Array, count: number): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    const length = at + 4 <= bytes.byteLength ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (length > bytes.byteLength - at - 4)
      throw refuse("BadRequestException", `Input ${input}: element ${texts.length} goes beyond the end of its ${bytes.byteLength} bytes.`);
    if (texts.length === count) throw wrongCount(input, `more than ${count}`, count);
    texts.push(elementText(input, texts.length, bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  if (texts.length !== count) throw wrongCount(input, String(texts.length), count);
  return texts;
}

const wrongCount = (input: string, found: string, count: number) =>
  refuse("BadRequestException", `Input ${input} has ${found} elements in its bytes, and its shape has ${count}.`);

export function writeTextElements(texts: readonly string[]): Uint8Array {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.allocUnsafe(4);
      length.writeUInt32LE(bytes.byteLength);
      return [length, bytes];
    }),
  );
}
