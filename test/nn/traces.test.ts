// Every layer is recorded whole: the graph, run by itself, gives what the layer gives.
import assert from "node:assert/strict";
import { randn } from "../../src/eager/create.ts";
import { withInterpreter } from "../../src/eager/interpreter.ts";
import { Tensor } from "../../src/eager/tensor.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import * as nn from "../../src/nn/index.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { Recorder } from "../../src/trace/recorder.ts";

const image = [2, 4, 6, 6];
const sequence = [2, 5, 4];
const layers: readonly (readonly [make: () => nn.Layer, shape: readonly number[]])[] = [
  [() => new nn.Conv2d(4, 2, 3, { padding: "same", paddingMode: "reflect" }), image],
  [() => new nn.ConvTranspose2d(4, 2, 3, { stride: 2, outputPadding: 1 }), image],
  [() => new nn.BatchNorm2d(4), image],
  [() => new nn.InstanceNorm2d(4, { affine: true }), image],
  [() => new nn.GroupNorm(2, 4), image],
  [() => new nn.LayerNorm(4), sequence],
  [() => new nn.RMSNorm(4), sequence],
  [() => new nn.AdaptiveAvgPool2d([4, 5]), image],
  [() => new nn.AdaptiveMaxPool2d([4, 5]), image],
  [() => new nn.Upsample({ scaleFactor: 2, mode: "bicubic" }), image],
  [() => new nn.Upsample({ size: 9, mode: "bilinear" }), image],
  [() => new nn.PixelShuffle(2), image],
  [() => new nn.PixelUnshuffle(3), image],
  [() => new nn.ReflectionPad2d([1, 2, 0, 1]), image],
  [() => new nn.Dropout2d(), image],
  [() => new nn.Sequential(new nn.Flatten(), new nn.Linear(144, 6), new nn.Unflatten(1, [2, 3])), image],
  [() => new nn.Softmin(-1), sequence],
  [() => new nn.GLU(), sequence],
  [() => new nn.PReLU(4), image],
  [() => new nn.LogSigmoid(), sequence],
  [() => new nn.Softshrink(), sequence],
  [() => new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 8, batchFirst: true }), sequence],
];

describe("layers that are recorded", () => {
  for (const [make, shape] of layers) {
    const layer = nn.seeded(0, make).eval();
    it(String(layer).split("\n")[0] ?? "", () => {
      const [x, other] = [1, 2].map((seed) => randn(shape, { seed })) as [Tensor, Tensor];
      const recorder = new Recorder({ kernels: true, names: new Map() });
      const result = withInterpreter(recorder, () => layer.forward(recorder.input("x", x)));
      recorder.graph.setOutputs([recorder.valueOf(result)], ["y"]);
      verifyGraph(recorder.graph);
      for (const input of [x, other]) {
        const y = asStorage(runGraph(recorder.graph, [Tensor.storageOf(input) as Storage])[0]);
        assert.ok(Tensor.fromStorage(y).equal(layer.forward(input)));
      }
    });
  }
});
