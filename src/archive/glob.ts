// File names with wildcards, as Python's `glob` expands them where the shell did not: `*` and `?` do not cross folders or match a leading dot.
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Whether a name asks for more than one file. */
export const hasWildcard = (pattern: string): boolean => /[*?]|\[.*\]/.test(pattern);

/**
 * The existing paths that fit a pattern, by name.
 *
 * @example
 * await expandGlob("assets/*.json"); // ["assets/a.json", "assets/b.json"]
 */
export async function expandGlob(pattern: string): Promise<string[]> {
  const parts = pattern.split("/").filter((part, i) => part !== "" || i === 0);
  const absolute = parts[0] === "";
  let found: string[] = [absolute ? "/" : ""];
  for (const part of absolute ? parts.slice(1) : parts)
    found = (await Promise.all(found.map((folder) => (hasWildcard(part) ? matches(folder, part) : literal(folder, part))))).flat();
  return found.sort();
}

async function literal(folder: string, part: string): Promise<string[]> {
  const path = join(folder, part);
  return lstat(path).then(
    () => [path],
    () => [],
  );
}

async function matches(folder: string, part: string): Promise<string[]> {
  const fits = pattern(part);
  if (!fits) return [];
  const names = await readdir(folder || ".").catch(() => []);
  return names.filter((name) => fits.test(name) && (part.startsWith(".") || !name.startsWith("."))).map((name) => join(folder, name));
}

/** Undefined for a range that ends before it begins, which no name fits. */
function pattern(part: string): RegExp | undefined {
  const text = part.replace(/\[(!?)([^\]]+)\]|[*?]|[\s\S]/g, (all, not: string | undefined, set: string | undefined) => {
    if (set !== undefined) return `[${not ? "^" : ""}${set.replace(/[\\\]^]/g, "\\$&")}]`;
    if (all === "*") return "[^/]*";
    return all === "?" ? "[^/]" : all.replace(/[.+^${}()|[\]\\/]/g, "\\$&");
  });
  try {
    return new RegExp(`^${text}$`, "s");
  } catch {
    return undefined;
  }
}
