import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration } from "../../src/timer/measurement.ts";
import { benchmarkOf, quantile } from "../../src/timer/statistics.ts";

describe("statistics of Benchmark.js", () => {
  it("has exactly the samples it was given", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1e-9, max: 100, noNaN: true }), { minLength: 1, maxLength: 12 }), (seconds) => {
        const { sample, mean } = benchmarkOf("x", seconds).stats;
        assert.equal(sample.length, seconds.length);
        seconds.forEach((s, i) => {
          assert.ok(Math.abs((sample[i] as number) - s) <= 1e-12 * s);
        });
        const expected = seconds.reduce((a, b) => a + b, 0) / seconds.length;
        assert.ok(Math.abs(mean - expected) <= 1e-12 * expected);
      }),
      { numRuns: 30 },
    );
  });

  it("is a benchmark like any other: rate, margin, text", () => {
    const b = benchmarkOf("eager", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    // t(5) = 2.571; s² = 0.035.
    assert.ok(Math.abs(b.stats.moe - 2.571 * Math.sqrt(0.035 / 6)) < 1e-12);
    assert.ok(Math.abs(b.hz - 1 / 0.35) < 1e-12);
    assert.equal(String(b), "eager x 2.86 ops/sec ±56.10% (6 runs sampled)");
  });

  it("decides by Mann–Whitney U: 1 faster, -1 slower, 0 undecided", () => {
    const low = benchmarkOf("low", [1, 2, 3, 4, 5]);
    const high = benchmarkOf("high", [6, 7, 8, 9, 10]);
    const between = benchmarkOf("between", [1.5, 2.5, 3.5, 4.5, 5.5]);
    assert.equal(low.compare(high), 1);
    assert.equal(high.compare(low), -1);
    assert.equal(low.compare(between), 0);
  });

  it("interpolates quantiles", () => {
    assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
    assert.equal(quantile([1, 2, 3, 4, 5], 0.25), 2);
    assert.equal(quantile([7], 0.9), 7);
  });

  it("prints durations in the unit that fits", () => {
    assert.deepEqual([0, 2.5e-5, 0.00125, 0.5, 12.3456, 999.96, 12_345, 5e7].map(formatDuration), [
      "0 ns",
      "25.00 ns",
      "1.250 µs",
      "500.0 µs",
      "12.35 ms",
      "1000 ms",
      "12.35 s",
      "50000 s",
    ]);
  });
});
