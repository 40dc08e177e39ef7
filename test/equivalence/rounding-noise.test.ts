import assert from "node:assert/strict";
import { tolerancesOf } from "../../src/compile/evidence.ts";
import { compareCase } from "../../src/equivalence/certify.ts";
import { roundingNoise } from "../../src/equivalence/rounding-noise.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";

const graph = (body: string) => parseGraph(`g (float[4] x) => (float[4] y) ${body}`, registry);
const x = Storage.from("float32", [1, -2, 3, 0.5], [4]);
const run = (g: ReturnType<typeof graph>) => runGraph(g, [x]) as Storage[];
/** 3·x, by way of numbers of the order of a million: of these a float32 keeps one sixteenth. */
const million = "{1000000, 1000000, 1000000, 1000000}";
const cancelling = graph(
  `<float w = {3}, float[4] up = ${million}, float[4] down = ${million}> { a = Mul (x, w) b = Add (a, up) y = Sub (b, down) }`,
);
const shifted = (s: Storage, by: number) =>
  Storage.from(
    "float32",
    s.toNumbers().map((v) => v + by),
    s.shape,
  );

describe("rounding noise", () => {
  it("of a product is a few units in the last place", () => {
    const product = graph("<float w = {3}> { y = Mul (x, w) }");
    const [noise = 0] = roundingNoise(product, [x], run(product));
    assert.ok(noise > 0 && noise <= 9 * 4 * 2 ** -23, String(noise));
  });

  it("is large where large numbers cancel, and the same every time", () => {
    const [noise = 0] = roundingNoise(cancelling, [x], run(cancelling));
    assert.ok(noise >= 2 ** -4 && noise <= 2 ** -2, String(noise));
    assert.deepEqual(roundingNoise(cancelling, [x], run(cancelling)), [noise]);
  });

  it("of what cancels out is that of the values on the way, each moved by itself", () => {
    const halves = parseGraph(
      "g (float[4] x) => (float y) { n = Neg (x) c = Concat <axis = 0> (n, x) y = ReduceSum <keepdims = 0> (c) }",
      registry,
    );
    const expected = run(halves);
    assert.deepEqual(expected[0]?.toNumbers(), [0]);
    const [noise = 0] = roundingNoise(halves, [x], expected);
    assert.ok(noise > 0 && noise < 2 ** -18, String(noise));
    const zeros = graph("<float w = {0}> { y = Mul (x, w) }");
    assert.deepEqual(roundingNoise(zeros, [x], run(zeros)), [0]);
  });

  it("of a single number is what several draws move it, not what one does by chance", () => {
    const sums = parseGraph("g (float[16] x) => (float y) { y = ReduceSum <keepdims = 0> (x) }", registry);
    for (let seed = 0; seed < 20; seed++) {
      const values = Array.from({ length: 16 }, (_, i) => Math.sin(seed * 31 + i * 7 + 1));
      const input = Storage.from("float32", values, [16]);
      const [noise = 0] = roundingNoise(sums, [input], runGraph(sums, [input]) as Storage[]);
      // Sixteen roundings of numbers below 1: the sum moves by some of them.
      assert.ok(noise >= 2 ** -25 * 3 && noise <= 2 ** -24 * 16 * 1.5, `${noise} for seed ${seed}`);
    }
  });

  it("is none for integers", () => {
    const integers = parseGraph("g (int64[2] x) => (int64[2] y) { y = Add (x, x) }", registry);
    const input = Storage.from("int64", [1, 2], [2]);
    assert.deepEqual(roundingNoise(integers, [input], runGraph(integers, [input]) as Storage[]), [0]);
  });

  it("explains an error of its own size, and no more; the weights stay as they are", () => {
    const [expected] = run(cancelling) as [Storage];
    const [noise = 0] = roundingNoise(cancelling, [x], [expected]);
    const check = { label: "c", recipes: undefined, inputs: [x], expected: [expected] };
    const tolerances = tolerancesOf(cancelling);
    const near = compareCase(check, [shifted(expected, noise)], ["y"], tolerances).outputs[0];
    assert.equal(near?.ok, true);
    assert.ok(Math.abs((near?.rounding ?? 0) - noise / 9) < 1e-6);
    const far = compareCase(check, [shifted(expected, 5 * noise)], ["y"], tolerances).outputs[0];
    assert.match(far?.problem ?? "", /is over the limit/);
    assert.deepEqual(run(cancelling)[0]?.toNumbers(), expected.toNumbers());
  });

  it("does not soften a limit that the user gave, nor hide a NaN", () => {
    const [expected] = run(cancelling) as [Storage];
    const check = { label: "c", recipes: undefined, inputs: [x], expected: [expected] };
    assert.equal(compareCase(check, [shifted(expected, 0.01)], ["y"], tolerancesOf(cancelling, { rtol: 1e-4 })).ok, false);
    assert.equal(compareCase(check, [shifted(expected, Number.NaN)], ["y"], tolerancesOf(cancelling)).ok, false);
  });
});
