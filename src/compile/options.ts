// Options are validated where they enter: a key that no option has is an error that lists those there are, a value of another kind says
// what was expected. One table per function; the types see to it that no option is forgotten.
import { isTensor } from "../eager/operand.ts";
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { suggestion } from "../errors/nearest.ts";

/** What an option takes, in words and as a test. */
export interface OptionRule {
  readonly expected: string;
  readonly hint: string;
  readonly holds: (value: unknown) => boolean;
}

/** A rule, or a table for a nested record, per option. */
export type OptionTable<T> = { readonly [K in keyof T]-?: OptionRule | { readonly table: OptionTable<NonNullable<T[K]>> } };

type Table = Readonly<Record<string, OptionRule | { readonly table: Table }>>;

/** Throws `UnknownOption` or `InvalidArgument`, naming the call (`trace`) and the option (`check.topk`). */
export function checkOptions<T extends object>(call: string, options: T, table: OptionTable<T>): void {
  checkRecord(call, "", options, table as Table);
}

function checkRecord(call: string, path: string, options: unknown, table: Table): void {
  if (options === undefined) return;
  const known = Object.keys(table);
  if (typeof options !== "object" || options === null || Array.isArray(options) || isTensor(options))
    throw ingotError("InvalidArgument", {
      op: call,
      name: path || "options",
      expected: "a record of options",
      actual: describeValue(options),
      hint: `The options are ${known.join(", ")}.`,
    });
  for (const [key, value] of Object.entries(options)) {
    const rule = Object.hasOwn(table, key) ? table[key] : undefined;
    const name = path ? `${path}.${key}` : key;
    if (!rule) {
      throw ingotError("UnknownOption", { call, option: name, suggestion: suggestion(key, known), known: known.join(", ") });
    }
    if (value === undefined) continue;
    if ("table" in rule) checkRecord(call, name, value, rule.table);
    else if (!rule.holds(value))
      throw ingotError("InvalidArgument", { op: call, name, expected: rule.expected, actual: describeValue(value), hint: rule.hint });
  }
}

const rule = (expected: string, hint: string, holds: (value: unknown) => boolean): OptionRule => ({ expected, hint, holds });

export const integerFrom = (least: number, hint: string): OptionRule =>
  rule(`an integer from ${least}`, hint, (v) => Number.isSafeInteger(v) && (v as number) >= least);
export const numberFrom = (least: number, hint: string): OptionRule =>
  rule(`a number from ${least}`, hint, (v) => typeof v === "number" && v >= least);
export const text = (what: string, hint: string): OptionRule => rule(what, hint, (v) => typeof v === "string" && v !== "");
export const flag = (hint: string): OptionRule => rule("true or false", hint, (v) => typeof v === "boolean");
export const callback = (hint: string): OptionRule => rule("a function", hint, (v) => typeof v === "function");
export const list = (hint: string): OptionRule => rule("an array", hint, Array.isArray);
export const words = (what: string, hint: string): OptionRule =>
  rule(`an array of ${what}`, hint, (v) => Array.isArray(v) && v.every((item) => typeof item === "string" && item !== ""));
export const oneOf = (known: readonly string[], hint: string): OptionRule =>
  rule(known.map((k) => `"${k}"`).join(" or "), hint, (v) => typeof v === "string" && known.includes(v));
export const record = (hint: string): OptionRule => rule("a record", hint, (v) => typeof v === "object" && v !== null && !isTensor(v));
export const anything: OptionRule = rule("anything", "", () => true);
export const abortSignal: OptionRule = rule(
  "an AbortSignal",
  "Pass the signal of an AbortController: { signal: controller.signal }.",
  (v) => v instanceof AbortSignal,
);
