// Random operators: seeds repeat, dtypes, the moments of many draws.
import assert from "node:assert/strict";
import { registry } from "../../src/ops/registry.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, run } from "../support/run-op.ts";

const moments = (values: readonly number[]) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length) };
};

describe("random operators", () => {
  it("repeat with a seed, and are not pure", () => {
    const draw = (seed: number) => run("RandomNormal", [], { shape: [4], seed })[0]?.toNumbers();
    assert.deepEqual(draw(1), draw(1));
    assert.deepEqual(draw(0.5), draw(0.5));
    assert.notDeepEqual(draw(1), draw(2));
    for (const op of ["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"])
      assert.equal(registry.get(op)?.pure, false, op);
  });

  it("draw from the distribution that is asked for", () => {
    const normal = moments((run("RandomNormal", [], { shape: [20000], mean: 3, scale: 2, seed: 7 })[0] as Storage).toNumbers());
    assert.ok(Math.abs(normal.mean - 3) < 0.06 && Math.abs(normal.deviation - 2) < 0.06);
    const uniform = (run("RandomUniformLike", [counting([100, 100])], { low: -1, high: 5, seed: 7 })[0] as Storage).toNumbers();
    assert.ok(uniform.every((v) => v >= -1 && v < 5));
    assert.ok(Math.abs(moments(uniform).mean - 2) < 0.06);
    const coins = run("Bernoulli", [f32([10000], new Array(10000).fill(0.25))], { seed: 3, dtype: 7 })[0] as Storage;
    assert.equal(coins.dtype, "int64");
    assert.ok(Math.abs(moments(coins.toNumbers()).mean - 0.25) < 0.02);
    const classes = (
      run("Multinomial", [f32([2, 2], [0, Math.log(3), 5, Number.NEGATIVE_INFINITY])], { sample_size: 5000, seed: 3 })[0] as Storage
    ).toNumbers();
    assert.ok(Math.abs(moments(classes.slice(0, 5000)).mean - 0.75) < 0.03);
    assert.ok(classes.slice(5000).every((v) => v === 0));
  });

  it("give the dtype that is asked for, and refuse what they cannot", () => {
    assert.equal(run("RandomNormal", [], { shape: [1], dtype: 10 })[0]?.dtype, "float16");
    assert.throws(() => run("RandomUniform", [], { shape: [1], dtype: 7 }), { code: "DTypeMismatch" });
    assert.throws(() => run("RandomUniform", [], { shape: [-1] }), { code: "InvalidShape" });
    assert.throws(() => run("Bernoulli", [f32([1], [2])]), { code: "InvalidArgument" });
  });
});
