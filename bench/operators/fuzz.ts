// Damaged files of every format the library reads, in processes that they cannot take down: how many did anything but load or be refused by
// name, and what the worst of them took. INGOT_FUZZ_FILES says how many, INGOT_TEST_SEED which.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Measured } from "../figure.ts";
import type { Opened } from "./fuzz-child.ts";

const child = fileURLToPath(new URL("fuzz-child.ts", import.meta.url));
/** A file that takes longer, in ms, is a finding. */
const longest = 60_000;
/** After so many files a new process begins, so that the memory of each is seen against a low peak. */
const perProcess = 2000;

export async function* fuzz(progress: (what: string) => void): AsyncIterable<Measured> {
  const files = Number(process.env.INGOT_FUZZ_FILES ?? 20_000);
  const seed = Number(process.env.INGOT_TEST_SEED ?? 1);
  const findings: string[] = [];
  const outcomes = new Map<string, number>();
  let slowest: Opened | undefined;
  let largest: Opened | undefined;
  for (let from = 0; from < files; ) {
    const to = Math.min(files, from + perProcess);
    const { opened, stopped } = await openRange(seed, from, to);
    for (const file of opened) {
      if (file.finding !== undefined) findings.push(`file ${file.n} (${file.format}): ${file.finding.split("\n")[0]}`);
      const kind = file.outcome?.startsWith("refused") ? "refused" : (file.outcome ?? "finding");
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
      if (!slowest || file.ms > slowest.ms) slowest = file;
      if (!largest || file.bytes > largest.bytes) largest = file;
    }
    if (stopped) findings.push(`file ${stopped.n}: ${stopped.how}`);
    from = stopped ? stopped.n + 1 : to;
    progress(`${from} of ${files} files, ${findings.length} findings`);
  }
  for (const finding of findings.slice(0, 20)) progress(finding);
  const counts = [...outcomes].map(([kind, n]) => `${n} ${kind}`).join(", ");
  const of = (file: Opened | undefined) => (file ? `file ${file.n} (${file.format}, ${file.outcome ?? "finding"})` : "");
  yield {
    name: "damaged files that did anything but load or be refused by name",
    value: findings.length,
    unit: `of ${files}`,
    bar: "= 0",
    spread: `seed ${seed}: ${counts}`,
  };
  yield { name: "longest time of one damaged file", value: (slowest?.ms ?? 0) / 1000, unit: "s", bar: "≤ 20", spread: of(slowest) };
  yield {
    name: "most memory of one damaged file",
    value: (largest?.bytes ?? 0) / 2 ** 20,
    unit: "MiB above the peak before it",
    bar: "≤ 1024",
    spread: of(largest),
  };
}

interface Range {
  readonly opened: readonly Opened[];
  /** The file that the process did not come back from. */
  readonly stopped?: { readonly n: number; readonly how: string };
}

function openRange(seed: number, from: number, to: number): Promise<Range> {
  return new Promise((resolve, reject) => {
    const running = fork(child, [String(seed), String(from), String(to)], { execArgv: ["--import", "tsx"] });
    const opened: Opened[] = [];
    let at: number | undefined;
    let late = false;
    let watch: NodeJS.Timeout | undefined;
    running.on("message", (message: { readonly starts: number } | Opened) => {
      clearTimeout(watch);
      if ("starts" in message) {
        at = message.starts;
        watch = setTimeout(() => {
          late = true;
          running.kill("SIGKILL");
        }, longest);
      } else {
        opened.push(message);
        at = undefined;
      }
    });
    running.once("exit", (code, signal) => {
      clearTimeout(watch);
      if (at !== undefined)
        resolve({ opened, stopped: { n: at, how: late ? `not done after ${longest / 1000} s` : `ended the process (${signal ?? code})` } });
      else if (code === 0) resolve({ opened });
      else reject(new Error(`the process that opens files ended with ${signal ?? code} before its first file`));
    });
  });
}
