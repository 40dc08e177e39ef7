import assert from "node:assert/strict";
import { adaptiveResNet } from "../../../examples/script/early-exit.ts";
import { cat, randn, type Tensor } from "../../../src/index.ts";
import { assertScripts, operatorsOf } from "../../support/scripted.ts";

const image = (contrast: number) => randn([1, 3, 32, 32], { seed: 1 }).mul(contrast);

describe("the ResNet of adaptive depth", () => {
  it("answers with the first classifier that is sure, and with the last when none is", () => {
    const model = adaptiveResNet();
    const { conv1, bn1, layer1, layer2, layer3, layer4, fc } = model.backbone;
    const depths = new Set<number>();
    for (const contrast of [0.1, 1.5, 2, 4]) {
      let x = bn1.forward(conv1.forward(image(contrast))).relu();
      const scores = [layer1, layer2, layer3, layer4].map((stage, i): Tensor => {
        x = stage.forward(x);
        return (i < 3 ? model.exits.at(i) : fc).forward(x.mean([2, 3]));
      });
      const sure = scores.findIndex((logits) => logits.softmax(1).amax().item() > 0.25);
      const expected = sure < 0 || sure > 3 ? 3 : sure;
      const { logits, stages } = model.forward(image(contrast));
      assert.equal(stages.item(), expected + 1);
      assert.deepEqual(logits.toArray(), (scores[expected] as Tensor).toArray());
      depths.add(expected + 1);
    }
    assert.ok(depths.size >= 3, `depths ${[...depths]}`);
  });

  it("leaves a batch early only when it is sure of every image", () => {
    const model = adaptiveResNet();
    const both = model.forward(cat([image(4), image(0.1)]));
    assert.equal(both.stages.item(), model.forward(image(0.1)).stages.item());
  });

  it("is one graph, in which the stages behind an exit are in a branch", async () => {
    const scripted = await assertScripts(
      adaptiveResNet(),
      [0.1, 1.5, 2, 4].map((contrast) => [image(contrast)]),
    );
    const outside = [...scripted.graph.nodes()].filter((node) => node.op === "Conv").length;
    const all = operatorsOf(scripted).filter((op) => op === "Conv").length;
    // The stem and the first stage, and all 20 convolutions of a ResNet-18.
    assert.deepEqual([outside, all], [5, 20]);
  }).timeout(120_000);
});
