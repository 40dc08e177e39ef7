// Reads tar archives, as test suites are packed: a header of 512 bytes per file, its bytes, and zeros up to the next block.
// Source: POSIX.1-2017, pax interchange format, and GNU's long names.

/** What a file of an archive is. */
export interface TarFile {
  readonly path: string;
  /** A view on the archive. */
  readonly bytes: Uint8Array;
}

const block = 512;

/**
 * The regular files of an archive, in its order. Throws an `Error` that says what is wrong with the bytes: the caller knows their file.
 *
 * @example
 * for (const { path, bytes } of readTar(gunzipSync(readFileSync("node.tar.gz")))) console.log(path, bytes.length);
 */
export function* readTar(tar: Uint8Array): IterableIterator<TarFile> {
  // A name too long for a header comes before it, in a record of its own.
  let longName: string | undefined;
  for (let at = 0; at < tar.length && tar[at] !== 0; ) {
    const header = tar.subarray(at, at + block);
    if (header.length < block || octal(header, 148, 8) !== checksum(header)) throw new Error(`at byte ${at} there is no tar header`);
    const size = octal(header, 124, 12);
    const bytes = tar.subarray(at + block, at + block + size);
    at += block + Math.ceil(size / block) * block;
    if (at > tar.length) throw new Error("it is cut off");
    const type = text(header, 156, 1);
    if (type === "L") longName = text(bytes, 0, size);
    else if (type === "x") longName = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text(bytes, 0, size))?.[1] ?? longName;
    else {
      const path = longName ?? [text(header, 345, 155), text(header, 0, 100)].filter(Boolean).join("/");
      longName = undefined;
      if (type === "0" || type === "") yield { path, bytes };
    }
  }
}

/** Text up to its first zero byte. */
function text(bytes: Uint8Array, from: number, length: number): string {
  const field = bytes.subarray(from, from + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString("utf8");
}

function octal(header: Uint8Array, from: number, length: number): number {
  const digits = text(header, from, length).trim();
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || "0", 8) : Number.NaN;
}

/** The sum of a header's bytes, where those of the sum itself count as blanks. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
}
