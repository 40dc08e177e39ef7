// The group `script`: what compiling from source costs, and what loops in the graph bring.
import type { Measure } from "../figure.ts";
import { capture } from "./capture.ts";

export const scriptGroup: Readonly<Record<string, Measure>> = {
  capture,
};
