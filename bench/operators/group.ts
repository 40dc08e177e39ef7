// The group `operators`: what operators cost.
import type { Measure } from "../figure.ts";
import { eagerSpeed } from "./eager-speed.ts";
import { matmulSpeed } from "./matmul-speed.ts";
import { threads } from "./threads.ts";

export const operatorsGroup: Readonly<Record<string, Measure>> = { "matmul-speed": matmulSpeed, "eager-speed": eagerSpeed, threads };
