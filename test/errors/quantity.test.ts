// Numbers with their nouns and units.
import assert from "node:assert/strict";
import { count, formatBytes } from "../../src/errors/quantity.ts";

describe("quantities in messages", () => {
  it("have a noun in the singular for one only", () => {
    assert.deepEqual(
      [0, 1, 2].map((n) => count(n, "step")),
      ["0 steps", "1 step", "2 steps"],
    );
  });

  it("of bytes stand in the unit that fits", () => {
    assert.deepEqual([0, 1023, 1024, 230.4 * 2 ** 20, 3 * 2 ** 30].map(formatBytes), ["0 B", "1023 B", "1.0 KiB", "230.4 MiB", "3.0 GiB"]);
    assert.equal(formatBytes(2 ** 73), "8192.0 EiB");
  });
});
