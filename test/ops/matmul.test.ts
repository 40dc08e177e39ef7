// Products of matrices: what inference says of symbolic shapes.
import assert from "node:assert/strict";
import { infer, sym } from "../support/run-op.ts";

describe("Gemm", () => {
  it("takes a C whose rows are known where those of A are a symbol", () => {
    assert.deepEqual(infer("Gemm", [sym("batch", 3), sym(3, 4), sym(2, 4)]), ["float[batch,4]"]);
  });

  it("says no to a C that would enlarge the product", () => {
    assert.throws(() => infer("Gemm", [sym(1, 3), sym(3, 4), sym(2, 4)]), /C has shape \[2, 4\]/);
    assert.throws(() => infer("Gemm", [sym("batch", 3), sym(3, 4), sym(2, 2, 4)]), /C has shape \[2, 2, 4\]/);
  });
});
