// The group `script`: what compiling from source costs, what loops in the graph bring, and whether random programs come out right.
import type { Measure } from "../figure.ts";
import { capture } from "./capture.ts";
import { fuzz } from "./fuzz.ts";
import { loops } from "./loops.ts";

export const scriptGroup: Readonly<Record<string, Measure>> = {
  capture,
  loops,
  fuzz,
};
