// Opens damaged files one after the other, for fuzz.ts: a file may take this process with it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Fuzzer } from "../../test/support/hostile/fuzzer.ts";
import { openFile } from "../../test/support/hostile/open-file.ts";

/** What became of one file. */
export interface Opened {
  readonly n: number;
  readonly format: string;
  /** Absent when it was a finding. */
  readonly outcome?: string;
  readonly finding?: string;
  readonly ms: number;
  /** By how much the file raised the highest memory of the process so far. */
  readonly bytes: number;
}

const [seed, from, to] = process.argv.slice(2).map(Number) as [number, number, number];
const fuzzer = new Fuzzer(seed, process.env.INGOT_TEST_DATA);
const folder = mkdtempSync(join(tmpdir(), "ingot-fuzz-"));
const peak = () => process.resourceUsage().maxRSS * 1024;
const tell = (message: { readonly starts: number } | Opened) => new Promise((resolve) => process.send?.(message, resolve));

// What is loaded and compiled on first use is no file's doing.
for (let n = to; n < to + 50; n++) await openFile(fuzzer.file(n), join(folder, "damaged")).catch(() => {});
for (let n = from; n < to; n++) {
  const file = fuzzer.file(n);
  await tell({ starts: n });
  const [since, before] = [performance.now(), peak()];
  let result: { outcome: string } | { finding: string };
  try {
    result = { outcome: await openFile(file, join(folder, "damaged")) };
  } catch (error) {
    result = { finding: (error as Error).message };
  }
  await tell({ n, format: file.format, ...result, ms: performance.now() - since, bytes: peak() - before });
}
rmSync(folder, { recursive: true, force: true });
process.disconnect?.();
