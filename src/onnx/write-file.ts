// Saving a model: one file, or a small one beside a data file when the tensors would not fit into a protobuf message (2 GiB).
// Both are written under temporary names and renamed; the model comes last, so that a reader never finds it without its data.
import { basename } from "node:path";
import { ingotError } from "../errors/error.ts";
import { writeFileAtomically, writeFilesTogether } from "../weights/atomic-write.ts";
import { encodeMessage } from "./encode.ts";
import type { ModelProto, TensorProto } from "./schema.ts";
import { externalLocation } from "./tensor-proto.ts";

export interface WriteOptions {
  /** Keep tensors in `<file>.data`. Default: only when the model would otherwise reach 2 GiB. */
  readonly externalData?: boolean;
}

const largestMessage = 2 ** 31 - 1;
/** Runtimes map external tensors as pages of memory. */
const pageSize = 4096;
/** Smaller tensors stay in the model: shape inference and people read them. */
const smallest = 1024;

/**
 * Writes a model. Throws `SaveFormat`, `OnnxTooLarge`, `FileNotWritable` or `DiskFull`; then no partial file is left.
 *
 * @example
 * await writeModel("resnet152.onnx", exportModel(graph).model);
 */
export async function writeModel(path: string, model: ModelProto, options: WriteOptions = {}): Promise<void> {
  checkFileName(path);
  const whole = options.externalData ? undefined : encodeMessage("ModelProto", model);
  if (whole && (whole.size <= largestMessage || options.externalData === false)) {
    if (whole.size > largestMessage) throw ingotError("OnnxTooLarge", { size: whole.size });
    return writeFileAtomically(path, whole.parts);
  }
  const { small, chunks } = separate(model, `${basename(path)}.data`);
  const encoded = encodeMessage("ModelProto", small);
  if (encoded.size > largestMessage) throw ingotError("OnnxTooLarge", { size: encoded.size });
  await writeFilesTogether([
    { path: `${path}.data`, chunks },
    { path, chunks: encoded.parts },
  ]);
}

/** Throws `SaveFormat` for a name that another format goes by. */
export function checkFileName(path: string): void {
  if (/\.(pt|pth|ts|torchscript)$/i.test(path)) throw ingotError("SaveFormat", { path, problem: "TorchScript files are not written yet" });
  if (!/\.onnx$/i.test(path)) throw ingotError("SaveFormat", { path, problem: "the name does not end in .onnx" });
}

/** The model with its large initializers marked as external, and the bytes of the data file. */
function separate(model: ModelProto, location: string): { small: ModelProto; chunks: Uint8Array[] } {
  const chunks: Uint8Array[] = [];
  let offset = 0;
  const initializer = (model.graph?.initializer ?? []).map((tensor): TensorProto => {
    const { rawData, ...rest } = tensor;
    if (!rawData || rawData.length < smallest) return tensor;
    const padding = (pageSize - (offset % pageSize)) % pageSize;
    if (padding > 0) chunks.push(new Uint8Array(padding));
    offset += padding;
    const externalData = Object.entries({ location, offset, length: rawData.length }).map(([key, value]) => ({
      key,
      value: String(value),
    }));
    chunks.push(rawData);
    offset += rawData.length;
    return { ...rest, dataLocation: externalLocation, externalData };
  });
  return { small: { ...model, graph: { ...model.graph, initializer } }, chunks };
}
