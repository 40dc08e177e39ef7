import assert from "node:assert/strict";
import fc from "fast-check";
import { IngotError } from "../../src/errors/error.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { largestDifference, randomTensors } from "../support/random-storage.ts";
import { f32, i64, infer, result, run, sym } from "../support/run-op.ts";

describe("NegativeLogLikelihoodLoss", () => {
  const input = f32([2, 3], [1, 2, 3, 4, 5, 6]);
  const target = i64([2, 0]);

  it("takes the entry of each target, with the other sign", () => {
    assert.deepEqual(result("NegativeLogLikelihoodLoss", [input, target], { reduction: "none" }), { shape: [2], values: [-3, -4] });
    assert.deepEqual(result("NegativeLogLikelihoodLoss", [input, target], { reduction: "sum" }), { shape: [], values: [-7] });
    assert.deepEqual(result("NegativeLogLikelihoodLoss", [input, target]).values, [-3.5]);
  });

  it("weighs classes, and divides the mean by the weights", () => {
    const weights = f32([3], [1, 0, 3]);
    assert.deepEqual(result("NegativeLogLikelihoodLoss", [input, target, weights], { reduction: "none" }).values, [-9, -4]);
    assert.deepEqual(result("NegativeLogLikelihoodLoss", [input, target, weights]).values, [-13 / 4]);
  });

  it("counts ignored targets for nothing, whatever class they name", () => {
    const attributes = { ignore_index: -5 };
    assert.deepEqual(result("NegativeLogLikelihoodLoss", [input, i64([-5, 1])], attributes).values, [-5]);
    assert.deepEqual(
      result("NegativeLogLikelihoodLoss", [input, i64([-5, 1])], { ...attributes, reduction: "none" }).values.map(Math.abs),
      [0, 5],
    );
    assert.deepEqual(result("NegativeLogLikelihoodLoss", [input, i64([-5, -5])], attributes).values, [Number.NaN]);
  });

  it("says which shape does not fit, and knows its type for symbolic sizes", () => {
    const ids = (...shape: (number | string)[]) => ({ dtype: "int64" as const, shape });
    assert.deepEqual(infer("NegativeLogLikelihoodLoss", [sym("n", 5, "w"), ids("n", "w")], { reduction: "none" }), ["float[n,w]"]);
    assert.deepEqual(infer("NegativeLogLikelihoodLoss", [sym("n", 5, "w"), ids("n", "w")]), ["float"]);
    const refuses = (inputs: Parameters<typeof infer>[1], attributes: object, code: string) =>
      assert.throws(
        () => infer("NegativeLogLikelihoodLoss", inputs, { ...attributes }),
        (e) => e instanceof IngotError && e.code === code,
      );
    refuses([sym(2, 5, 3), ids(2, 4)], {}, "ShapeMismatch");
    refuses([sym(2, 5, 3), ids(2, 3), sym(4)], {}, "ShapeMismatch");
    refuses([sym(2, 5, 3), ids(2, 3)], { reduction: "most" }, "InvalidArgument");
  });
});

describe("SoftmaxCrossEntropyLoss", () => {
  it("is the definition, one place at a time, and its decomposition", () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.constantFrom("none", "sum", "mean"),
        fc.boolean(),
        fc.constantFrom(undefined, -1, 2),
        (seed, reduction, weighted, ignore) => {
          const tensor = randomTensors(seed);
          const [scores, weights] = [tensor([2, 4, 3]), tensor([4])];
          const labels = Array.from({ length: 6 }, (_, i) => (ignore === -1 && i % 4 === 1 ? -1 : (seed + 3 * i) % 4));
          const w = weights.toNumbers();
          const x = scores.toNumbers();
          let total = 0;
          let weight = 0;
          const losses = labels.map((label, place) => {
            if (label === ignore) return 0;
            const lane = Array.from({ length: 4 }, (_, k) => x[Math.floor(place / 3) * 12 + k * 3 + (place % 3)] as number);
            const own = weighted ? (w[label] as number) : 1;
            const loss = own * (Math.log(lane.reduce((sum, v) => sum + Math.exp(v), 0)) - (lane[label] as number));
            total += loss;
            weight += own;
            return loss;
          });
          const expected = reduction === "none" ? losses : [reduction === "sum" ? total : total / weight];
          const inputs = [scores, Storage.from("int32", labels, [2, 3]), weighted ? weights : undefined];
          const attributes = { reduction, ...(ignore !== undefined && { ignore_index: ignore }) };
          const { kernel, decomposed } = bothWays("SoftmaxCrossEntropyLoss", inputs, attributes, 2);
          const difference = largestDifference(kernel[0]?.toNumbers() ?? [], expected);
          // A mean by weights that nearly cancel out magnifies rounding.
          assert.ok(difference <= 1e-5 * Math.max(1, 1 / Math.abs(weight || 1)) ** 2, `${difference}`);
          assert.deepEqual(
            decomposed.map((s) => s.toNumbers()),
            kernel.map((s) => s.toNumbers()),
          );
        },
      ),
    );
  });

  it("gives the logarithms of the probabilities too", () => {
    const [, logs] = run("SoftmaxCrossEntropyLoss", [f32([1, 2], [0, 0]), i64([0])], {}, 2) as [Storage, Storage];
    assert.ok(largestDifference(logs.toNumbers(), [Math.log(0.5), Math.log(0.5)]) < 1e-7);
  });
});
