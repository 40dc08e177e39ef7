// Operators on strings: StringConcat, StringSplit, StringNormalizer, RegexFullMatch.
import { ingotError } from "../errors/error.ts";
import { unknownDim } from "../ir/dim.ts";
import { tensorType } from "../ir/type.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int, string, strings } from "./define.ts";
import { broadcast, inputShape, requireRank, requireWord, shapeOfInput } from "./infer.ts";
import { mapPairs } from "./map-elements.ts";
import { compileRe2 } from "./re2/match.ts";

const texts = (x: Storage): readonly string[] => x.dense() as string[];

/** The strings of `X` with those of `Y` behind them. */
export const stringConcat = defineOp("StringConcat", {
  since: [20],
  inputs: ["X: string", "Y: string"],
  outputs: ["Z: string"],
  accuracy: "exact",
  infer: broadcast("string"),
  eval: ({ X, Y }, _, context) => mapPairs(X, Y, context.shape(0), (x: string, y: string) => x + y, "string"),
});

// ---- StringSplit -----------------------------------------------------------------------------------------------------

/** White space as Unicode and Python have it; JavaScript's `\s` counts the byte order mark too. */
const space = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const leadingSpace = new RegExp(`^[${space}]+`);
const word = new RegExp(`^([^${space}]+)([${space}]+|$)`);

/** Splits at runs of white space, those at the ends left out; after `most` splits the rest stays whole. */
function splitAtSpace(text: string, most: number): string[] {
  const parts: string[] = [];
  let rest = text.replace(leadingSpace, "");
  while (rest !== "") {
    const match = parts.length < most ? word.exec(rest) : null;
    if (!match) return [...parts, rest];
    parts.push(match[1] as string);
    rest = rest.slice(match[0].length);
  }
  return parts;
}

function splitAt(text: string, delimiter: string, most: number): string[] {
  const parts = text.split(delimiter);
  return parts.length <= most + 1 ? parts : [...parts.slice(0, most), parts.slice(most).join(delimiter)];
}

/**
 * Splits each string at `delimiter`, or without one at white space. `Y` has a new last dimension as long as the most parts of any string,
 * filled up with empty strings; `Z` counts the parts.
 */
export const stringSplit = defineOp("StringSplit", {
  since: [20],
  inputs: ["X: string"],
  outputs: ["Y: string", "Z: int64"],
  attributes: { delimiter: string(), maxsplit: int() },
  accuracy: "exact",
  infer(c) {
    const shape = inputShape(c, 0);
    return [tensorType("string", shape && [...shape, unknownDim()]), tensorType("int64", shape)];
  },
  eval({ X }, { delimiter, maxsplit }) {
    const most = maxsplit === undefined || maxsplit < 0 ? Number.POSITIVE_INFINITY : maxsplit;
    const rows = texts(X).map((text) => (delimiter ? splitAt(text, delimiter, most) : splitAtSpace(text, most)));
    const width = rows.reduce((n, row) => Math.max(n, row.length), 0);
    const padded = rows.flatMap((row) => Array.from({ length: width }, (_, i) => row[i] ?? ""));
    const counts = rows.map((row) => row.length);
    return [Storage.of("string", padded, [...X.shape, width]), Storage.from("int64", counts, X.shape)];
  },
});

// ---- StringNormalizer ------------------------------------------------------------------------------------------------

type CaseChange = "NONE" | "LOWER" | "UPPER";
const caseChanges: { readonly [K in CaseChange]: (text: string, locale: string | undefined) => string } = {
  NONE: (text) => text,
  LOWER: (text, locale) => text.toLocaleLowerCase(locale),
  UPPER: (text, locale) => text.toLocaleUpperCase(locale),
};

/** The language tag of a POSIX locale name: `tr_TR.UTF-8` is `tr-TR`; "C" has no rules of its own. Throws `InvalidArgument`. */
function languageOf(locale: string | undefined): string | undefined {
  const tag = locale?.replace(/[.@].*$/, "").replaceAll("_", "-");
  if (!tag || tag === "C" || tag === "POSIX") return undefined;
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    throw ingotError("InvalidArgument", {
      op: "StringNormalizer",
      name: "locale",
      expected: "the name of a locale, such as en_US",
      actual: `"${locale}"`,
      hint: "Leave it out where the rules of a language do not matter.",
    });
  }
}

/** Takes the stop words out of `[C]` or `[1, C]` strings and changes the case of the others. Of nothing, one empty string is left. */
export const stringNormalizer = defineOp("StringNormalizer", {
  since: [10],
  inputs: ["X: string"],
  outputs: ["Y: string"],
  attributes: { case_change_action: string("NONE"), is_case_sensitive: int(0), locale: string(), stopwords: strings() },
  accuracy: "exact",
  infer(c) {
    requireWord(c, "case_change_action", Object.keys(caseChanges), "NONE leaves the case as it is.");
    const shape = requireRank(c, 0, "X", 1, 2);
    const rows = shape?.length === 2 ? shape[0] : 1;
    if (typeof rows === "number" && rows !== 1)
      throw ingotError("ShapeMismatch", {
        op: c.op,
        what: "X",
        actual: `[${shape?.join(", ")}]`,
        expected: "[C] or [1, C]",
        hint: "Rows lose different numbers of stop words: normalise them one by one.",
      });
    return [tensorType("string", shape && (shape.length === 1 ? [unknownDim()] : [1, unknownDim()]))];
  },
  eval({ X }, { case_change_action, is_case_sensitive, locale, stopwords = [] }) {
    const language = languageOf(locale);
    const same = (text: string) => (is_case_sensitive ? text : text.toLocaleLowerCase(language));
    const stops = new Set(stopwords.map(same));
    const kept = texts(X).filter((text) => !stops.has(same(text)));
    const change = caseChanges[case_change_action as CaseChange];
    const result = kept.length > 0 ? kept.map((text) => change(text, language)) : [""];
    return Storage.of("string", result, X.rank === 1 ? [result.length] : [1, result.length]);
  },
});

// ---- RegexFullMatch --------------------------------------------------------------------------------------------------

/** True where the whole string matches `pattern`, in RE2's syntax. */
export const regexFullMatch = defineOp("RegexFullMatch", {
  since: [20],
  inputs: ["X: string"],
  outputs: ["Y: bool"],
  attributes: { pattern: string.required },
  accuracy: "exact",
  infer(c) {
    compileRe2(c.op, c.attributes.pattern as string);
    return shapeOfInput("bool")(c);
  },
  eval({ X }, { pattern }) {
    const matches = compileRe2("RegexFullMatch", pattern);
    const found = texts(X).map((text) => matches(text));
    return Storage.from("bool", found, X.shape);
  },
});
