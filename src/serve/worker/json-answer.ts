// Answers as JSON, indented by two as TorchServe's backend does. JSON.stringify alone will not do: it loses bigints and turns NaN into null.
import { refuse } from "../fault.ts";

export type Nonfinite = "error" | "null";

/** Throws ServeFault 500 for a number that is not finite, unless `nonfinite` says null. Integers of 64 bits are written exactly. */
export function jsonBody(value: unknown, nonfinite: Nonfinite, indent = 2): Uint8Array {
  return Buffer.from(write(value, nonfinite, " ".repeat(indent), "\n"));
}

function write(value: unknown, nonfinite: Nonfinite, indent: string, line: string): string {
  if (typeof value === "number") return numberText(value, nonfinite);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = indent === "" ? "" : line + indent;
  const outer = indent === "" ? "" : line;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[${inner}${value.map((v) => write(v, nonfinite, indent, inner)).join(`,${inner}`)}${outer}]`;
  }
  // A Map keeps its order also where its keys are digits, which an object would sort.
  const entries = (value instanceof Map ? [...value].map(([k, v]): [string, unknown] => [String(k), v]) : Object.entries(value)).filter(
    ([, v]) => v !== undefined,
  );
  if (entries.length === 0) return "{}";
  const colon = indent === "" ? ":" : ": ";
  return `{${inner}${entries.map(([k, v]) => JSON.stringify(k) + colon + write(v, nonfinite, indent, inner)).join(`,${inner}`)}${outer}}`;
}

function numberText(value: number, nonfinite: Nonfinite): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0.0" : String(value);
  if (nonfinite === "null") return "null";
  throw refuse("InternalServerException", "non-finite output, request binary_data");
}
