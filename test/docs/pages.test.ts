// Every TypeScript block of README.md and docs/guides/ runs as written, in an empty folder, and prints what the page says.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { missingLine, programsOf } from "./pages.ts";

const root = join(import.meta.dirname, "../..");
const guides = join(root, "docs/guides");
const pages = [
  join(root, "README.md"),
  ...readdirSync(guides)
    .filter((name) => name.endsWith(".md"))
    .sort()
    .map((name) => join(guides, name)),
];
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const source = pathToFileURL(`${join(root, "src")}/`).href;

describe("the programs in the documentation", () => {
  const inFolder = temporaryFolder({ eachTest: true });
  beforeEach(() => {
    // `ingot` is the source of this checkout, by the hooks that the command line uses for model files.
    const data = JSON.stringify({ data: { root: source, extension: ".ts" } });
    writeFileSync(
      inFolder("hooks.mjs"),
      `import { register } from "node:module";\nregister("${new URL("source/module-hooks.ts", source)}", import.meta.url, ${data});\n`,
    );
  });

  for (const page of pages)
    for (const { line, code, prints } of programsOf(page))
      it(`${relative(root, page)}:${line} runs and prints what the page says`, () => {
        writeFileSync(inFolder("program.ts"), code);
        const args = ["--import", tsx, "--import", "./hooks.mjs", "program.ts"];
        const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: inFolder(), encoding: "utf8" });
        assert.equal(status, 0, `${stdout}\n${stderr}`);
        const missing = missingLine(stdout, prints);
        assert.equal(missing, undefined, `the page says that this is printed: ${missing}\n${stdout}`);
      }).timeout(600_000);

  it("there are some in every guide", () => {
    for (const page of pages) assert.ok(programsOf(page).length > 0, page);
  });
});

describe("missingLine", () => {
  it("finds lines in order, … standing for anything", () => {
    assert.equal(missingLine("a 1\nb 2\nc 3", ["a …", "c 3"]), undefined);
    assert.equal(missingLine("a 1\nb 2", ["b 2", "a 1"]), "a 1");
    assert.equal(missingLine("a.b", ["axb"]), "axb");
  });
});
