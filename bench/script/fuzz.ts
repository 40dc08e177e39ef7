// How many random programs script() compiles to what eager computes. INGOT_FUZZ_PROGRAMS is how many (default 20,000), INGOT_FUZZ_SEED the first.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Outcome, scriptOutcome } from "../../test/support/script-outcome.ts";
import { scriptProgram } from "../../test/support/script-programs.ts";
import { shrinkProgram } from "../../test/support/shrink-program.ts";
import type { Measured } from "../figure.ts";

/** Seeds of the tests come before. */
const firstSeed = Number(process.env.INGOT_FUZZ_SEED ?? 1_000_000);
const programs = Number(process.env.INGOT_FUZZ_PROGRAMS ?? 20_000);
/** Failures that are shown, each as small as it gets. */
const shown = 5;

export async function* fuzz(progress: (what: string) => void): AsyncGenerator<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "ingot-fuzz-"));
  const counts: Record<Outcome["kind"], number> = { agree: 0, refused: 0, diverge: 0, crash: 0 };
  const codes = new Map<string, number>();
  try {
    for (let i = 0; i < programs; i++) {
      const text = scriptProgram(firstSeed + i);
      const outcome = await scriptOutcome(text, folder);
      counts[outcome.kind]++;
      if (outcome.kind !== "agree") codes.set(outcome.code, (codes.get(outcome.code) ?? 0) + 1);
      if (isFailure(outcome) && counts.diverge + counts.crash <= shown) {
        const small = await shrinkProgram(text, async (t) => {
          const again = await scriptOutcome(t, folder);
          return again.kind === outcome.kind && again.code === outcome.code && again.thrown === outcome.thrown;
        });
        progress(`seed ${firstSeed + i}: ${outcome.kind}, ${outcome.code}\n${outcome.detail}\n${small}`);
      }
      if (i % 500 === 499)
        progress(`${i + 1} programs: ${counts.agree} agree, ${counts.refused} refused, ${counts.diverge + counts.crash} fail`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const unit = `of ${programs} programs`;
  const reasons = [...codes].sort(([, a], [, b]) => b - a).map(([code, n]) => `${code} ${n}`);
  yield {
    name: "random programs whose compiled model differs from eager",
    value: counts.diverge,
    unit,
    bar: "= 0",
    spread: `seeds from ${firstSeed}`,
  };
  yield { name: "random programs on which script() crashes", value: counts.crash, unit, bar: "= 0", spread: "" };
  yield {
    name: "random programs that script() refuses",
    value: (100 * counts.refused) / programs,
    unit: "%",
    bar: "≤ 30",
    spread: reasons.join(", "),
  };
}

const isFailure = ({ kind }: Outcome) => kind === "diverge" || kind === "crash";
