// Assertions about errors that name their code, and the place in a test file where a model's mistake stands.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { IngotError } from "../../src/errors/error.ts";

/** Checks that `error` has the code, and that its whole message matches every pattern. */
export function assertError(error: unknown, code: string, ...patterns: readonly RegExp[]): asserts error is IngotError {
  assert.ok(error instanceof IngotError, error instanceof Error ? error.stack : String(error));
  assert.equal(error.code, code, error.message);
  for (const pattern of patterns) assert.match(error.message, pattern);
}

/** The error that a call throws or its promise rejects with; fails when there is none. */
export async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw assert.fail("expected an error, but there was none");
}

/** Checks that a call throws, or its promise rejects with, an error of this code whose message matches. */
export async function failsWith(call: () => unknown, code: string, ...patterns: readonly RegExp[]): Promise<IngotError> {
  const error = await errorOf(call);
  assertError(error, code, ...patterns);
  return error;
}

/** The line on which a file says `// HERE: name`; for asserting that an error points at it. */
export function markedLine(fileUrl: string, name: string): number {
  const lines = readFileSync(fileURLToPath(fileUrl), "utf8").split("\n");
  const at = lines.findIndex((line) => line.includes(`// HERE: ${name}`));
  if (at < 0) throw new Error(`no line of ${fileUrl} is marked ${name}`);
  return at + 1;
}
