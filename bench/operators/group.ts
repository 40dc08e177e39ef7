// The group `operators`: what operators and eager tensors cost, and files larger than a protobuf message.
import type { Measure } from "../figure.ts";
import { eagerMemory } from "./eager-memory.ts";
import { largeModels } from "./large-models.ts";
import { mappedWeights } from "./mapped-weights.ts";

export const operatorsGroup: Readonly<Record<string, Measure>> = {
  "eager-memory": eagerMemory,
  "mapped-weights": mappedWeights,
  "large-models": largeModels,
};
