// The catalogue of everything a user can do wrong: one table, made of the families beside it. Codes are unique.
import { graphErrors } from "./catalogue/graph.ts";
import { kernelErrors } from "./catalogue/kernel.ts";
import { tensorErrors } from "./catalogue/tensor.ts";

export const catalogue = {
  ...tensorErrors,
  ...graphErrors,
  ...kernelErrors,
} as const;

export type ErrorCode = keyof typeof catalogue;
