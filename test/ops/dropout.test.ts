import assert from "node:assert/strict";
import { registry } from "../../src/ops/registry.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { f32, infer, run, sym } from "../support/run-op.ts";

const yes = Storage.from("bool", [1], []);
const ones = f32([1000], new Array(1000).fill(1));

describe("Dropout", () => {
  it("is the identity with a full mask outside of training", () => {
    const [y, mask] = run("Dropout", [ones, f32([], [0.9])], {}, 2);
    assert.equal(y, ones);
    assert.ok(mask?.toNumbers().every((m) => m === 1));
  });

  it("drops about the ratio, scales the rest and says in the mask which", () => {
    const [y, mask] = run("Dropout", [ones, f32([], [0.25]), yes], { seed: 7 }, 2) as [Storage, Storage];
    const kept = mask.toNumbers();
    assert.deepEqual(
      y.toNumbers(),
      kept.map((m) => (m ? Math.fround(4 / 3) : 0)),
    );
    const share = kept.reduce((a, b) => a + b) / 1000;
    assert.ok(Math.abs(share - 0.75) < 0.06, `${share}`);
  });

  it("draws the same mask for the same seed and another for another", () => {
    const draw = (seed: number) => run("Dropout", [ones, f32([], [0.5]), yes], { seed })[0]?.toNumbers();
    assert.deepEqual(draw(1), draw(1));
    assert.notDeepEqual(draw(1), draw(2));
  });

  it("refuses ratios that are no share", () => {
    assert.throws(() => run("Dropout", [ones, f32([], [1.5]), yes], { seed: 1 }), { code: "InvalidArgument" });
  });

  it("says that it is not a function of its inputs, and which opset it needs", () => {
    const dropout = registry.get("Dropout");
    assert.equal(dropout?.pure, false);
    assert.equal(dropout?.minVersion({ attributes: {}, inputCount: 1, outputCount: 1 }), 7);
    assert.equal(dropout?.minVersion({ attributes: {}, inputCount: 3, outputCount: 1 }), 12);
    assert.deepEqual(infer("Dropout", [sym("n", 3)], {}, 2), ["float[n,3]", "bool[n,3]"]);
  });
});
