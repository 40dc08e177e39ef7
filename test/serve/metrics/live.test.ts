import assert from "node:assert/strict";
import { LiveWindow } from "../../../src/serve/metrics/live.ts";
import type { Served } from "../../../src/serve/observer.ts";

const served = (some: Partial<Served> = {}): Served => ({
  model: "m",
  version: "1.0",
  named: false,
  queue: 1,
  worker: 9,
  timing: { preprocess: 2, inference: 4, postprocess: 1, batch: 2 },
  status: 200,
  requestId: "r",
  ...some,
});

describe("the live window", () => {
  let now = 0;
  const at = (seconds: number) => {
    now = seconds * 1000;
  };
  let live: LiveWindow;
  beforeEach(() => {
    at(1000);
    live = new LiveWindow(() => now);
  });

  it("has means, batch sizes and percentiles of the requests of each second", () => {
    live.observer.served(served());
    live.observer.served(served({ queue: 3, timing: { preprocess: 4, inference: 8, postprocess: 3, batch: 1 } }));
    at(1001);
    live.observer.served(served());
    const [model] = live.view().models;
    assert.deepEqual(model?.seconds, [
      { at: 1000, requests: 2, errors: 0, queue: 2, preprocess: 3, inference: 6, postprocess: 2 },
      { at: 1001, requests: 1, errors: 0, queue: 1, preprocess: 2, inference: 4, postprocess: 1 },
    ]);
    assert.deepEqual(model?.batches, [
      [1, 1],
      [2, 2],
    ]);
    assert.ok(Math.abs((model?.p50 ?? 0) - 10) < 0.5);
  });

  it("tells the tail from the middle", () => {
    for (let i = 0; i < 100; i++) live.observer.served(served({ queue: 0, worker: i < 94 ? 10 : i < 98 ? 100 : 1000 }));
    const [model] = live.view().models;
    for (const [found, true_] of [
      [model?.p50, 10],
      [model?.p95, 100],
      [model?.p99, 1000],
    ] as const)
      assert.ok(Math.abs((found ?? 0) / true_ - 1) <= 0.05, `${found} for ${true_}`);
  });

  it("keeps the errors with the ids of their requests, the newest first, and counts them", () => {
    live.observer.served(served({ status: 400, requestId: "a", problem: "x".repeat(1000), timing: undefined }));
    live.observer.served(served({ status: 503, requestId: "b", problem: "Prediction failed", timing: undefined }));
    const { errors, models } = live.view();
    assert.deepEqual(
      errors.map((e) => [e.requestId, e.status, e.message.length]),
      [
        ["b", 503, 17],
        ["a", 400, 500],
      ],
    );
    assert.equal(models[0]?.seconds[0]?.errors, 2);
  });

  it("has errors of requests that no worker got, each once", () => {
    const answered = { method: "POST", path: "/predictions/m", status: 404, ms: 1, requestId: "r", problem: "Model not found: m" };
    live.observer.answered(answered);
    live.observer.answered({ ...answered, status: 200, requestId: "s" });
    live.observer.answered({ ...answered, path: "/ui/api/graph/m/1.0", requestId: "t" });
    live.observer.served(served({ status: 500, requestId: "u", problem: "Worker died.", timing: undefined }));
    live.observer.answered({ ...answered, status: 500, requestId: "u", problem: "Worker died." });
    assert.deepEqual(
      live.view().errors.map((e) => `${e.requestId} ${e.what}: ${e.message}`),
      ["u m 1.0: Worker died.", "r POST /predictions/m: Model not found: m"],
    );
  });

  it("forgets what is over", () => {
    live.observer.served(served());
    at(1299);
    assert.equal(live.view().models.length, 1);
    at(1300);
    assert.deepEqual(live.view().models, []);
    live.observer.served(served());
    assert.deepEqual(
      live.view().models[0]?.seconds.map((s) => s.at),
      [1300],
    );
  });

  it("is bounded, whatever is served", () => {
    for (let i = 0; i < 1500; i++) live.observer.served(served({ model: `m${i}`, status: 500 }));
    const { models, errors } = live.view();
    assert.deepEqual([models.length, errors.length], [1000, 100]);
    assert.equal(
      models.some((m) => m.model === "m0"),
      false,
    );
  });

  it("stands a clock that is set back", () => {
    live.observer.served(served());
    at(900);
    live.observer.served(served());
    at(1000);
    assert.deepEqual(
      live.view().models[0]?.seconds.map((s) => [s.at, s.requests]),
      [[1000, 2]],
    );
  });
});
