// Tensors and scalars in arrays and plain records, as arguments and results of library calls have them.
import { isTensor } from "../eager/operand.ts";
import { isPlainRecord } from "../trace/structure.ts";
import { Sym } from "./values.ts";

/** Visits tensors and scalars in arrays and plain records. */
export function visitLeaves(value: unknown, visit: (leaf: unknown) => void, depth = 0): void {
  if (depth > 16 || typeof value !== "object" || value === null || isTensor(value) || value instanceof Sym) return visit(value);
  if (Array.isArray(value)) for (const item of value) visitLeaves(item, visit, depth + 1);
  else if (isPlainRecord(value)) for (const item of Object.values(value)) visitLeaves(item, visit, depth + 1);
  else visit(value);
}

/** The same arrays and records with other leaves. */
export function mapLeaves(value: unknown, map: (leaf: unknown) => unknown): unknown {
  if (typeof value !== "object" || value === null || isTensor(value) || value instanceof Sym) return map(value);
  if (Array.isArray(value)) return value.map((item) => mapLeaves(item, map));
  if (isPlainRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapLeaves(item, map)]));
  return map(value);
}
