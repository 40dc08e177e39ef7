// The group `operators`: what ONNX's own test cases say of every operator.
import type { Measure } from "../figure.ts";
import { conformance } from "./conformance.ts";
import { roundTrip } from "./round-trip.ts";

export const operatorsGroup: Readonly<Record<string, Measure>> = {
  conformance,
  roundTrip,
};
