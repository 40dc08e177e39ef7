import assert from "node:assert/strict";
import { precompiled } from "../../../../src/serve/worker/handlers/precompiled.ts";

/** Units of a double array by their places: `next` is what the place of a child is, but for its label. */
const unit = (label: number, at: number, next: number, isKey = false) => label | (isKey ? 0x100 : 0) | ((at ^ next) << 10);
const value = (at: number) => (0x8000_0000 | at) >>> 0;

function table(units: Readonly<Record<number, number>>, replacements: string): string {
  const bytes = Buffer.alloc(4 + 1024);
  bytes.writeUInt32LE(1024, 0);
  for (const [at, word] of Object.entries(units)) bytes.writeUInt32LE(word, 4 + 4 * Number(at));
  return Buffer.concat([bytes, Buffer.from(replacements)]).toString("base64");
}

/** "A" is "a"; an e with an accent behind it, which is 65 CC 81, is "é"; "\u0081" alone is nothing that is known. */
const rules = table(
  {
    0: unit(0, 0, 0x01),
    64: unit(0x41, 0x40, 0x42, true),
    66: value(0),
    100: unit(0x65, 0x64, 0x60),
    172: unit(0xcc, 0xac, 0xa4),
    37: unit(0x81, 0x25, 0x35, true),
    53: value(2),
  },
  "a\0é\0",
);

describe("precompiled", () => {
  const normalize = precompiled(rules);

  it("replaces what the rules have and leaves the rest", () => {
    assert.equal(normalize("ABA, b\u0000\u0081"), "aBa, b\u0000\u0081");
    assert.equal(normalize(""), "");
    assert.equal(normalize("日A😀"), "日a😀");
  });

  it("takes a letter and its accents as one, which a shorter key replaces as a whole", () => {
    assert.equal(normalize("e\u0301e"), "ée");
    assert.equal(normalize("A\u0301"), "a");
    // Of more than five bytes: each character for itself.
    assert.equal(normalize("A\u0301\u0301\u0301"), "a\u0301\u0301\u0301");
  });

  it("does not take anything else for rules", () => {
    for (const wrong of [undefined, 5, "", "AAAA", Buffer.from([8, 0, 0, 0, 1]).toString("base64")])
      assert.throws(() => precompiled(wrong), /without its table/);
  });
});
