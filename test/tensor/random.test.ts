import assert from "node:assert/strict";
import fc from "fast-check";
import { Generator } from "../../src/tensor/random.ts";

const moments = (x: Float64Array) => {
  const mean = x.reduce((s, v) => s + v, 0) / x.length;
  return {
    mean,
    variance: x.reduce((s, v) => s + (v - mean) ** 2, 0) / x.length,
    fourth: x.reduce((s, v) => s + (v - mean) ** 4, 0) / x.length,
  };
};

describe("random numbers", () => {
  it("follow xoshiro128**: the first word of state 1, 2, 3, 4 is rotl(2·5, 7)·9 = 11520", () => {
    const g = Generator.fromState([1, 2, 3, 4]);
    assert.equal(g.bits(), 11520);
    // state is now [1^4^2, 2^3^1, 3^1^(2<<9), rotl(4^2, 11)] = [7, 0, 1026, 12288]; the next word is rotl(0·5, 7)·9 = 0
    assert.deepEqual(g.state, [7, 0, 1026, 12288]);
    assert.equal(g.bits(), 0);
  });

  it("are the same for the same seed, on every machine", () => {
    const g = new Generator(42);
    assert.deepEqual([g.bits(), g.bits(), g.bits()], [2837322924, 544945897, 479756282]);
    assert.deepEqual(
      [...new Generator(42).fillNormal(new Float64Array(3))],
      [0.31438298671387677, -0.16193482151753158, 0.07383828270600908],
    );
  });

  it("differ between seeds, also those that share their low 32 bits", () => {
    const first = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1].map((seed) => new Generator(seed).bits());
    assert.equal(new Set(first).size, first.length);
  });

  it("refuse a seed that is not an integer from 0", () => {
    for (const seed of [-1, 1.5, Number.NaN, 2 ** 53, "7" as unknown as number])
      assert.throws(() => new Generator(seed), { name: "ArgumentError", code: "InvalidArgument" });
  });

  it("go on from a saved state", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(50), (seed, steps) => {
        const g = new Generator(seed);
        for (let i = 0; i < steps; i++) g.bits();
        const h = Generator.fromState(g.state);
        assert.deepEqual([g.normal(), g.uniform(), g.bits()], [h.normal(), h.uniform(), h.bits()]);
      }),
    );
  });

  it("fill arrays with what single calls give", () => {
    const a = new Generator(7);
    const b = new Generator(7);
    const filled = a.fillNormal(new Float64Array(20_000), 2, 3);
    assert.deepEqual(
      filled,
      Float64Array.from({ length: 20_000 }, () => 2 + b.normal() * 3),
    );
    assert.deepEqual(
      a.fillUniform(new Float32Array(100)),
      Float32Array.from({ length: 100 }, () => b.uniform()),
    );
    assert.deepEqual(a.state, b.state);
  });

  it("are uniform in [0, 1), and never 1 in float32", () => {
    const x = new Generator(1).fillUniform(new Float32Array(200_000));
    assert.ok(x.every((v) => v >= 0 && v < 1));
    const { mean, variance } = moments(Float64Array.from(x));
    assert.ok(Math.abs(mean - 1 / 2) < 0.003, `mean ${mean}`);
    assert.ok(Math.abs(variance - 1 / 12) < 0.001, `variance ${variance}`);
    const g = new Generator(3);
    for (let i = 0; i < 1000; i++) {
      const u = g.uniform53();
      assert.ok(u >= 0 && u < 1);
    }
  });

  it("are normal: mean 0, variance 1, fourth moment 3, and the right share beyond 1.96 and in the tail beyond 3.654", () => {
    const n = 1_000_000;
    const x = new Generator(5).fillNormal(new Float64Array(n));
    const { mean, variance, fourth } = moments(x);
    // Limits at five standard errors.
    assert.ok(Math.abs(mean) < 5 / Math.sqrt(n), `mean ${mean}`);
    assert.ok(Math.abs(variance - 1) < 5 * Math.sqrt(2 / n), `variance ${variance}`);
    assert.ok(Math.abs(fourth - 3) < 5 * Math.sqrt(96 / n), `fourth moment ${fourth}`);
    const share = (limit: number) => x.filter((v) => Math.abs(v) > limit).length / n;
    assert.ok(Math.abs(share(1.959964) - 0.05) < 5 * Math.sqrt(0.05 / n));
    assert.ok(Math.abs(share(3.6541528853610088) - 2.58e-4) < 5 * Math.sqrt(2.58e-4 / n));
  });

  it("draw integers in [low, high), all equally often, also over ranges beyond 32 bits", () => {
    const g = new Generator(11);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) (counts[g.integer(-2, 4) + 2] as number)++;
    for (const c of counts) assert.ok(Math.abs(c - 10_000) < 500, `counts ${counts}`);
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 2 ** 52 }), (low, range) => {
        fc.pre(Number.isSafeInteger(low + range));
        const v = g.integer(low, low + range);
        assert.ok(v >= low && v < low + range);
      }),
    );
    assert.equal(g.integer(3, 4), 3);
  });

  it("refuse an empty range of integers", () => {
    for (const [low, high] of [
      [1, 1],
      [2, 1],
      [0, 1.5],
      [0, Number.POSITIVE_INFINITY],
    ] as const)
      assert.throws(() => new Generator(0).integer(low, high), { code: "InvalidArgument" });
  });

  it("permute: every number once, every order possible", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(40), (seed, n) => {
        const p = [...new Generator(seed).permutation(n)];
        assert.deepEqual(
          p.sort((a, b) => a - b),
          Array.from({ length: n }, (_, i) => i),
        );
      }),
    );
    const g = new Generator(1);
    assert.equal(new Set(Array.from({ length: 200 }, () => g.permutation(3).join())).size, 6);
  });
});
