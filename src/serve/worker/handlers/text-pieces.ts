// From a text to its tokens: the library's normalizer, pre-tokenizer, model and post-processor, put together here as the Python package does.
import type { Tokenizer as Library } from "@huggingface/tokenizers";
import { refuse } from "../../fault.ts";
import { type AddedToken, addedTokens } from "./added-tokens.ts";
import { model, normalizer, type Part, postProcessor, preTokenizer } from "./tokenizer-parts.ts";

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

/** Loads the library. Throws an Error for parts that neither it nor this file can do as they are meant. */
export async function textPieces(file: TokenizerParts): Promise<TextPieces> {
  const { Tokenizer } = await import("@huggingface/tokenizers");
  const parts = {
    normalizer: file.normalizer && normalizer(file.normalizer),
    pre_tokenizer: file.pre_tokenizer && preTokenizer(file.pre_tokenizer),
    post_processor: (file.post_processor && postProcessor(file.post_processor)) ?? null,
    ...(file.model && { model: model(file.model) }),
  };
  // What tokenizer_config.json says beside the file is not for the library: it would do some of it twice.
  const library = new Tokenizer({ ...file, ...parts }, { unk_token: file.model?.unk_token });
  const split = splitter(library, file.added_tokens ?? []);
  const idOf = (token: string) => library.model?.tokens_to_ids.get(token);
  return {
    idOf,
    tokens(text) {
      const own = split(text);
      // There are no types where nothing is added.
      const { tokens, token_type_ids: types } = library.post_processor?._call(own, null, true) ?? { tokens: own };
      const ids = tokens.map((token: string) => {
        const id = idOf(token) ?? library.model?.unk_token_id;
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

function splitter({ normalizer, pre_tokenizer, model }: Library, added: readonly AddedToken[]): (text: string) => readonly string[] {
  const normalize = (text: string) => normalizer?._call(text) ?? text;
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
        return pieces.flatMap((piece: string) => model?._call([piece]) ?? []);
      });
    });
}

function beginOf(whole: readonly string[], own: readonly string[]): number {
  for (let begin = 0; begin + own.length <= whole.length; begin++) if (own.every((token, i) => whole[begin + i] === token)) return begin;
  return 0;
}
