// CONTRIBUTING.md quotes real code; this holds the quotes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { missingLine } from "./pages.ts";

const root = join(import.meta.dirname, "../..");

describe("the code that CONTRIBUTING.md quotes", () => {
  const text = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  const quotes = [...text.matchAll(/^```typescript\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(([, file = "", body = ""]) => ({ file, body }));

  it("stands behind every recipe, with its test", () => {
    for (const folder of [
      "src/ops/",
      "test/ops/",
      "src/passes/rules/",
      "test/passes/",
      "src/models/",
      "src/errors/catalogue/",
      "test/timer/",
    ])
      assert.ok(
        quotes.some(({ file }) => file.startsWith(folder)),
        folder,
      );
  });

  for (const { file, body } of quotes)
    it(`is that of ${file}`, () => {
      const lines = body.split("\n").filter((line) => line.trim() !== "");
      assert.equal(missingLine(readFileSync(join(root, file), "utf8"), lines), undefined);
    });
});
