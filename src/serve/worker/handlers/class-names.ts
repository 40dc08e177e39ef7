// index_to_name.json of an archive, in the three forms that TorchServe takes.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const file = "index_to_name.json";

/**
 * From a class's index to its name: `{ "0": "tench" }`, `{ "0": ["n01440764", "tench"] }` (the last one counts) or
 * `{ "object_type_names": [...] }`. Without the file, or for an index that it leaves out, the name is the index. Throws Error for another form.
 */
export async function readClassNames(folder: string, warn: (message: string) => void): Promise<(index: number) => string> {
  let text: string;
  try {
    text = await readFile(join(folder, file), "utf8");
  } catch {
    warn(`The archive has no ${file}: classes are named by their index.`);
    return String;
  }
  const names = namesOf(JSON.parse(text) as unknown);
  return (index) => names.get(String(index)) ?? String(index);
}

function namesOf(value: unknown): ReadonlyMap<string, string> {
  const expected = `${file} must be {"0": "tench", …}, {"0": ["n01440764", "tench"], …} or {"object_type_names": ["tench", …]}`;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${expected}; it is ${JSON.stringify(value)?.slice(0, 60)}.`);
  const table = "object_type_names" in value ? value.object_type_names : value;
  const names = new Map<string, string>();
  for (const [index, entry] of Object.entries(table as object)) {
    const name: unknown = Array.isArray(entry) ? entry.at(-1) : entry;
    if (typeof name !== "string") throw new Error(`${expected}; the entry of ${index} is ${JSON.stringify(entry)?.slice(0, 60)}.`);
    names.set(index, name);
  }
  return names;
}
