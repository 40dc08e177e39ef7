// One event as one line of text.
import type { FieldValue, LogEvent } from "./log.ts";

/** Characters of one field, at most. */
const longest = 2000;

/** `2026-01-02T03:04:05.678Z WARN  worker died  model=m version=1.0 detail="out of memory"`. */
export function textLine({ time, level, event, fields }: LogEvent): string {
  const head = `${new Date(time).toISOString()} ${level.toUpperCase().padEnd(5)} ${visible(event)}`;
  const shown = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${fieldName(name)}=${fieldText(value)}`]));
  return shown.length === 0 ? head : `${head}  ${shown.join(" ")}`;
}

/** The event as JSON; fields stand beside `time`, `level` and `event`, which they cannot replace. */
export function jsonLine({ time, level, event, fields }: LogEvent): string {
  const given = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, jsonValue(value)] as const]));
  const head = { time: new Date(time).toISOString(), level, event: cut(event) };
  // Object.fromEntries takes any name, `__proto__` too; the head's are written last and keep their place in front.
  const record = Object.fromEntries([...Object.entries(head), ...given, ...Object.entries(head)]);
  return JSON.stringify(record).replace(invisible, escape);
}

const fieldName = (name: string) => (/^[\w.-]+$/.test(name) ? name : quote(name));

function fieldText(value: FieldValue): string {
  if (value instanceof Error) return quote(cut(messageOf(value)));
  if (Array.isArray(value)) return `[${value.map((item) => bareOrQuoted(String(item))).join(", ")}]`;
  return bareOrQuoted(String(value));
}

const bareOrQuoted = (text: string) => (/^[\w.:/@%+,~()[\]-]+$/.test(text) ? cut(text) : quote(cut(text)));
const quote = (text: string) => visible(JSON.stringify(text));

function jsonValue(value: FieldValue): unknown {
  if (value instanceof Error) return { message: cut(messageOf(value)), ...(value.stack !== undefined && { stack: cut(value.stack) }) };
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map((item) => (typeof item === "string" ? cut(item) : item));
  return typeof value === "string" ? cut(value) : value;
}

const messageOf = (error: Error) => (error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message);

const cut = (text: string) => (text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text);

/** Control and format characters (a terminal's escapes, marks that turn the direction of writing), ends of lines, halves of characters. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const escape = (text: string) =>
  text
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
const visible = (text: string) => text.replace(invisible, escape);
