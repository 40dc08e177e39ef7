// The folder with facts and true outputs that some suites compare with. They skip, loudly, where it is not given.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const variable = "INGOT_TEST_DATA";

/** A path inside the test data; undefined (after a line that says so) when INGOT_TEST_DATA is not set. */
export function testData(...parts: string[]): string | undefined {
  const folder = process.env[variable];
  if (folder) return join(folder, ...parts);
  console.error(`skipped: set ${variable} to the folder that holds ${parts.join("/")}`);
  return undefined;
}

/** The content of a JSON file of the test data, or skips the suite that asks. */
export function testJson(context: Mocha.Context, ...parts: string[]): unknown {
  const path = testData(...parts);
  if (path === undefined) context.skip();
  else return JSON.parse(readFileSync(path, "utf8"));
}
