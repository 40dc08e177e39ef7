// What a mistyped word is likely to have meant, and how messages say it.
import assert from "node:assert/strict";
import { didYouMean, nearest, suggestion } from "../../src/errors/nearest.ts";

describe("the nearest word", () => {
  it("is one that a slip away", () => {
    assert.equal(nearest("singal", ["signal", "threads"]), "signal");
    assert.equal(nearest("THREADS", ["signal", "threads"]), "threads");
    assert.equal(nearest("thread", ["signal", "threads"]), "threads");
    assert.equal(nearest("x", ["signal"]), undefined);
    assert.equal(nearest("frobnicate", ["signal", "threads"]), undefined);
    assert.equal(nearest("a", []), undefined);
  });

  it("is asked for behind a list of names, or in front of one; where none is near, nothing is said", () => {
    assert.equal(didYouMean("bacth", ["batch", "height"]), " (did you mean batch?)");
    assert.equal(didYouMean("zzz", ["batch", "height"]), "");
    assert.equal(didYouMean("", ["batch"]), "");
    assert.equal(suggestion("bacth", ["batch"]), "Did you mean `batch`? ");
    assert.equal(suggestion("bacth", ["batch"], '"'), 'Did you mean "batch"? ');
    assert.equal(suggestion("zzz", ["batch"]), "");
  });
});
