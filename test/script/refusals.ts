// What script() must refuse: with which code, and at which place of the test's own source.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type IngotError, ScriptError, script } from "../../src/index.ts";
import type { Model } from "../../src/trace/model.ts";
import { assertError, errorOf } from "../support/trace-errors.ts";
import type { Specs } from "./eager-agreement.ts";

/** A place in a file, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The place that a file marks with `// HERE: name, at token` on its line: the first occurrence of the token there. */
export function markedPlace(fileUrl: string, name: string): Place {
  const mark = `// HERE: ${name}, at `;
  const lines = readFileSync(fileURLToPath(fileUrl), "utf8").split("\n");
  const index = lines.findIndex((line) => line.includes(mark));
  if (index < 0) throw new Error(`no line of ${fileUrl} is marked ${name}`);
  const [code = "", token = ""] = (lines[index] as string).split(mark);
  const column = code.indexOf(token.trim());
  if (column < 0) throw new Error(`${token} is not on the line that is marked ${name}`);
  return { line: index + 1, column: column + 1 };
}

export type Refused = (code: string, place: string, model: Model, specs?: Specs, ...patterns: readonly RegExp[]) => Promise<ScriptError>;

/**
 * For the tests of one file: `await refused("TypeJoin", "a joined string", model, specs, /message/)` checks class, code, place, code frame
 * and hint of the error that `script()` gives.
 */
export function refusals(fileUrl: string): Refused {
  return async (code, name, model, specs, ...patterns) => {
    const error = await errorOf(() => script(model, specs ? { inputs: specs } : {}));
    assertError(error, code, ...patterns);
    assert.ok(error instanceof ScriptError, `${error.name} is no ScriptError`);
    assertAt(error, fileUrl, markedPlace(fileUrl, name));
    assert.ok(error.hint.length > 0, `${code} has a hint`);
    return error;
  };
}

/** Checks file, line, column and the drawn caret of an error. */
export function assertAt(error: IngotError, fileUrl: string, { line, column }: Place): void {
  const { frame } = error;
  assert.deepEqual([frame?.file, frame?.line, frame?.column], [fileURLToPath(fileUrl), line, column], error.message);
  assert.match(frame?.text ?? "", new RegExp(`> *${line} \\| .*\\n +\\| {${column}}\\^`));
}
