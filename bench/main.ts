// npm run bench [-- GROUP …]: prints each figure beside its bar, and writes bench/results.json and bench/RESULTS.md.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { type Figure, holds, type Measure } from "./figure.ts";
import { mainGroup } from "./main/group.ts";
import { operatorsGroup } from "./operators/group.ts";
import { scriptGroup } from "./script/group.ts";
import { serveGroup } from "./serve/group.ts";

const groups: Readonly<Record<string, Readonly<Record<string, Measure>>>> = {
  main: mainGroup,
  operators: operatorsGroup,
  script: scriptGroup,
  serve: serveGroup,
};

const wanted = process.argv.slice(2);
const chosen = wanted.length > 0 ? wanted : Object.keys(groups);
const figures: Figure[] = [];

for (const choice of chosen) {
  // `main` runs a group, `main/eager` one of its parts.
  const [group = "", part] = choice.split("/");
  const measures = groups[group];
  if (!measures || (part !== undefined && !measures[part])) {
    console.error(
      `There is no group ${choice}. The groups are ${Object.entries(groups)
        .map(([g, m]) => `${g} (${Object.keys(m).join(", ")})`)
        .join("; ")}.`,
    );
    process.exit(2);
  }
  for (const [name, measure] of Object.entries(measures)) {
    if (part !== undefined && name !== part) continue;
    const since = performance.now();
    for await (const m of measure((what) => console.error(`  ${name}: ${what}`))) {
      const figure: Figure = { group, ...m, holds: m.holds ?? holds(m.value, m.bar) };
      figures.push(figure);
      console.log(line(figure));
    }
    console.error(`  ${name}: ${((performance.now() - since) / 1000).toFixed(0)} s`);
  }
}

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const kept = readOld().filter((old) => !figures.some((f) => f.group === old.group && f.name === old.name) && !chosen.includes(old.group));
const all = [...kept, ...figures];
writeFileSync(here("results.json"), `${JSON.stringify(all, null, 2)}\n`);
writeFileSync(here("RESULTS.md"), markdown(all));
const missed = figures.filter((f) => !f.holds);
console.log(
  missed.length === 0
    ? `all ${figures.length} figures hold`
    : `${missed.length} of ${figures.length} figures MISS their bar: ${missed.map((f) => f.name).join("; ")}`,
);
process.exitCode = missed.length === 0 ? 0 : 1;

function line(f: Figure): string {
  const bar = f.bar ? `  (bar ${f.bar}${f.holds ? "" : ": MISSED"})` : "";
  return `${f.holds ? "  " : "! "}${f.name}: ${format(f.value)} ${f.unit}${bar}${f.spread ? `  [${f.spread}]` : ""}`;
}

function format(v: number): string {
  return Number.isInteger(v) ? String(v) : Math.abs(v) >= 100 ? v.toFixed(0) : Math.abs(v) >= 0.01 ? v.toFixed(3) : v.toExponential(1);
}

function readOld(): Figure[] {
  try {
    return JSON.parse(readFileSync(here("results.json"), "utf8")) as Figure[];
  } catch {
    return [];
  }
}

function markdown(list: readonly Figure[]): string {
  const rows = list.map(
    (f) => `| ${f.group} | ${f.name} | ${format(f.value)} ${f.unit} | ${f.bar} | ${f.holds ? "yes" : "**no**"} | ${f.spread} |`,
  );
  return [
    "# Figures",
    "",
    `Printed by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} × ${cpus()[0]?.model ?? "unknown CPU"}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${release()}, Node ${process.versions.node}.`,
    "",
    "| group | figure | value | bar | holds | spread |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}
