// A file on its way into an archive: its bytes as they are read, and a watch that it stays what it was.
import { type FileHandle, open } from "node:fs/promises";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import type { SourceFile } from "./collect-files.ts";

/** A file, or a text that was made for the archive. */
export interface PackedFile {
  readonly path: string;
  readonly bytes: number;
  content(): AsyncIterable<Uint8Array>;
}

/** In bytes. */
const readSize = 2 ** 20;

/** Reads a file piece by piece; `signal` ends it between two. Throws `FileNotReadable` where the file has another size by now. */
export function fromFile({ path, source, bytes }: SourceFile, signal: AbortSignal | undefined): PackedFile {
  return {
    path,
    bytes,
    async *content() {
      try {
        const file = await open(source, "r");
        try {
          let seen = 0;
          for await (const part of file.createReadStream({ autoClose: false, highWaterMark: readSize })) {
            signal?.throwIfAborted();
            seen += (part as Uint8Array).length;
            if (seen <= bytes) yield part as Uint8Array;
          }
          if (seen !== bytes)
            throw ingotError("FileNotReadable", { path: source, why: `it had ${bytes} bytes and has ${seen} while it is packed` });
        } finally {
          await file.close();
        }
      } catch (cause) {
        throw fileError("read", source, cause);
      }
    },
  };
}

export function fromText(path: string, text: string): PackedFile {
  const bytes = Buffer.from(text);
  return {
    path,
    bytes: bytes.length,
    async *content() {
      yield bytes;
    },
  };
}

/** Writes all of `bytes` at a place of a file; gives their number. */
export async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  return bytes.length;
}
