// The group `operators`: claims about all operators, and about the files that hold them.
import type { Measure } from "../figure.ts";
import { fuzz } from "./fuzz.ts";

export const operatorsGroup: Readonly<Record<string, Measure>> = { fuzz };
