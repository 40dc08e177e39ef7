// Where nodes came from: as text, back from it, and as a set that only grows.
import assert from "node:assert/strict";
import { formatProvenance, mergeProvenance, type Origin, parseProvenance } from "../../src/ir/provenance.ts";

const source = { file: "src/model.ts", line: 12, column: 8 };

describe("provenance", () => {
  it("is written as the module scope and the source line, and reads back", () => {
    const texts: [Origin[], string][] = [
      [[], ""],
      [[{ source }], "src/model.ts:12:8"],
      [[{ scope: "layer1.0" }], "layer1.0"],
      [[{ source, scope: "layer1.0" }], "layer1.0 (src/model.ts:12:8)"],
      [[{ source }, { scope: "head" }], "src/model.ts:12:8; head"],
      [[{ source: { file: "C:\\models\\a b.ts", line: 1, column: 2 }, scope: "x" }], "x (C:\\models\\a b.ts:1:2)"],
    ];
    for (const [provenance, text] of texts) {
      assert.equal(formatProvenance(provenance), text);
      assert.deepEqual(parseProvenance(text), provenance);
    }
  });

  it("merges as a set, in order of appearance", () => {
    const [a, b, c]: Origin[] = [{ scope: "a" }, { source }, { scope: "c" }];
    assert.deepEqual(mergeProvenance([a as Origin, b as Origin], [{ source: { ...source } }, c as Origin], []), [a, b, c]);
    assert.deepEqual(mergeProvenance([]), []);
  });
});
