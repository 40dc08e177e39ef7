// A folder for one test file, made before its tests and removed after them.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Registers mocha hooks in the suite that calls it; gives paths inside the folder. */
export function temporaryFolder(): (...parts: string[]) => string {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "ingot-test-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  return (...parts) => join(folder, ...parts);
}
