// A folder for the files of one suite or of one test, removed after it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Call inside `describe`: gives a function that writes a file (or only names one) and gives its path. With `eachTest`, tests share no folder. */
export function temporaryFolder({ eachTest = false } = {}): (name?: string, bytes?: Uint8Array | string) => string {
  let folder = "";
  const [setUp, tearDown] = eachTest ? [beforeEach, afterEach] : [before, after];
  setUp(() => {
    folder = mkdtempSync(join(tmpdir(), "ingot-test-"));
  });
  tearDown(() => rmSync(folder, { recursive: true, force: true }));
  return (name = "", bytes) => {
    const path = join(folder, name);
    if (bytes !== undefined) writeFileSync(path, bytes);
    return path;
  };
}
