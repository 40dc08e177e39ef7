// What inference rules have in common: broadcasting, and shapes as far as they are known.
import assert from "node:assert/strict";
import { symbol, unknownDim } from "../../src/ir/dim.ts";
import { broadcastDims, shapesAgree } from "../../src/ops/infer.ts";

describe("shapes in inference", () => {
  it("broadcast by NumPy's rule", () => {
    assert.deepEqual(broadcastDims("Add", [2, 1, 3], [4, 1]), [2, 4, 3]);
    assert.deepEqual(broadcastDims("Add", [], [0]), [0]);
    assert.throws(() => broadcastDims("Add", [2, 3], [4, 3]), {
      code: "BroadcastMismatch",
      summary: /shapes \[2, 3\] and \[4, 3\].*dimension 0: 2 against 4/,
    });
  });

  it("broadcast symbols: the same one stays, a number above 1 wins, two different ones are unknown", () => {
    const [n, m] = [symbol("n"), symbol("m")];
    assert.deepEqual(broadcastDims("Add", [n, 1, n], [n, m, 3]).map(String).slice(0, 3), ["n", "m", "3"]);
    assert.notDeepEqual(broadcastDims("Add", [n], [m]).map(String), ["n"]);
  });

  it("agree unless the ranks differ, or two sizes that are known", () => {
    assert.ok(shapesAgree([2, symbol("n")], [2, 7]));
    assert.ok(shapesAgree([unknownDim(), 3], [undefined, 3]));
    assert.equal(shapesAgree([2, 3], [2, 4]), false);
    assert.equal(shapesAgree([2], [2, 1]), false);
  });
});
