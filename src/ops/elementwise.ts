// Elementwise arithmetic. (First rows; the family is being written.)
import { signed } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp } from "./define.ts";
import { sameAsInput } from "./infer.ts";

export const relu = defineOp("Relu", {
  since: [6, 13, 14],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: signed },
  accuracy: "exact",
  infer: sameAsInput,
  eval({ X }) {
    return Storage.from(X.dtype, X.toNumbers().map((x) => (x > 0 ? x : 0)), X.shape);
  },
});
