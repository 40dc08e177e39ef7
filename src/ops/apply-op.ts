// An operator by its name, for code that computes with constants.
import type { Attributes } from "../ir/schema.ts";
import type { Storage } from "../tensor/storage.ts";
import type { OpDefinition } from "./define.ts";
import { evaluateOp } from "./evaluate.ts";
import { registry } from "./registry.ts";

/** The first output of one operator of the registry. */
export function applyOp(op: string, inputs: readonly Storage[], attributes: Attributes = {}): Storage {
  return evaluateOp(registry.get(op) as OpDefinition, inputs, attributes)[0] as Storage;
}
