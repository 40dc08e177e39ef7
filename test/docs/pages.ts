// Programs in Markdown pages: the TypeScript blocks, and what the page says that they print.
import { readFileSync } from "node:fs";

export interface Program {
  /** Line of its first block in the page. */
  readonly line: number;
  readonly code: string;
  /** Lines that the page says are printed, in order; `…` stands for anything. */
  readonly prints: readonly string[];
}

/**
 * The programs of a page. A `ts` block that begins with an import begins a program, the others go on with it; a `text` block says what has
 * been printed since.
 */
export function programsOf(page: string): Program[] {
  const text = readFileSync(page, "utf8");
  const programs: { line: number; code: string; prints: string[] }[] = [];
  for (const match of text.matchAll(/^```(ts|text)\n([\s\S]*?)^```$/gm)) {
    const [, language, body = ""] = match;
    const line = text.slice(0, match.index).split("\n").length;
    if (language === "ts" && /^import\b/.test(body)) programs.push({ line, code: "", prints: [] });
    const program = programs.at(-1);
    if (!program) throw new Error(`${page}:${line}: a program begins with its imports`);
    if (language === "ts") program.code += `${body}\n`;
    else program.prints.push(...body.trimEnd().split("\n"));
  }
  return programs;
}

/** The first line of `prints` that the output does not have behind the ones before it. */
export function missingLine(output: string, prints: readonly string[]): string | undefined {
  const lines = output.split("\n").map((line) => line.trimEnd());
  let at = 0;
  for (const wanted of prints) {
    const pattern = new RegExp(`^${wanted.trimEnd().split("…").map(escape).join(".*")}$`);
    const found = lines.findIndex((line, i) => i >= at && pattern.test(line));
    if (found < 0) return wanted;
    at = found + 1;
  }
  return undefined;
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
