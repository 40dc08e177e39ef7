// Random programs: what script() compiles computes what eager does, on the interpreter and on ONNX Runtime; what it refuses, it names.
import assert from "node:assert/strict";
import { scriptOutcome } from "../support/script-outcome.ts";
import { scriptProgram } from "../support/script-programs.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const programs = 500;
/** A smaller share of programs that run would test too little. */
const mostRefused = 0.3;

describe("script() on random programs", () => {
  const path = temporaryFolder();

  it(`agrees with eager on ${programs} of them, or says why not`, async () => {
    const tally = new Map<string, number>();
    let refused = 0;
    for (let seed = 0; seed < programs; seed++) {
      const text = scriptProgram(seed);
      const { kind, code, detail } = await scriptOutcome(text, path());
      assert.ok(kind === "agree" || kind === "refused", `seed ${seed}: ${kind}, ${code}\n${detail}\n${text}`);
      if (kind === "agree") continue;
      refused++;
      tally.set(code, (tally.get(code) ?? 0) + 1);
    }
    assert.ok(refused <= mostRefused * programs, `${refused} programs are refused: ${JSON.stringify([...tally])}`);
  }).timeout(1_200_000);
});
