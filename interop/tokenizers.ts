// Hugging Face's Python tokenizers beside the handler text_classifier: small ones of every kind are trained there and saved, and what the handler
// makes of each text must be the same tokens, mask and types.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TensorSpec } from "../src/serve/wire/messages.ts";
import { textClassifier } from "../src/serve/worker/handlers/text-classifier.ts";
import { handlerContext, handlerRequest } from "../test/support/handler-context.ts";
import { type Answer, ask } from "./python.ts";

interface Case {
  readonly text: string;
  readonly ids: readonly number[];
  readonly mask: readonly number[];
  readonly types: readonly number[];
}

const spec = (name: string): TensorSpec => ({ name, dtype: "int64", shape: ["batch", "tokens"] });
const inputs = ["input_ids", "attention_mask", "token_type_ids"].map(spec);

/** Answers once for each tokenizer. */
export async function* compareTokenizers(python: string, folder: string): AsyncIterable<Answer> {
  const home = join(folder, "tokenizers");
  mkdirSync(home);
  for await (const answer of ask(python, "tokenizers_peer.py", [home])) {
    const saved = answer.exports?.folder;
    if (saved === undefined) {
      yield answer;
      continue;
    }
    const compared = compareOne(saved).catch(
      (error: unknown): Answer => ({ problem: error instanceof Error ? error.message : String(error) }),
    );
    yield { ...(answer.model !== undefined && { model: answer.model }), ...(await compared) };
  }
}

async function compareOne(folder: string): Promise<Answer> {
  const cases = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")) as readonly Case[];
  const { preprocess } = await textClassifier(handlerContext({ inputs, folder }));
  const wrong: string[] = [];
  let equal = 0;
  let refused = 0;
  for (const { text, ids, mask, types } of cases) {
    // A request without a text is refused before any tokenizer sees it.
    if (text.trim() === "") {
      refused++;
      continue;
    }
    const theirs = JSON.stringify([ids, mask, types]);
    let ours: string;
    try {
      // In JSON: at the beginning of bytes a mark of byte order would be taken for the encoding's.
      const tensors = await preprocess(handlerRequest({ text }));
      ours = JSON.stringify(tensors.map((t) => t.reshape([-1]).toArray()));
    } catch (error) {
      ours = error instanceof Error ? error.message : String(error);
    }
    if (ours === theirs) equal++;
    else wrong.push(`${JSON.stringify(text).slice(0, 120)}\n      ours   ${ours.slice(0, 400)}\n      theirs ${theirs.slice(0, 400)}`);
  }
  if (wrong.length === 0) return { note: `${equal} texts are equal, ${refused} are empty` };
  return { problem: `${wrong.length} of ${cases.length} texts differ:\n    ${wrong.slice(0, 5).join("\n    ")}` };
}
