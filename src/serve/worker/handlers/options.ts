// The options of a handler: what the archive's model-config.yaml has under `handler`. It is a stranger's file, checked when a worker starts.
import { describeValue } from "../../../errors/describe-value.ts";
import { ingotError } from "../../../errors/error.ts";
import { didYouMean } from "../../../errors/nearest.ts";
import type { HandlerContext } from "../handler.ts";

/** A kind of option: what it takes, in words, and how a value is read; undefined where it is another. */
export interface OptionKind<T> {
  readonly expected: string;
  read(value: unknown): T | undefined;
}

const kind = <T>(expected: string, read: (value: unknown) => T | undefined): OptionKind<T> => ({ expected, read });

export const flag = kind("true or false", (v) => (typeof v === "boolean" ? v : undefined));
export const whole = (least: number): OptionKind<number> =>
  kind(`a whole number from ${least}`, (v) => (typeof v === "number" && Number.isSafeInteger(v) && v >= least ? v : undefined));
export const fraction = kind("a number from 0 to 1", (v) => (typeof v === "number" && v >= 0 && v <= 1 ? v : undefined));
/** A length in pixels, or `false` for leaving it as it is. */
export const side = kind("a whole number of pixels from 1, or false", (v) => (v === false ? v : whole(1).read(v)));

const triple = (expected: string, valid: (v: number) => boolean) =>
  kind(expected, (v): readonly [number, number, number] | undefined =>
    Array.isArray(v) && v.length === 3 && v.every((x) => typeof x === "number" && valid(x)) ? (v as [number, number, number]) : undefined,
  );
export const means = triple("three numbers, for red, green and blue", Number.isFinite);
export const deviations = triple("three numbers above 0, for red, green and blue", (x) => x > 0 && Number.isFinite(x));

export type OptionKinds = Readonly<Record<string, OptionKind<unknown>>>;

/** The options that are given. */
export type OptionsOf<K extends OptionKinds> = { readonly [N in keyof K]?: K[N] extends OptionKind<infer T> ? T : never };

/**
 * The options of `handler` that the archive sets. An unknown one is told to the operator and left out. Throws `HandlerOption`.
 *
 * @example
 * const { topk = 5 } = readOptions("image_classifier", context, { topk: whole(1) });
 */
export function readOptions<K extends OptionKinds>(handler: string, { config, warn }: HandlerContext, kinds: K): OptionsOf<K> {
  const options: Record<string, unknown> = {};
  for (const [option, given] of Object.entries(config)) {
    const rule = Object.hasOwn(kinds, option) ? kinds[option] : undefined;
    if (!rule) {
      const known = Object.keys(kinds);
      warn(`model-config.yaml: ${handler} has no option ${option}${didYouMean(option, known)}; it has ${known.join(", ") || "none"}.`);
      continue;
    }
    const value = rule.read(given);
    if (value === undefined) throw ingotError("HandlerOption", { handler, option, actual: describeValue(given), expected: rule.expected });
    options[option] = value;
  }
  return options as OptionsOf<K>;
}
