// Checks that package-lock.json is whole: it agrees with package.json, every package that a locked one asks for has an entry that satisfies it,
// optional ones and those of other platforms included. npm leaves such entries out when it re-uses an installed node_modules, and then
// refuses its own file (`npm ci` fails on a fresh clone). `node scripts/check-lock.mjs` prints what is missing.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { satisfies } from "./version-range.mjs";

const kinds = ["dependencies", "devDependencies", "optionalDependencies"];

/**
 * Everything that is wrong with a lock file.
 * @param {object} manifest package.json, parsed
 * @param {object} lock package-lock.json, parsed
 * @returns {string[]}
 */
export function lockProblems(manifest, lock) {
  const packages = lock.packages ?? {};
  const root = packages[""] ?? {};
  const problems = [];
  for (const kind of kinds)
    for (const name of new Set([...Object.keys(manifest[kind] ?? {}), ...Object.keys(root[kind] ?? {})]))
      if (manifest[kind]?.[name] !== root[kind]?.[name])
        problems.push(
          `${kind}: package.json has ${name} ${manifest[kind]?.[name] ?? "not at all"}, the lock ${root[kind]?.[name] ?? "not at all"}`,
        );
  for (const [place, entry] of Object.entries(packages)) {
    const who = place === "" ? "package.json" : place.replace(/^.*node_modules\//, "");
    if (place !== "" && !entry.link && !(entry.version && entry.integrity)) problems.push(`${place} has no version or no integrity`);
    const wanted = { ...entry.dependencies, ...entry.optionalDependencies, ...(place === "" && entry.devDependencies) };
    for (const [name, range] of Object.entries(wanted)) {
      const found = resolve(packages, place, name);
      if (!found) problems.push(`${who} asks for ${name} ${range}, which has no entry`);
      else if (!satisfies(found.version, range)) problems.push(`${who} asks for ${name} ${range}, the lock has ${found.version}`);
    }
    for (const [name, range] of Object.entries(entry.peerDependencies ?? {})) {
      const found = resolve(packages, place, name);
      if (!found && !entry.peerDependenciesMeta?.[name]?.optional)
        problems.push(`${who} needs ${name} ${range} beside it, which has no entry`);
    }
  }
  return problems;
}

/** What `require(name)` from a package at `place` finds: as Node looks it up, from the inside out. */
function resolve(packages, place, name) {
  for (let folder = place; ; ) {
    const found = packages[`${folder ? `${folder}/` : ""}node_modules/${name}`];
    if (found) return found;
    if (folder === "") return undefined;
    const cut = folder.lastIndexOf("/node_modules/");
    folder = cut < 0 ? "" : folder.slice(0, cut);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const read = (name) => JSON.parse(readFileSync(join(import.meta.dirname, "..", name), "utf8"));
  const problems = lockProblems(read("package.json"), read("package-lock.json"));
  for (const problem of problems) console.error(problem);
  console.log(
    problems.length === 0 ? "the lock file is whole" : `${problems.length} problems; a fresh npm install without node_modules mends it`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
}
