import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { renderPages } from "../../scripts/error-pages.ts";
import { catalogue, type ErrorCode } from "../../src/errors/catalogue.ts";
import type { ErrorEntry } from "../../src/errors/entry.ts";
import * as errors from "../../src/errors/error.ts";

const { IngotError, ingotError } = errors;
const classes = new Map<string, unknown>(Object.entries(errors));
const rows = Object.entries(catalogue) as [ErrorCode, ErrorEntry][];
const namesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");

/** The error of a row, whichever it is, with a value for each placeholder. */
function raise(code: ErrorCode, entry: ErrorEntry, given: (name: string) => string, context?: errors.ErrorContext): errors.IngotError {
  const params = Object.fromEntries(namesIn(entry.message + entry.hint).map((name) => [name, given(name)]));
  return (ingotError as (code: ErrorCode, params: object, context?: errors.ErrorContext) => errors.IngotError)(code, params, context);
}

describe("the error catalogue", () => {
  it("has a PascalCase code, a message and a page's text in every row", () => {
    for (const [code, { message, about }] of rows) {
      assert.match(code, /^[A-Z][A-Za-z0-9]*$/);
      assert.ok(message.trim().length > 0, `${code} has a message`);
      assert.ok(about.trim().length > 20, `${code} says when it happens`);
    }
  });

  it("has every code once, over all families", () => {
    const families = fileURLToPath(new URL("../../src/errors/catalogue/", import.meta.url));
    const codes = readdirSync(families).flatMap((file) =>
      [...readFileSync(`${families}${file}`, "utf8").matchAll(/^ {2}(\w+): \{$/gm)].map(([, code]) => code ?? ""),
    );
    assert.deepEqual(codes.sort(), Object.keys(catalogue).sort(), "a code of two families hides one of them");
  });

  it("makes of every row an error of its class, with everything that a user is told", () => {
    for (const [code, entry] of rows) {
      const error = raise(code, entry, (name) => `<${name}>`);
      assert.ok(error instanceof IngotError, code);
      assert.ok(error instanceof (classes.get(entry.kind) as typeof IngotError), code);
      assert.deepEqual([error.name, error.code], [entry.kind, code]);
      assert.ok(error.message.startsWith(error.summary) && error.message.includes(error.hint));
      assert.ok(error.message.endsWith(`see docs/errors/${code}.md`));
    }
  });

  it("fills every placeholder with what was given, whatever that is", () => {
    fc.assert(
      fc.property(fc.constantFrom(...rows), fc.string(), ([code, entry], text) => {
        const fill = (template: string) => template.split(/\{\w+\}/).join(text);
        const error = raise(code, entry, () => text);
        assert.deepEqual([error.summary, error.hint], [fill(entry.message), fill(entry.hint)]);
      }),
    );
  });

  it("makes it of the other class where a second front end raises it", () => {
    for (const [code, entry] of rows) {
      if (entry.also === undefined) continue;
      assert.equal(raise(code, entry, () => "x", { kind: entry.also }).name, entry.also);
      assert.match(renderPages().get(`${code}.md`) ?? "", new RegExp(`from script\\(\\) \\[\`${entry.also}\``));
    }
  });

  it("shows the place, the notes and the cause where there are some", () => {
    const frame = { file: "model.ts", line: 3, column: 5, text: "  > 3 | if (x)" };
    const cause = new Error("below");
    const error = ingotError("TensorIdentity", { op: "===" }, { frame, cause, notes: ["in module layer1"] });
    assert.equal(error.frame, frame);
    assert.equal(error.cause, cause);
    assert.deepEqual(error.message.split("\n").slice(0, 4), [
      "`===` compares a tensor by identity, not by value",
      "  at model.ts:3:5",
      "  > 3 | if (x)",
      "  in module layer1",
    ]);
  });
});

describe("the error pages", () => {
  const pages = renderPages();

  it("are one for each code, and an index that links them all", () => {
    assert.deepEqual([...pages.keys()].sort(), [...rows.map(([code]) => `${code}.md`), "README.md"].sort());
    for (const [code] of rows) assert.ok(pages.get("README.md")?.includes(`[${code}](${code}.md)`), code);
  });

  it("say the message, the class and when it happens", () => {
    for (const [code, { kind, message, about }] of rows) {
      const page = pages.get(`${code}.md`) ?? "";
      for (const part of [`# ${code}`, kind, message, about.trim()]) assert.ok(page.includes(part), `${code}: ${part}`);
    }
  });
});
