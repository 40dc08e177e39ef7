// From a text to its tokens: the library's normalizer, pre-tokenizer, model and post-processor, put together here as the Python package does.
import { refuse } from "../../fault.ts";
import { type AddedToken, addedTokens } from "./added-tokens.ts";
import { precompiled } from "./precompiled.ts";
import { model, normalizerSteps, type Part, postProcessor, preTokenizer } from "./tokenizer-parts.ts";

/** The parts of tokenizer.json that make tokens. */
export interface TokenizerParts {
  readonly normalizer?: Part | null;
  readonly pre_tokenizer?: Part | null;
  readonly post_processor?: Part | null;
  readonly model?: Part | null;
  readonly added_tokens?: readonly AddedToken[];
}

export interface Tokens {
  readonly ids: readonly number[];
  readonly types: readonly number[];
  /** Where the text's own tokens begin among those that are added around them, and how many they are. */
  readonly begin: number;
  readonly own: number;
}

export interface TextPieces {
  tokens(text: string): Tokens;
  /** The number of a token. */
  idOf(token: string): number | undefined;
}

/** What is used of the library's tokenizer, whose declarations TypeScript does not find among themselves. */
interface Library {
  readonly normalizer: { readonly normalizers: readonly ({ _call(text: string): string } | null)[] };
  readonly pre_tokenizer: { _call(text: string, options: { readonly section_index: number }): string[] } | null;
  readonly model: {
    readonly tokens_to_ids: ReadonlyMap<string, number>;
    readonly unk_token_id?: number;
    _call(pieces: string[]): string[];
  };
  readonly post_processor: { _call(tokens: readonly string[], pair: null, add: boolean): Processed } | null;
}
interface Processed {
  readonly tokens: readonly string[];
  readonly token_type_ids?: readonly number[];
}

/** Loads the library. Throws an Error for parts that neither it nor this file can do as they are meant. */
export async function textPieces(file: TokenizerParts): Promise<TextPieces> {
  const { Tokenizer } = await import("@huggingface/tokenizers");
  const steps = file.normalizer ? normalizerSteps(file.normalizer) : [];
  const parts = {
    normalizer: { type: "Sequence", normalizers: steps },
    pre_tokenizer: file.pre_tokenizer && preTokenizer(file.pre_tokenizer),
    post_processor: (file.post_processor && postProcessor(file.post_processor)) ?? null,
    ...(file.model && { model: model(file.model) }),
  };
  // What tokenizer_config.json says beside the file is not for the library: it would do some of it twice.
  const library: Library = new Tokenizer({ ...file, ...parts }, { unk_token: file.model?.unk_token });
  const theirs = library.normalizer.normalizers;
  // The library does always the same instead of the rules that the file brings.
  const normalizers = steps.map(({ type, precompiled_charsmap }, i) =>
    type === "Precompiled" ? precompiled(precompiled_charsmap) : (text: string) => theirs[i]?._call(text) ?? text,
  );
  const normalize = (text: string) => normalizers.reduce((done, step) => step(done), text);
  const split = splitter(library, normalize, file.added_tokens ?? []);
  const idOf = (token: string) => library.model.tokens_to_ids.get(token);
  return {
    idOf,
    tokens(text) {
      const own = split(text);
      // There are no types where nothing is added.
      const { tokens, token_type_ids: types }: Processed = library.post_processor?._call(own, null, true) ?? { tokens: own };
      const ids = tokens.map((token) => {
        const id = idOf(token) ?? library.model.unk_token_id;
        if (id !== undefined) return id;
        throw refuse(
          "BadRequestException",
          "The text holds what the tokenizer has no token for, and it has none for what it does not know.",
        );
      });
      return { ids, types: types ?? ids.map(() => 0), begin: beginOf(tokens, own), own: own.length };
    },
  };
}

function splitter(
  { pre_tokenizer, model }: Library,
  normalize: (text: string) => string,
  added: readonly AddedToken[],
): (text: string) => readonly string[] {
  const before = addedTokens(added.filter((token) => !token.normalized));
  const after = addedTokens(
    added.filter((token) => token.normalized),
    normalize,
  );
  return (text) =>
    before(text).flatMap((part, i) => {
      if (part.token) return [part.token.content];
      return after(normalize(part.text)).flatMap(({ token, text }, j) => {
        if (token) return [token.content];
        if (text === "") return [];
        // Metaspace asks whether this is the beginning of the whole text.
        const pieces = pre_tokenizer?._call(text, { section_index: i + j }) ?? [text];
        // Unknown tokens side by side become one where the model says so, but not across the pieces.
        return pieces.flatMap((piece) => model._call([piece]));
      });
    });
}

function beginOf(whole: readonly string[], own: readonly string[]): number {
  for (let begin = 0; begin + own.length <= whole.length; begin++) if (own.every((token, i) => whole[begin + i] === token)) return begin;
  return 0;
}
