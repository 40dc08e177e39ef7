// Loops that do not end on some inputs: the check must not draw such ones for eager, which nothing would stop.
import assert from "node:assert/strict";
import { script, type Tensor, tensor } from "../../src/index.ts";

/** The turns of Collatz's rule until 1; from 0 it never gets there. */
function collatz(start: Tensor) {
  let n = start.item();
  let turns = 0;
  while (n !== 1) {
    n = n % 2 === 0 ? Math.floor(n / 2) : 3 * n + 1;
    turns++;
  }
  return tensor(turns);
}

describe("script() of a loop that some inputs do not end", () => {
  it("checks it on inputs that do", async () => {
    const scripted = await script(collatz, { inputs: { start: "int64[]" }, engine: "interpreter" });
    assert.equal((await scripted.run(tensor(6n))).item(), 8);
  }).timeout(60_000);
});
