// Values as expressions of generated code. Every one is exact: the expression gives the same bits back.
import { Graph } from "../ir/graph.ts";
import type { AttributeValue } from "../ir/schema.ts";
import { decoder } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";

/** `tensor([1, 2], { dtype: "int64" })`, for every dtype. */
export function tensorLiteral(storage: Storage): string {
  const decode = decoder(storage.dtype);
  const elements = Array.from(storage.dense() as ArrayLike<number | bigint | string>, (v) =>
    typeof v === "bigint"
      ? `${v}n`
      : typeof v === "string"
        ? JSON.stringify(v)
        : storage.dtype === "bool"
          ? String(v !== 0)
          : numberLiteral(decode(v)),
  );
  const shape = storage.rank === 1 ? "" : `, shape: [${storage.shape.join(", ")}]`;
  return `tensor([${elements.join(", ")}], { dtype: "${storage.dtype}"${shape} })`;
}

/** The value of an attribute that is no graph: sub-graphs become statements. */
export function attributeLiteral(value: Exclude<AttributeValue, Graph>): string {
  if (value instanceof Storage) return `${tensorLiteral(value)}.storage`;
  if (typeof value === "number") return numberLiteral(value);
  if (Array.isArray(value)) return `[${value.map((v) => (typeof v === "number" ? numberLiteral(v) : JSON.stringify(v))).join(", ")}]`;
  return JSON.stringify(value);
}

/** `{ alpha: 0.5, axis: 1 }`; empty text when there are none. */
export function attributesLiteral(attributes: Readonly<Record<string, AttributeValue>>): string {
  const entries = Object.entries(attributes).flatMap(([key, value]) =>
    value instanceof Graph ? [] : [`${key}: ${attributeLiteral(value)}`],
  );
  return entries.length > 0 ? `{ ${entries.join(", ")} }` : "";
}

function numberLiteral(v: number): string {
  if (Number.isNaN(v)) return "Number.NaN";
  if (!Number.isFinite(v)) return `${v < 0 ? "-" : ""}Number.POSITIVE_INFINITY`;
  return Object.is(v, -0) ? "-0" : String(v);
}

/** A key of an object literal. `__proto__` in brackets, where it is a key like any other. */
export function keyLiteral(name: string): string {
  return name === "__proto__" ? '["__proto__"]' : JSON.stringify(name);
}

/** Text for a comment: on one line whatever ends lines in JavaScript, and unable to end a block comment. */
export function commentText(text: string): string {
  return text.replace(/[\n\r\u2028\u2029]+/g, " ").replaceAll("*/", "*\\/");
}
