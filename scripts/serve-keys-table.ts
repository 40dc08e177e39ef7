// Writes the tables of keys into docs/guides/serve-configuration.md: the table of the code is their only source. A test compares the two;
// `node --import tsx scripts/serve-keys-table.ts` writes.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { keyOfFlag } from "../src/serve/config/flags.ts";
import { type Key, keys, keysWithoutEffect, profiles } from "../src/serve/config/keys.ts";
import type { Settings } from "../src/serve/config/server-config.ts";

/** The page that holds the tables. */
export const page = join(dirname(dirname(fileURLToPath(import.meta.url))), "docs", "guides", "serve-configuration.md");

const rows: readonly Key<unknown>[] = Object.values(keys);
const table = (head: string, body: readonly string[]) => [head, head.replace(/[^|]+/g, "---"), ...body].join("\n");
const code = (text: string) => `\`${text}\``;
const inCell = (text: string) => text.replaceAll("|", "\\|");

function keyRow({ key, fallback, kind, about }: Key<unknown>): string {
  const flag = Object.values(keyOfFlag).find((f) => f.key === key)?.flag;
  const cells = [code(key), fallback ? code(fallback) : "", kind.expected, flag ? `${about} (${code(flag)})` : about];
  return `| ${cells.map(inCell).join(" | ")} |`;
}

const keyTable = (own: boolean) => table("| key | default | takes | |", rows.filter((row) => (row.own ?? false) === own).map(keyRow));

function profileTable(): string {
  const names = [...new Set(Object.values(profiles).flatMap((p) => Object.keys(p)))] as (keyof Settings)[];
  const value = (profile: keyof typeof profiles, name: keyof Settings) => code(profiles[profile][name] ?? keys[name].fallback ?? "");
  return table(
    "| key | torchserve | kserve | triton |",
    names.map((name) => `| ${code(keys[name].key)} | ${value("torchserve", name)} | ${value("kserve", name)} | ${value("triton", name)} |`),
  );
}

const withoutEffect = () =>
  table(
    "| key | what it is about in TorchServe |",
    Object.entries(keysWithoutEffect).map(([key, about]) => `| ${code(key)} | ${about} |`),
  );

const tables: Readonly<Record<string, () => string>> = {
  keys: () => keyTable(false),
  own: () => keyTable(true),
  profiles: profileTable,
  "without-effect": withoutEffect,
};

/** A text of the page with its tables as they must be. Throws for a marker of a table that there is none of, or that is missing. */
export function withTables(text: string): string {
  const found = new Set<string>();
  const written = text.replace(/(<!-- table: ([\w-]+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, begin: string, name: string, end: string) => {
    const make = tables[name];
    if (!make) throw new Error(`There is no table ${name}.`);
    found.add(name);
    return `${begin}\n${make()}\n\n${end}`;
  });
  const missing = Object.keys(tables).filter((name) => !found.has(name));
  if (missing.length > 0) throw new Error(`The page has no table ${missing.join(", ")}.`);
  return written;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(page, withTables(readFileSync(page, "utf8")));
