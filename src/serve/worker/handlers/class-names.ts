// index_to_name.json of an archive, in the three forms that TorchServe takes.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describeValue } from "../../../errors/describe-value.ts";
import { ingotError } from "../../../errors/error.ts";
import type { HandlerContext } from "../handler.ts";

const file = "index_to_name.json";

export type ClassNames = (index: number) => string;

/**
 * From a class's index to its name: `{ "0": "tench" }`, `{ "0": ["n01440764", "tench"] }` (the last one counts) or
 * `{ "object_type_names": [...] }`. Without the file, or for an index that it leaves out, the name is the index. Throws `HandlerFile` for
 * another form.
 */
export async function readClassNames({ folder, model, warn }: Pick<HandlerContext, "folder" | "model" | "warn">): Promise<ClassNames> {
  let text: string;
  try {
    text = await readFile(join(folder, file), "utf8");
  } catch {
    warn(`The archive has no ${file}: classes are named by their index.`);
    return String;
  }
  const wrong = (problem: string, cause?: unknown) => {
    const expected = 'it holds {"0": "tench", …}, {"0": ["n01440764", "tench"], …} or {"object_type_names": ["tench", …]}';
    return ingotError("HandlerFile", { file, model: model.name, problem, expected }, { cause });
  };
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw wrong(`is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const names = namesOf(data, wrong);
  return (index) => names.get(String(index)) ?? String(index);
}

function namesOf(data: unknown, wrong: (problem: string) => Error): ReadonlyMap<string, string> {
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw wrong(`holds ${describeValue(data)}`);
  const table = Object.hasOwn(data, "object_type_names") ? (data as { readonly object_type_names: unknown }).object_type_names : data;
  if (typeof table !== "object" || table === null) throw wrong(`has ${describeValue(table)} as object_type_names`);
  const names = new Map<string, string>();
  for (const [index, entry] of Object.entries(table)) {
    const name: unknown = Array.isArray(entry) ? entry.at(-1) : entry;
    if (typeof name !== "string") throw wrong(`names class ${index} by ${describeValue(entry)}`);
    names.set(index, name);
  }
  return names;
}
