// The group `operators`: what single operators and element types cost.
import type { Measure } from "../figure.ts";
import { bfloat16 } from "./bfloat16.ts";

export const operatorsGroup: Readonly<Record<string, Measure>> = {
  bfloat16,
};
