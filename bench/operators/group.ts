// The group `operators`: claims about all operators, about the files that hold them, and about what eager computing costs.
import type { Measure } from "../figure.ts";
import { conformance } from "./conformance.ts";
import { eagerMemory } from "./eager-memory.ts";
import { eagerSpeed } from "./eager-speed.ts";
import { fuzz } from "./fuzz.ts";
import { manyNodes } from "./many-nodes.ts";
import { mappedWeights } from "./mapped-weights.ts";
import { matmulSpeed } from "./matmul-speed.ts";
import { roundTrip } from "./round-trip.ts";
import { threads } from "./threads.ts";

export const operatorsGroup: Readonly<Record<string, Measure>> = {
  conformance,
  roundTrip,
  matmulSpeed,
  eagerSpeed,
  threads,
  eagerMemory,
  mappedWeights,
  manyNodes,
  fuzz,
};
