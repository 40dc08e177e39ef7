import assert from "node:assert/strict";
import { BatchSize } from "../../../src/serve/models/batch-size.ts";

/** Batches of these sizes, each taking `cost(size)` ms. */
function learnedFrom(sizes: readonly number[], cost: (size: number) => number): BatchSize {
  const learned = new BatchSize(32);
  for (const size of sizes) learned.note(size, cost(size));
  return learned;
}

const doublings = [1, 2, 4, 8, 16, 32];

describe("the size of batches", () => {
  it("is the largest allowed while nothing is known", () => {
    assert.equal(new BatchSize(32).limit, 32);
  });

  it("stays there while larger batches make a request cheaper", () => {
    assert.equal(learnedFrom(doublings, (n) => 10 + n).limit, 32);
  });

  it("stops at the size from which they no longer do", () => {
    // 4 requests cost 1 ms each, and so do 8: more only wait longer.
    const cost = (n: number) => (n <= 4 ? 4 : n);
    assert.equal(learnedFrom(doublings, cost).limit, 7);
  });

  it("tries the largest again now and then: the machine may have been busy", () => {
    const learned = learnedFrom(doublings, (n) => 10 * n * n);
    assert.equal(learned.limit, 1);
    const limits = Array.from({ length: 60 }, () => {
      const { limit } = learned;
      learned.note(1, 10);
      return limit;
    });
    assert.ok(limits.includes(32));
    assert.ok(limits.filter((n) => n === 1).length > 50);
  });

  it("knows what a full batch takes", () => {
    assert.equal(learnedFrom([1], () => 3).costPerBatch, 3);
    assert.equal(learnedFrom([1, 8], (n) => 2 * n).costPerBatch, 16);
  });
});
