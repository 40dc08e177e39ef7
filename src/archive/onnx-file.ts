// The model of an archive as a file: whether it is one, and which other files it needs. A large one becomes memory without being read, so
// that only the pages with names and shapes are ever loaded, not the weights.
import { open } from "node:fs/promises";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { decodeModel } from "../onnx/decode.ts";
import type { ModelProto } from "../onnx/schema.ts";
import { mapFile } from "../weights/map-file.ts";

/** A protobuf message ends below 2 GiB. */
const largestMessage = 2 ** 31 - 1;
/** In bytes: below it, reading takes a few milliseconds and has no risk. */
const mapFrom = 16 * 2 ** 20;

/**
 * The messages of an ONNX file, its tensors being views on the file. Throws `NotOnnx`, `FileNotFound` and `FileNotReadable`.
 */
export async function readOnnxMessages(path: string): Promise<ModelProto> {
  try {
    const file = await open(path, "r");
    try {
      const status = await file.stat();
      const { size } = status;
      if (!status.isFile()) throw ingotError("NotOnnx", { file: path, problem: "it is not a file" });
      if (size > largestMessage)
        throw ingotError("NotOnnx", { file: path, problem: `it has ${size} bytes, and no ONNX model reaches 2 GiB` });
      const mapped = size >= mapFrom ? mapFile(file.fd, size)?.(0, size) : undefined;
      return decodeModel(mapped ?? (await file.readFile()), path);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}
