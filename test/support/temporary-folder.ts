// A folder for the files of one suite, removed after it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Call inside `describe`: gives a function that writes a file (or only names one) and gives its path. */
export function temporaryFolder(): (name?: string, bytes?: Uint8Array | string) => string {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ingot-test-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  return (name = "", bytes) => {
    const path = join(folder, name);
    if (bytes !== undefined) writeFileSync(path, bytes);
    return path;
  };
}
