// Names of classes, from the files that people have: one label per line, or JSON (ImageNet's index file among them).
import { readFile } from "node:fs/promises";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";

export type Labels = (index: number) => string | undefined;

/** Throws `FileNotFound`, `LabelsFile`. */
export async function readLabels(file: string): Promise<Labels> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw fileError("read", file, cause);
  }
  if (!/^\s*[[{]/.test(text)) {
    const lines = text.trimEnd().split(/\r?\n/);
    return (index) => lines[index];
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw ingotError("LabelsFile", { file, problem: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
  const entries = new Map(Object.entries(data as object));
  return (index) => {
    const entry: unknown = entries.get(String(index));
    // ImageNet's index file: { "0": ["n01440764", "tench"], … }
    return Array.isArray(entry) ? String(entry.at(-1)) : entry === undefined ? undefined : String(entry);
  };
}
