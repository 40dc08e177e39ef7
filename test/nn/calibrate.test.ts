// calibrate: running statistics of real batches, and everything else left as it was.
import assert from "node:assert/strict";
import { ones, randn } from "../../src/eager/create.ts";
import type { Tensor } from "../../src/eager/tensor.ts";
import * as nn from "../../src/nn/index.ts";

class Net extends nn.Module {
  conv = new nn.Conv2d(3, 4, 3, { bias: false });
  bn1 = new nn.BatchNorm2d(4);
  drop = new nn.Dropout();
  bn2 = new nn.BatchNorm2d(4, { momentum: 0.3 });
  fails = false;
  forward(x: Tensor): Tensor {
    const y = this.bn2.forward(this.drop.forward(this.bn1.forward(this.conv.forward(x)).relu()));
    if (this.fails) throw new Error("broken");
    return y;
  }
}
const images = (seed: number) => randn([8, 3, 6, 6], { seed }).mul(2).add(1);
const dims = [0, 2, 3];

describe("calibrate", () => {
  it("makes the activations of each BatchNorm layer standard in eval mode, on the images given", () => {
    const net = nn.calibrate(nn.seeded(0, () => new Net()).eval(), images(1));
    const y = net.forward(images(1));
    // Not exactly: eval mode divides by the unbiased variance, of 128 values per channel here.
    assert.ok(y.mean(dims).abs().amax().item() < 0.01);
    assert.ok(y.var(dims).sub(1).abs().amax().item() < 0.02);
  });

  it("keeps the mean over several batches", () => {
    const net = nn.calibrate(
      nn.seeded(0, () => new Net()),
      [images(1), images(2)],
    );
    const first = (seed: number) => net.conv.forward(images(seed));
    const mean = first(1).mean(dims).add(first(2).mean(dims)).div(2);
    assert.ok((net.bn1.running_mean as Tensor).allclose(mean, { atol: 1e-5 }));
    const variance = first(1).var(dims).add(first(2).var(dims)).div(2);
    assert.ok((net.bn1.running_var as Tensor).allclose(variance, { rtol: 1e-4 }));
  });

  it("puts modes and momenta back, does not drop, and says how far it is", () => {
    const net = nn.seeded(0, () => new Net());
    net.drop.training = false;
    const seen: string[] = [];
    nn.calibrate(net, [images(1), images(2)], { onProgress: ({ done, total, layer }) => void seen.push(`${layer} ${done}/${total}`) });
    assert.deepEqual(seen, ["bn1 1/4", "bn2 2/4", "bn1 3/4", "bn2 4/4"]);
    assert.deepEqual([net.training, net.drop.training, net.bn1.momentum, net.bn2.momentum], [true, false, 0.1, 0.3]);
    assert.equal(Object.hasOwn(net.bn1, "forward"), false);
    const again = nn.calibrate(
      nn.seeded(0, () => new Net()),
      [images(1), images(2)],
    );
    assert.ok((again.bn2.running_var as Tensor).equal(net.bn2.running_var as Tensor));
  });

  it("leaves the statistics alone when the model throws", () => {
    const net = new Net();
    net.fails = true;
    assert.throws(() => nn.calibrate(net, images(1)), /broken/);
    assert.deepEqual([net.bn1.running_mean?.toArray(), net.bn1.num_batches_tracked?.item()], [[0, 0, 0, 0], 0]);
    assert.equal(Object.hasOwn(net.bn1, "forward"), false);
  });

  it("refuses a model without BatchNorm, and no images", () => {
    assert.throws(() => nn.calibrate(new nn.Sequential(new nn.ReLU()), ones([1, 1])), {
      code: "NothingToCalibrate",
      summary: /has no BatchNorm/,
    });
    assert.throws(() => nn.calibrate(new Net(), []), { code: "NothingToCalibrate", summary: /no images/ });
  });
});
