// A tokenizer out of an archive: Hugging Face's tokenizer.json, read by their own JavaScript library, which is loaded only for models that have
// one. The library knows no truncation and no padding; both are done here, as the file says.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ingotError } from "../../../errors/error.ts";
import type { HandlerContext } from "../handler.ts";
import { type TextPieces, type TokenizerParts, textPieces } from "./text-pieces.ts";

/** What a model of texts is given for one text. */
export interface Encoded {
  readonly ids: readonly number[];
  /** 1 for tokens, 0 for padding. */
  readonly mask: readonly number[];
  readonly types: readonly number[];
}

export interface EncodeLimits {
  /** The most tokens, those that the tokenizer adds included. */
  readonly most?: number;
  /** Exactly so many, by padding. */
  readonly exactly?: number;
}

export interface TextTokenizer {
  encode(text: string, limits: EncodeLimits): Encoded;
}

interface Side {
  readonly direction?: "Left" | "Right";
}
/** The parts of tokenizer.json that are read here. */
interface TokenizerFile extends TokenizerParts {
  readonly truncation?: (Side & { readonly max_length?: number }) | null;
  readonly padding?:
    | (Side & {
        readonly strategy?: string | { readonly Fixed?: number };
        readonly pad_to_multiple_of?: number | null;
        readonly pad_id?: number;
        readonly pad_type_id?: number;
      })
    | null;
}
interface TokenizerConfig {
  readonly model_max_length?: number;
  readonly pad_token?: unknown;
}

/** Throws `HandlerFile` where tokenizer.json is missing, or is none that the library reads. */
export async function readTokenizer(context: HandlerContext): Promise<TextTokenizer> {
  const file = (await readJson("tokenizer.json", context, true)) as TokenizerFile;
  const config = ((await readJson("tokenizer_config.json", context, false)) ?? {}) as TokenizerConfig;
  let pieces: TextPieces;
  try {
    pieces = await textPieces(file);
  } catch (cause) {
    throw wrongFile("tokenizer.json", context, `cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const { truncation, padding } = file;
  const padToken = typeof config.pad_token === "string" ? pieces.idOf(config.pad_token) : undefined;
  const padId = padding?.pad_id ?? padToken ?? 0;
  const fixed = typeof padding?.strategy === "object" ? padding.strategy.Fixed : undefined;
  const multiple = padding?.pad_to_multiple_of || 1;
  return {
    encode(text, { most, exactly }) {
      const limit = Math.min(
        truncation?.max_length ?? Number.POSITIVE_INFINITY,
        config.model_max_length ?? Number.POSITIVE_INFINITY,
        most ?? Number.POSITIVE_INFINITY,
        exactly ?? Number.POSITIVE_INFINITY,
      );
      const { ids, types, begin, own } = pieces.tokens(text);
      const kept = truncate(ids.length, begin, own, limit, truncation?.direction === "Left");
      const at = <T>(values: readonly T[]) => kept.map((i) => values[i] as T);
      const length = exactly ?? (padding ? Math.ceil((fixed ?? kept.length) / multiple) * multiple : kept.length);
      const left = padding?.direction === "Left";
      return {
        ids: pad(at(ids), length, padId, left),
        mask: pad(new Array<number>(kept.length).fill(1), length, 0, left),
        types: pad(at(types), length, padding?.pad_type_id ?? 0, left),
      };
    },
  };
}

/** The positions that stay: all that the tokenizer added, and of the text's own as many as there is room for. */
function truncate(total: number, begin: number, own: number, limit: number, left: boolean): number[] {
  const all = Array.from({ length: total }, (_, i) => i);
  if (total <= limit) return all;
  const room = Math.max(0, limit - (total - own));
  const from = left ? begin + own - room : begin;
  return all.filter((i) => i < begin || i >= begin + own || (i >= from && i < from + room)).slice(0, limit);
}

function pad(values: readonly number[], length: number, value: number, left: boolean): number[] {
  const filling = new Array<number>(Math.max(0, length - values.length)).fill(value);
  return left ? [...filling, ...values] : [...values, ...filling];
}

async function readJson(file: string, context: HandlerContext, isNeeded: boolean): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(join(context.folder, file), "utf8");
  } catch (cause) {
    if (!isNeeded) return undefined;
    throw wrongFile(file, context, "is missing", cause);
  }
  try {
    const data: unknown = JSON.parse(text);
    if (typeof data === "object" && data !== null && !Array.isArray(data)) return data;
  } catch (cause) {
    throw wrongFile(file, context, `is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  throw wrongFile(file, context, "is not a JSON object");
}

function wrongFile(file: string, { model }: HandlerContext, problem: string, cause?: unknown) {
  const expected = "it is the file that Hugging Face's `tokenizer.save_pretrained(FOLDER)` writes under that name";
  return ingotError("HandlerFile", { file, model: model.name, problem, expected }, { cause });
}
