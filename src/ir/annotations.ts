// What a file says of a graph and its parts beyond what they compute: comments, metadata of other tools, fields of a newer format. Copies of a
// graph carry it along; what a pass makes anew has none. Nothing in Ingot acts on it.

import type { Storage } from "../tensor/storage.ts";

/** A tensor that says how another was quantised, under one of ONNX's keys: `SCALE_TENSOR`, `ZERO_POINT_TENSOR`. */
export interface QuantizationParameter {
  readonly key: string;
  /** As the file calls it. */
  readonly name: string;
  /** Undefined for one that the graph computes. */
  readonly storage: Storage | undefined;
}

export interface Annotations {
  readonly docString?: string | undefined;
  readonly metadata?: readonly { readonly key?: string | undefined; readonly value?: string | undefined }[] | undefined;
  /** Fields that Ingot does not know, each as it stood in the file. */
  readonly unknown?: readonly Uint8Array[] | undefined;
  /** Of a value. */
  readonly quantization?: readonly QuantizationParameter[] | undefined;
}

/** Of a graph; the main graph carries what the file says of the model as a whole. */
export interface GraphAnnotations extends Annotations {
  readonly model?:
    | (Pick<Annotations, "docString" | "unknown"> & {
        /** The namespace of the model, in reverse-DNS notation. */
        readonly domain?: string | undefined;
        readonly version?: bigint | undefined;
      })
    | undefined;
}
