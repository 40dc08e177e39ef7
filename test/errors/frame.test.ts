import assert from "node:assert/strict";
import fc from "fast-check";
import { renderFrame } from "../../src/errors/frame.ts";

const drawn = (...lines: string[]) => lines.join("\n");

describe("renderFrame", () => {
  const source = "one\ntwo\nthree\nfour\nfive\nsix";

  it("draws two lines around the place, with carets below it", () => {
    assert.equal(
      renderFrame(source, 3, 2, 3),
      drawn("    1 | one", "    2 | two", "  > 3 | three", "      |  ^^^", "    4 | four", "    5 | five"),
    );
  });

  it("draws what there is at the ends", () => {
    assert.equal(renderFrame(source, 1, 1), drawn("  > 1 | one", "      | ^", "    2 | two", "    3 | three"));
    assert.equal(renderFrame(source, 6, 3), drawn("    4 | four", "    5 | five", "  > 6 | six", "      |   ^"));
  });

  it("aligns numbers and counts lines ended in any way", () => {
    const long = Array.from({ length: 11 }, (_, i) => `line ${i + 1}`).join("\r\n");
    assert.equal(
      renderFrame(long, 9, 1, 4),
      drawn("     7 | line 7", "     8 | line 8", "  >  9 | line 9", "       | ^^^^", "    10 | line 10", "    11 | line 11"),
    );
  });

  it("numbers lines from where the text starts in its file", () => {
    assert.equal(renderFrame("a\nb", 8, 1, 1, 7), drawn("    7 | a", "  > 8 | b", "      | ^"));
  });

  it("keeps carets below their text behind tabs", () => {
    assert.equal(renderFrame("\tif (x)", 1, 6), drawn("  > 1 |     if (x)", "      |         ^"));
  });

  it("cuts a line as long as a bundle's around the place", () => {
    const frame = renderFrame(`${"a".repeat(5000)}XYZ${"b".repeat(5000)}`, 1, 5001, 3);
    const [line, carets] = frame.split("\n");
    assert.ok(line && carets && line.length < 140);
    assert.equal(line.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1), "XYZ");
  });

  it("draws nothing for a line that is not there", () => assert.equal(renderFrame(source, 7, 1), ""));

  it("puts its caret below the character asked for, in any text without tabs", () => {
    const lines = fc.array(fc.string({ maxLength: 300, unit: fc.constantFrom("a", "b", " ", "(") }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(lines, fc.nat(), fc.nat(), (texts, row, column) => {
        const line = row % texts.length;
        const text = texts[line] ?? "";
        if (text.length === 0) return;
        const at = column % text.length;
        const drawnLines = renderFrame(texts.join("\n"), line + 1, at + 1).split("\n");
        const target = drawnLines.findIndex((each) => each.startsWith("  >"));
        assert.equal((drawnLines[target] ?? "").charAt((drawnLines[target + 1] ?? "").indexOf("^")).trim(), text.charAt(at).trim());
      }),
    );
  });
});
