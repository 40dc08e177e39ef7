// The group `operators`: claims about all operators, and about the files that hold them.
import type { Measure } from "../figure.ts";
import { fuzz } from "./fuzz.ts";
import { manyNodes } from "./many-nodes.ts";

export const operatorsGroup: Readonly<Record<string, Measure>> = { fuzz, manyNodes };
