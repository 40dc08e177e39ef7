// Which weights a session is lent by address instead of in the model's bytes.
import type { Storage } from "../../tensor/storage.ts";

/** Smaller ones travel in the model's bytes: ONNX Runtime reads shapes and axes from them while it loads. */
const smallest = 1024;

export const isLent = (storage: Storage): boolean => storage.dtype !== "string" && storage.byteSize >= smallest;
