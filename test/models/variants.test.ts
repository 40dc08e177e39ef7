import assert from "node:assert/strict";
import { manualSeed } from "../../src/eager/create.ts";
import { allclose, cat, randn, Tensor } from "../../src/index.ts";
import { byName, densenet121, googlenet, inceptionV3, mobilenetV3Small, modelNames, regnetY400mf, swinT } from "../../src/models/index.ts";
import { StochasticDepth } from "../../src/models/stochastic-depth.ts";
import { isModule } from "../../src/nn/index.ts";

describe("the zoo", () => {
  it("makes a model of every name, with one score per class", () => {
    for (const name of ["squeezenet1_1", "shufflenet_v2_x0_5", "mobilenet_v3_small"] as const) {
      const scores = byName(name)({ seed: 0, numClasses: 7 })
        .eval()
        .forward(randn([2, 3, 64, 64], { seed: 1 }));
      assert.deepEqual(scores.shape, [2, 7], name);
    }
    assert.ok(modelNames.length >= 65);
    assert.throws(() => byName("resnet99"), /resnet99.*resnet18/s);
  });

  it("draws the same initial weights for the same seed", () => {
    const [a, b, c] = [4, 4, 5].map((seed) => mobilenetV3Small({ seed }).stateDict().get("features.0.0.weight") as Tensor);
    assert.deepEqual(a?.toArray(), b?.toArray());
    assert.notDeepEqual(a?.toArray(), c?.toArray());
  });

  it("gives the scores of auxiliary heads beside the main ones", () => {
    const x = randn([1, 3, 96, 96], { seed: 1 });
    const model = googlenet({ seed: 0 }).eval();
    const all = model.forwardWithAuxiliary(x);
    assert.deepEqual(
      [all.auxLogits1.shape, all.auxLogits2.shape],
      [
        [1, 1000],
        [1, 1000],
      ],
    );
    assert.deepEqual(all.logits.toArray(), model.forward(x).toArray());
  });

  it("scales the input of the Inception networks where asked, as the published weights want", () => {
    const x = randn([1, 3, 80, 80], { seed: 1 });
    const plain = inceptionV3({ seed: 0 }).eval();
    const scaled = inceptionV3({ seed: 0, transformInput: true }).eval();
    const [r, g, b] = [0, 1, 2].map((c) => x.narrow(1, c, 1)) as [Tensor, Tensor, Tensor];
    // (x·0.229 + 0.485 − 0.5) / 0.5 for red: from mean 0.485 and deviation 0.229 to mean 0.5 and deviation 0.5.
    const byHand = [r.mul(0.458).add(-0.03), g.mul(0.448).add(-0.088), b.mul(0.45).add(-0.188)];
    const expected = plain.forward(cat(byHand, 1));
    assert.ok(allclose(scaled.forward(x), expected, { rtol: 1e-3, atol: 1e-4 }));
  });

  it("prints its layers as torchvision's are named", () => {
    const text = String(regnetY400mf({ seed: 0 }));
    assert.match(text, /\(stem\): Conv2dNormActivation\(/);
    assert.match(text, /\(block1-0\): ResBottleneckBlock\(/);
    assert.match(String(densenet121({ seed: 0 })), /\(denselayer6\): _DenseLayer\(/);
    assert.ok(isModule(swinT({ seed: 0 })));
  });
});

describe("stochastic depth", () => {
  it("does nothing in eval mode", () => {
    const x = randn([4, 2], { seed: 1 });
    assert.equal(new StochasticDepth(0.9).eval().forward(x), x);
  });

  it("keeps or drops whole samples in train mode, and keeps the mean", () => {
    manualSeed(3);
    const rows = new StochasticDepth(0.25).forward(Tensor.fromStorage(randn([400, 3], { seed: 1 }).mul(0).add(1).storage));
    const values = rows.toArray() as number[][];
    for (const row of values) assert.ok(row.every((v) => v === row[0]) && (row[0] === 0 || Math.abs((row[0] as number) - 4 / 3) < 1e-6));
    const kept = values.filter((row) => row[0] !== 0).length;
    assert.ok(kept > 260 && kept < 340, `${kept} of 400 kept`);
  });
});
