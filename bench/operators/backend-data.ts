// ONNX's backend test cases, from the folder that INGOT_TEST_DATA names.
import { join } from "node:path";
import process from "node:process";
import type { Measured } from "../figure.ts";

/** The archives of the suite. */
export const backendKinds = ["node", "simple", "light", "pytorch-operator", "pytorch-converted"] as const;
export type BackendKind = (typeof backendKinds)[number];

/** The path of each archive; undefined where the variable is not set. */
export function backendArchives(): ReadonlyMap<BackendKind, string> | undefined {
  const folder = process.env.INGOT_TEST_DATA;
  return folder ? new Map(backendKinds.map((kind) => [kind, join(folder, "onnx-backend", `${kind}.tar.gz`)])) : undefined;
}

/** What stands in the place of figures that cannot be measured: a bar that is missed, so that nobody takes silence for success. */
export const noData: Measured = {
  name: "cases of ONNX's backend suite that were found",
  value: 0,
  unit: "cases",
  bar: "≥ 1",
  spread: "not measured: set INGOT_TEST_DATA to the folder that holds onnx-backend/",
};
