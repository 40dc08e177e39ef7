import assert from "node:assert/strict";
import { Live } from "../../../src/serve/metrics/live.ts";
import type { Served } from "../../../src/serve/observer.ts";

const request = (more: Partial<Served> = {}): Served => ({
  model: "m",
  version: "1.0",
  named: false,
  queue: 2,
  worker: 8,
  timing: { preprocess: 1, inference: 5, postprocess: 2, batch: 4 },
  status: 200,
  requestId: "id",
  ...more,
});

describe("the live figures", () => {
  it("give means by second, and say in which batches requests ran", () => {
    let now = 1_000_000;
    const live = new Live(() => now);
    live.observer.served(request());
    live.observer.served(request({ queue: 4, timing: { preprocess: 3, inference: 7, postprocess: 4, batch: 1 } }));
    now += 1000;
    live.observer.served(request());
    const { models, now: second } = live.figures();
    assert.equal(second, 1001);
    assert.deepEqual(models[0]?.seconds, [
      { at: 1000, requests: 2, errors: 0, queue: 3, preprocess: 2, inference: 6, postprocess: 3 },
      { at: 1001, requests: 1, errors: 0, queue: 2, preprocess: 1, inference: 5, postprocess: 2 },
    ]);
    assert.deepEqual(models[0]?.batches, [
      [1, 1],
      [4, 2],
    ]);
  });

  it("give percentiles within 9 %", () => {
    const live = new Live(() => 0);
    for (let ms = 1; ms <= 1000; ms++) live.observer.served(request({ queue: 0, worker: ms }));
    const [model] = live.figures().models;
    for (const [got, expected] of [
      [model?.p50, 500],
      [model?.p95, 950],
      [model?.p99, 990],
    ] as const)
      assert.ok(Math.abs((got ?? 0) / expected - 1) < 0.09 + 0.01, `${got} for ${expected}`);
  });

  it("forget what is older than the window, and models that nobody asks any more", () => {
    let now = 0;
    const live = new Live(() => now);
    live.observer.served(request({ model: "old" }));
    now = 200_000;
    live.observer.served(request());
    assert.deepEqual(
      live.figures().models.map((m) => [m.model, m.seconds.length]),
      [["m", 1]],
    );
  });

  it("keep the newest 200 errors with the id of the request and what its client was told", () => {
    const live = new Live(() => 5000);
    for (let i = 0; i < 300; i++)
      live.observer.served(request({ status: 400, requestId: `r${i}`, problem: "x".repeat(1000), timing: undefined as Served["timing"] }));
    const { errors, models } = live.figures();
    assert.equal(errors.length, 200);
    assert.equal(errors[0]?.requestId, "r299");
    assert.equal(errors[0]?.message.length, 500);
    assert.equal(models[0]?.seconds[0]?.errors, 300);
    assert.deepEqual(models[0]?.batches, []);
  });
});
