// The group `operators`: claims about all operators, about the files that hold them, and about what eager computing costs.
import type { Measure } from "../figure.ts";
import { bfloat16 } from "./bfloat16.ts";
import { conformance } from "./conformance.ts";
import { eagerMemory } from "./eager-memory.ts";
import { eagerSpeed } from "./eager-speed.ts";
import { fuzz } from "./fuzz.ts";
import { largeModels } from "./large-models.ts";
import { manyNodes } from "./many-nodes.ts";
import { mappedWeights } from "./mapped-weights.ts";
import { matmulSpeed } from "./matmul-speed.ts";
import { memoryBound } from "./memory-bound.ts";
import { roundTrip } from "./round-trip.ts";
import { threads } from "./threads.ts";

export const operatorsGroup: Readonly<Record<string, Measure>> = {
  conformance,
  "round-trip": roundTrip,
  "matmul-speed": matmulSpeed,
  "eager-speed": eagerSpeed,
  "memory-bound": memoryBound,
  bfloat16,
  threads,
  "eager-memory": eagerMemory,
  "mapped-weights": mappedWeights,
  "large-models": largeModels,
  "many-nodes": manyNodes,
  fuzz,
};
