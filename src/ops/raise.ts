// Raise: an exception as a node. Where a model throws on a path that only running tells, the branch of that path holds this operator.
import { ingotError } from "../errors/error.ts";
import { tensorType } from "../ir/type.ts";
import type { Storage } from "../tensor/storage.ts";
import { defineOp, string } from "./define.ts";

/**
 * Ends the run with `RaisedError` and the given message. It never gives its output, `[]` of bool: other nodes may read it so that they cannot
 * be computed without it. An operator with an effect (`pure: false`): no pass removes, merges, folds or moves it.
 *
 * Files hold standard operators instead, which fail in the same place: see `src/onnx/raise-nodes.ts`.
 *
 * @example
 * branch.add("ingot.Raise", [], { message: "the sequence is empty" });
 */
export const raise = defineOp("ingot.Raise", {
  since: [1],
  inputs: [],
  outputs: ["raised: B"],
  types: { B: ["bool"] },
  attributes: { message: string.required },
  accuracy: "exact",
  pure: false,
  infer: () => [tensorType("bool", [])],
  eval(_, { message }): Storage {
    throw ingotError("RaisedError", { message });
  },
});
