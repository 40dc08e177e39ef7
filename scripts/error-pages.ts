// Writes docs/errors/: one page for each row of the error catalogue, and an index of them by class. The catalogue is the only source:
// a page is never edited. `node --import tsx scripts/error-pages.ts` writes; with `--check` it exits 1 where a page is out of date.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { catalogue } from "../src/errors/catalogue.ts";
import type { ErrorEntry, ErrorKind } from "../src/errors/entry.ts";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "docs", "errors");
const marker = "<!-- Generated from src/errors/catalogue by scripts/error-pages.ts. Not to be edited. -->";
const rows: readonly (readonly [string, ErrorEntry])[] = Object.entries(catalogue).sort(([a], [b]) => (a < b ? -1 : 1));

/** The pages as they must be: file name → text. */
export function renderPages(): ReadonlyMap<string, string> {
  const pages = new Map(rows.map(([code, entry]) => [`${code}.md`, renderPage(code, entry)]));
  return pages.set("README.md", renderIndex());
}

function renderPage(code: string, { kind, also, message, hint, about }: ErrorEntry): string {
  const shown = ["```text", message, "```"].join("\n");
  // A hint that is one placeholder is written where the error is raised, for that very case.
  const fixed = !/^\{\w+\}$/.test(hint) && hint !== "";
  const mend = fixed ? ["## What to do", hint] : [];
  const names = placeholders(fixed ? message + hint : message);
  const told =
    names.length > 0
      ? [`Here ${names.map((name) => `\`{${name}}\``).join(", ")} ${names.length === 1 ? "stands" : "stand"} for what was given or found.`]
      : [];
  const link = (name: ErrorKind) => `[\`${name}\`](README.md#${name.toLowerCase()})`;
  const more = `Class: ${link(kind)}${also ? `, from script() ${link(also)}` : ""}. All errors: [index](README.md).`;
  return `${[marker, `# ${code}`, shown, ...told, about.trim(), ...mend, more].join("\n\n")}\n`;
}

function renderIndex(): string {
  const kinds = [...new Set(rows.map(([, { kind }]) => kind))].sort();
  const intro =
    "Every error that a user can cause is an `IngotError` with a stable `code`, a `hint`, and a code frame where there is a source. Each code has a page here.";
  return `${[marker, "# Errors", intro, ...kinds.map(renderKind)].join("\n\n")}\n`;
}

function renderKind(kind: ErrorKind): string {
  const own = rows.filter(([, entry]) => entry.kind === kind);
  const lines = own.map(([code, { message }]) => `| [${code}](${code}.md) | ${cell(message)} |`);
  return [`## ${kind}`, "", "| code | message |", "|---|---|", ...lines].join("\n");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replace(/\s+/g, " ");
}

function placeholders(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ""))];
}

/** Names of pages that are missing, differ, or have no row any more. */
export function outdatedPages(pages: ReadonlyMap<string, string>): readonly string[] {
  const present = existsSync(folder) ? readdirSync(folder) : [];
  const wrong = [...pages].filter(([name, text]) => !present.includes(name) || readFileSync(join(folder, name), "utf8") !== text);
  return [...wrong.map(([name]) => name), ...present.filter((name) => !pages.has(name))].sort();
}

function writePages(pages: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  for (const name of outdatedPages(pages)) {
    const text = pages.get(name);
    if (text === undefined) rmSync(join(folder, name));
    else writeFileSync(join(folder, name), text);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const pages = renderPages();
  const outdated = outdatedPages(pages);
  if (!process.argv.includes("--check")) {
    writePages(pages);
    console.log(`docs/errors: ${pages.size} pages, ${outdated.length} changed`);
  } else if (outdated.length > 0) {
    console.error(`docs/errors is out of date (${outdated.join(", ")}): run node --import tsx scripts/error-pages.ts`);
    process.exitCode = 1;
  }
}
