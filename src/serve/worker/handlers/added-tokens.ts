// The tokens that are looked for in the text itself, before anything splits it: `[SEP]`, `<mask>`. The library finds them too, but takes a text that
// becomes one only by its normalizer for one (`<S>`), and does not know those that count only as a word for themselves.
import { escaped } from "./tokenizer-parts.ts";

/** One of `added_tokens` of tokenizer.json. */
export interface AddedToken {
  readonly content: string;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  readonly normalized?: boolean;
}

/** Text, or a token that was found in it. */
export interface Section {
  readonly text: string;
  readonly token?: AddedToken;
}

const wordAtEnd = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]$/u;
const wordAtBegin = /^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const spaceAtEnd = /(?<!\p{White_Space})\p{White_Space}+$/u;
const spaceAtBegin = /^\p{White_Space}+/u;

/**
 * Splits a text at the tokens, each being looked for as `spelt` gives it: the longest one wherever several begin. One of `single_word` is text where
 * letters touch it; `lstrip` and `rstrip` take the spaces beside it away.
 *
 * @example
 * addedTokens([{ content: "<mask>", lstrip: true }])("a <mask>."); // [{ text: "a" }, { text: "<mask>", token }, { text: "." }]
 */
export function addedTokens(tokens: readonly AddedToken[], spelt = (content: string) => content): (text: string) => readonly Section[] {
  // The first of two that are spelt alike counts.
  const bySpelling = new Map([...tokens].reverse().map((token) => [spelt(token.content), token]));
  bySpelling.delete("");
  if (bySpelling.size === 0) return (text) => [{ text }];
  const longestFirst = [...bySpelling.keys()].sort((a, b) => b.length - a.length);
  const any = new RegExp(longestFirst.map(escaped).join("|"), "gu");
  return (text) => {
    const sections: Section[] = [];
    let done = 0;
    for (const { 0: found, index } of text.matchAll(any)) {
      const token = bySpelling.get(found);
      if (!token || index < done) continue;
      let [begin, end] = [index, index + found.length];
      if (token.single_word && (wordAtEnd.test(text.slice(Math.max(0, begin - 2), begin)) || wordAtBegin.test(text.slice(end)))) continue;
      if (token.lstrip) begin -= spaceAtEnd.exec(text.slice(done, begin))?.[0].length ?? 0;
      if (token.rstrip) end += spaceAtBegin.exec(text.slice(end))?.[0].length ?? 0;
      if (begin > done) sections.push({ text: text.slice(done, begin) });
      sections.push({ text: found, token });
      done = end;
    }
    if (done < text.length) sections.push({ text: text.slice(done) });
    return sections;
  };
}
