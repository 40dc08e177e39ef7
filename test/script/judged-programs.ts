// Tests of small programs by what becomes of them: they agree with eager on both engines, or are refused with one code.
import assert from "node:assert/strict";
import { scriptOutcome } from "../support/script-outcome.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** The body of `forward(x, y, k, j)`, what stands above it in its file, and the code that refuses it (without one it must agree). */
export interface Judged {
  readonly body: string;
  readonly above?: string;
  readonly refused?: string;
}

/** One test for each program, by its name: `x` and `y` are `float32[n, 4]` (n from 0), `k` and `j` whole numbers of both signs. */
export function judgePrograms(programs: Readonly<Record<string, Judged>>): void {
  const path = temporaryFolder();
  for (const [name, { body, above = "", refused }] of Object.entries(programs))
    it(name, async () => {
      const text = `${above}\nexport const make = ({ tensor, zeros, stack, cat, nn }) => ({ forward(x, y, k, j) {\n${body}\n} });`;
      const { kind, code, detail } = await scriptOutcome(text, path());
      assert.deepEqual([kind, refused ? code : ""], refused ? ["refused", refused] : ["agree", ""], `${code}: ${detail}`);
    });
}
