// tokenizer.json in other words. The JavaScript library reads several parts of it otherwise than the Python package that writes the file: ASCII where
// that takes Unicode, settings that it passes over. What these parts do can be said by parts that both read alike, and is said so here; what cannot
// be is refused. `npm run interop -- tokenizers` compares the two.

/** A part of tokenizer.json: a normalizer, a pre-tokenizer, a post-processor or the model. */
export interface Part {
  readonly type?: string;
  readonly [key: string]: unknown;
}

const isPart = (value: unknown): value is Part => typeof value === "object" && value !== null && !Array.isArray(value);
const list = (value: unknown): readonly Part[] => (Array.isArray(value) ? value.filter(isPart) : []);

/** Rust's classes of characters, in what the library takes as a regular expression. */
const punctuation = "\\p{P}!-\\/:-@\\[-`\\{-~";
const word = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
const space = "\\p{White_Space}";
/** Tabs and ends of lines are spaces, not controls. */
const control = "\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F-\\u009F\\uFFFD\\p{Cf}\\p{Co}";
/** What BERT calls Chinese: the ideographs, but for those that its table leaves out. */
const chinese = [
  "\\u4E00-\\u9FFF\\u3400-\\u4DBF\\uF900-\\uFAFF",
  "\\u{20000}-\\u{2A6DF}\\u{2A700}-\\u{2B73F}\\u{2B740}-\\u{2B81F}\\u{2B920}-\\u{2CEAF}\\u{2F800}-\\u{2FA1F}",
].join("");
const gpt2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${space}\\p{L}\\p{N}]+|${space}+(?!\\P{White_Space})|${space}+`;

/** `by` as `String.prototype.replaceAll` reads it, to which the library hands it. */
const replace = (pattern: string, by: string): Part => ({ type: "Replace", pattern: { Regex: pattern }, content: by });
const sequence = (parts: readonly Part[]): Part => ({ type: "Sequence", pretokenizers: parts });

// The library lowers a Σ at the end of a word as Greek is written; the original lowers each character for itself.
const lowercase: readonly Part[] = [replace("Σ", "σ"), { type: "Lowercase" }];

const normalizers: Readonly<Record<string, (part: Part) => readonly Part[]>> = {
  BertNormalizer: ({ clean_text, handle_chinese_chars, strip_accents, lowercase: lower }) => [
    ...(clean_text ? [replace(`[${control}]`, ""), replace(`[${space}]`, " ")] : []),
    ...(handle_chinese_chars ? [replace(`[${chinese}]`, " $& ")] : []),
    ...((strip_accents ?? lower) ? [{ type: "NFD" }, replace("\\p{Mn}", "")] : []),
    ...(lower ? lowercase : []),
  ],
  Lowercase: () => lowercase,
  Strip: ({ strip_left, strip_right }) => [
    ...(strip_left ? [replace(`\\A${space}+`, "")] : []),
    ...(strip_right ? [replace(`${space}+\\z`, "")] : []),
  ],
  // An empty text stays empty.
  Prepend: ({ prepend }) => [replace("\\A(?=[\\s\\S])", literally(prepend))],
  Replace: (part) => [{ ...part, content: literally(part.content) }],
  Sequence: (part) => list(part.normalizers).flatMap(normalizerSteps),
};

/** What a normalizer does, one after the other, in normalizers that the library reads as the original does, but for `Precompiled`. */
export function normalizerSteps(part: Part): readonly Part[] {
  const rewrite = part.type !== undefined && Object.hasOwn(normalizers, part.type) ? normalizers[part.type] : undefined;
  return rewrite ? rewrite(part) : [part];
}

const preTokenizers: Readonly<Record<string, (part: Part) => Part>> = {
  BertPreTokenizer: () => only(`[^${space}${punctuation}]+|[${punctuation}]`),
  Whitespace: () => only(`[${word}]+|[^${word}${space}]+`),
  WhitespaceSplit: () => only(`[^${space}]+`),
  Punctuation: ({ behavior = "Isolated" }) => split(`[${punctuation}]`, behavior, false),
  Digits: ({ individual_digits }) => split("\\p{N}", individual_digits ? "Isolated" : "Contiguous", false),
  FixedLength: ({ length }) => only(`[\\s\\S]{1,${length}}`),
  Split: ({ pattern, behavior, invert }) => split(regexOf(pattern), behavior, invert === true),
  ByteLevel: ({ add_prefix_space, use_regex = true }) =>
    sequence([
      ...(add_prefix_space ? [replace("\\A(?=[^ ])", " ")] : []),
      ...(use_regex ? [split(gpt2, "Isolated", false)] : []),
      { type: "ByteLevel", add_prefix_space: false, use_regex: false },
    ]),
  Metaspace: (part) => {
    const { replacement = "▁", add_prefix_space, prepend_scheme = add_prefix_space === false ? "never" : "always", split: apart } = part;
    const mark = escaped(String(replacement));
    return sequence([
      { type: "Metaspace", replacement, prepend_scheme },
      ...(apart === false ? [] : [split(mark, "MergedWithNext", false)]),
    ]);
  },
  Sequence: (part) => {
    const parts = list(part.pretokenizers);
    // The library would put a mark before every piece of the first text.
    if (parts.slice(1).some((p) => p.type === "Metaspace" && p.prepend_scheme === "first"))
      throw new Error("a Metaspace that marks the first piece, after another pre-tokenizer, is not supported");
    return sequence(parts.map(preTokenizer));
  },
};

/** A pre-tokenizer that the library reads as the original reads `part`; what the library refuses itself is left as it is. */
export function preTokenizer(part: Part): Part {
  const rewrite = part.type !== undefined && Object.hasOwn(preTokenizers, part.type) ? preTokenizers[part.type] : undefined;
  return rewrite ? rewrite(part) : part;
}

/** The matches, and nothing between them. */
const only = (regex: string): Part => ({ type: "Split", pattern: { Regex: regex }, behavior: "Removed", invert: true });

/**
 * The library splits into matches and what lies between, or leaves one of both out; the other behaviours are brought into the expression. `invert`
 * calls matches what lies between the expression's. Throws an Error for what is neither.
 */
function split(regex: string, behavior: unknown, invert: boolean): Part {
  const isolated = (pattern: string): Part => ({ type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false });
  const between = `(?:(?!${regex})[\\s\\S])`;
  switch (behavior) {
    case "Removed":
      return invert ? only(regex) : { type: "Split", pattern: { Regex: regex }, behavior, invert };
    case "Isolated":
      return isolated(regex);
    case "Contiguous":
      return isolated(`(?:${regex})+`);
    case "MergedWithPrevious":
      if (!invert) return isolated(`${between}*(?:${regex})|${between}+`);
      break;
    case "MergedWithNext":
      if (!invert) return isolated(`(?:${regex})${between}*|${between}+`);
      break;
  }
  throw new Error(`a Split with the behavior ${String(behavior)}${invert ? " and inverted" : ""} is not supported`);
}

function regexOf(pattern: unknown): string {
  if (isPart(pattern)) {
    if (typeof pattern.Regex === "string") return pattern.Regex;
    if (typeof pattern.String === "string") return escaped(pattern.String);
  }
  throw new Error("a Split without a pattern");
}

/** What matches `text` itself, in a regular expression. */
export const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
/** `replaceAll` takes `$` for the beginning of a reference. */
const literally = (content: unknown) => (typeof content === "string" ? content.replaceAll("$", "$$$$") : "");

/** A post-processor that gives the tokens it stands for by name; undefined for one that moves offsets only. */
export function postProcessor(part: Part): Part | undefined {
  if (part.type === "ByteLevel") return undefined;
  if (part.type === "Sequence") {
    const kept = list(part.processors).flatMap((p) => postProcessor(p) ?? []);
    return kept.length > 0 ? { type: "Sequence", processors: kept } : undefined;
  }
  if (part.type !== "TemplateProcessing") return part;
  const tokens = (id: unknown): readonly unknown[] => {
    const special = isPart(part.special_tokens) && typeof id === "string" ? part.special_tokens[id] : undefined;
    return isPart(special) && Array.isArray(special.tokens) ? special.tokens : [id];
  };
  const single = list(part.single).flatMap((item) => {
    const special = item.SpecialToken;
    return isPart(special) ? tokens(special.id).map((id) => ({ SpecialToken: { ...special, id } })) : [item];
  });
  return { ...part, single };
}

/** The model with its type, which old files leave to be guessed. Throws an Error for what the library passes over. */
export function model(part: Part): Part {
  const type = part.type ?? guess(part);
  if (part.byte_fallback === true && type === "Unigram") throw new Error("a Unigram with byte_fallback is not supported");
  if (type === "BPE" && part.continuing_subword_prefix) throw new Error("a BPE with continuing_subword_prefix is not supported");
  if (type === "BPE" && part.dropout) throw new Error("a BPE with dropout gives other tokens each time");
  return { ...part, type };
}

function guess(part: Part): string {
  if (Array.isArray(part.vocab)) return "Unigram";
  if ("merges" in part) return "BPE";
  return "max_input_chars_per_word" in part ? "WordPiece" : "WordLevel";
}
