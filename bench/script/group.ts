// The group `script`: models compiled from their source.
import type { Measure } from "../figure.ts";
import { fuzz } from "./fuzz.ts";

export const scriptGroup: Readonly<Record<string, Measure>> = {
  fuzz,
};
