import assert from "node:assert/strict";
import { countRight, testDigits, trainedNet } from "../../examples/digits/model.ts";
import { load, type Tensor, topk, trace } from "../../src/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("a model that was really trained", () => {
  const file = temporaryFolder();
  const { images, labels, right, scores } = testDigits();

  it("computes the scores that PyTorch computed with these weights", async () => {
    const [first = []] = (await trainedNet()).forward(images).toArray() as number[][];
    first.forEach((score, i) =>
      assert.ok(Math.abs(score - (scores[i] as number)) < 1e-4, `score ${i} is ${score}, PyTorch has ${scores[i]}`),
    );
  });

  it("recognises as many digits eager, traced, optimised, saved and loaded, and orders their top 3 alike", async () => {
    assert.ok(right >= 90 && right < 100, "the digits are neither all easy nor hard");
    const net = await trainedNet();
    const eager = net.forward(images);
    for (const engine of ["interpreter", undefined] as const) {
      const traced = await trace(net, "float32[batch=2, 1, 8, 8]", { check: { inputs: [images] }, ...(engine && { engine }) });
      await traced.save(file("digits.onnx"));
      const saved = await load(file("digits.onnx"), engine && { engine });
      for (const result of [eager, await traced.run(images), (await saved.run(images)) as Tensor]) {
        assert.equal(countRight(result, labels), right);
        assert.deepEqual(topk(result, 3).indices.toArray(), topk(eager, 3).indices.toArray());
      }
      assert.equal(traced.report.passes.fired("fold-conv-batchnorm"), 3);
      await traced.close();
      await saved.close();
    }
  });
});
