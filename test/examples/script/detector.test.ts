import assert from "node:assert/strict";
import fc from "fast-check";
import { Detector, suppress, suppressByOperator } from "../../../examples/script/detector.ts";
import { nn, rand, randn, stack, type Tensor } from "../../../src/index.ts";
import { assertScripts, operatorsOf } from "../../support/scripted.ts";

/** Boxes [N, 4] of up to half of a unit square. */
function randomBoxes(count: number, seed: number): Tensor {
  const [x, y, w, h] = [0, 1, 2, 3].map((i) => rand([count], { seed: seed + i })) as [Tensor, Tensor, Tensor, Tensor];
  return stack([x, y, x.add(w.add(0.01).mul(0.5)), y.add(h.add(0.01).mul(0.5))], 1);
}

type Box = [x1: number, y1: number, x2: number, y2: number];

function overlapOf(a: Box, b: Box): number {
  const side = (i: 0 | 1) => Math.max(0, Math.min(a[i + 2] as number, b[i + 2] as number) - Math.max(a[i], b[i]));
  const area = (box: Box) => (box[2] - box[0]) * (box[3] - box[1]);
  const shared = side(0) * side(1);
  return shared / (area(a) + area(b) - shared);
}

describe("non-maximum suppression", () => {
  it("keeps the same boxes by hand, by the operator, and in plain arrays", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(1000), fc.constantFrom(0, 0.3, 0.9), (count, seed, least) => {
        const boxes = randomBoxes(count, seed);
        const scores = rand([count], { seed: seed + 9 });
        const [box, score] = [boxes.toArray() as Box[], scores.toArray() as number[]];
        const order = score.map((_, i) => i).sort((a, b) => (score[b] as number) - (score[a] as number));
        const kept: number[] = [];
        for (const i of order)
          if ((score[i] as number) > Math.fround(least) && kept.every((k) => overlapOf(box[k] as Box, box[i] as Box) <= 0.4)) kept.push(i);
        assert.deepEqual(suppress(boxes, scores, 0.4, least).toArray(), kept);
        assert.deepEqual(suppressByOperator(boxes, scores, 0.4, least).toArray(), kept);
      }),
      { numRuns: 40 },
    );
  });

  it("keeps as many boxes in the graph, none too", async () => {
    const inputs = [0, 0.5, 2].map((shift) => [randomBoxes(12, 1), rand([12], { seed: 2 }).sub(shift)]);
    await assertScripts((boxes: Tensor, scores: Tensor) => suppress(boxes, scores, 0.4, 0), inputs, {
      inputs: { boxes: "float32[count=5, 4]", scores: "float32[count]" },
    });
  }).timeout(60_000);

  it("keeps nothing where nothing scores enough", () => {
    const kept = suppress(randomBoxes(5, 1), rand([5], { seed: 2 }), 0.4, 1);
    assert.deepEqual([kept.shape, kept.dtype], [[0], "int64"]);
  });
});

describe("the detector", () => {
  it("finds the same with both kinds of suppression", () => {
    for (const seed of [1, 2, 3]) {
      const image = randn([1, 3, 32, 32], { seed });
      const [byHand, byOperator] = [false, true].map((byOperator) => {
        const { boxes, scores } = nn
          .seeded(0, () => new Detector({ byOperator }))
          .eval()
          .forward(image);
        assert.ok(boxes.size(0) > 1);
        return [boxes.toArray(), scores.toArray()];
      });
      assert.deepEqual(byHand, byOperator);
    }
  });

  it("is one graph with its post-processing, whose loop runs until no box is left", async () => {
    for (const byOperator of [false, true]) {
      const scripted = await assertScripts(
        nn.seeded(0, () => new Detector({ byOperator })),
        [1, 2, 3].map((seed) => [randn([1, 3, 32, 32], { seed })]),
      );
      assert.equal(operatorsOf(scripted).includes("Loop"), !byOperator);
    }
  }).timeout(60_000);
});
