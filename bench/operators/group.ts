// The group `operators`: claims about all operators, and about the files that hold them.
import type { Measure } from "../figure.ts";
import { conformance } from "./conformance.ts";
import { fuzz } from "./fuzz.ts";
import { manyNodes } from "./many-nodes.ts";
import { roundTrip } from "./round-trip.ts";

export const operatorsGroup: Readonly<Record<string, Measure>> = { conformance, roundTrip, fuzz, manyNodes };
