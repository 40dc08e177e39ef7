// Checkpoints as torch.save writes them, for tests of the reader: the pickled parts, the archive, the legacy stream.
import { PickleCall, PickleName, PicklePersistent, PickleTuple, pickle } from "./pickle-writer.ts";

export const floatBytes = (...values: number[]) => Buffer.from(new Float32Array(values).buffer);
export const tuple = (...items: unknown[]) => new PickleTuple(items);
export const torchStorage = (key: string, length: number, type = "FloatStorage") =>
  new PicklePersistent(["storage", new PickleName("torch", type), key, "cpu", length]);

/** A tensor as PyTorch pickles it. */
export const torchTensor = (key: string, length: number, shape: number[], strides: number[], offset = 0, type = "FloatStorage") =>
  new PickleCall("torch._utils", "_rebuild_tensor_v2", [
    torchStorage(key, length, type),
    offset,
    tuple(...shape),
    tuple(...strides),
    false,
    new PickleCall("collections", "OrderedDict", []),
  ]);

/** The four pickles that a legacy stream begins with, around the bytes of one. */
export function legacyStream(value: Buffer, storages: Readonly<Record<string, readonly number[]>>): Buffer {
  const raw = Object.values(storages).map((values) => {
    const length = Buffer.alloc(8);
    length.writeBigInt64LE(BigInt(values.length));
    return Buffer.concat([length, floatBytes(...values)]);
  });
  const magic = pickle(0x1950a86a20f9469cfc6cn);
  return Buffer.concat([magic, pickle(1001), pickle(new Map()), value, pickle(Object.keys(storages)), ...raw]);
}
