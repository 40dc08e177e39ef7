// The group `script`: what compiling from source costs, what loops in the graph bring, and whether random programs come out right.
import type { Measure } from "../figure.ts";
import { blocks } from "./blocks.ts";
import { capture } from "./capture.ts";
import { decoding } from "./decoding.ts";
import { fuzz } from "./fuzz.ts";
import { loops } from "./loops.ts";
import { zoo } from "./zoo.ts";

export const scriptGroup: Readonly<Record<string, Measure>> = {
  capture,
  blocks,
  decoding,
  zoo,
  loops,
  fuzz,
};
