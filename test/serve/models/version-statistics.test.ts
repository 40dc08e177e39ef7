import assert from "node:assert/strict";
import { VersionStatistics } from "../../../src/serve/models/version-statistics.ts";

describe("the statistics of a version", () => {
  const timing = (batch: number) => ({ preprocess: 1, inference: 8, postprocess: 2, batch });

  it("count requests, and add up where their time went", () => {
    const statistics = new VersionStatistics();
    assert.equal(statistics.lastAt, 0);
    statistics.note(200, 3, 14, timing(1));
    statistics.note(200, 5, 16, timing(1));
    statistics.note(500, 4, 10, undefined);
    assert.deepEqual(statistics.stage("success"), { count: 2, ms: 30 });
    assert.deepEqual(statistics.stage("queue"), { count: 2, ms: 8 });
    assert.deepEqual(statistics.stage("inference"), { count: 2, ms: 16 });
    assert.deepEqual(statistics.stage("fail"), { count: 1, ms: 10 });
    assert.ok(statistics.lastAt > 0);
  });

  it("count a run once, however many requests were in it", () => {
    const statistics = new VersionStatistics();
    for (const batch of [2, 2, 1, 2, 2]) statistics.note(200, 0, 11, timing(batch));
    assert.deepEqual(statistics.batches, [
      {
        size: 1,
        stages: { preprocess: { count: 1, ms: 1 }, inference: { count: 1, ms: 8 }, postprocess: { count: 1, ms: 2 } },
      },
      {
        size: 2,
        stages: { preprocess: { count: 2, ms: 4 }, inference: { count: 2, ms: 16 }, postprocess: { count: 2, ms: 8 } },
      },
    ]);
  });
});
