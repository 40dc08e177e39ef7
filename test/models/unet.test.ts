// U-Net: counts and keys of the implementation it follows, odd sizes, both ways up.
import assert from "node:assert/strict";
import { randn, type Tensor, trace } from "../../src/index.ts";
import { unet } from "../../src/models/index.ts";
import { withoutInit } from "../../src/nn/index.ts";
import { parameterCount, shaken } from "../support/shaken.ts";

const small = { width: 4, numClasses: 3, channels: 2 };

describe("U-Net", () => {
  it("has the known parameter counts, with transposed convolutions and with interpolation", () => {
    const count = (options: Parameters<typeof unet>[0]) => parameterCount(withoutInit(() => unet(options)));
    assert.equal(count({ numClasses: 1 }), 31_037_633);
    assert.equal(count({ numClasses: 2 }), 31_037_698);
    assert.equal(count({ numClasses: 1, bilinear: true }), 17_262_977);
    assert.equal(count({ numClasses: 2, bilinear: true }), 17_263_042);
  });

  it("has the known keys", () => {
    const norm = (name: string) => ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"].map((key) => `${name}.${key}`);
    const double = (name: string) => [0, 3].flatMap((i) => [`${name}.double_conv.${i}.weight`, ...norm(`${name}.double_conv.${i + 1}`)]);
    assert.deepEqual(
      [
        ...withoutInit(() => unet())
          .stateDict()
          .keys(),
      ],
      [
        ...double("inc"),
        ...[1, 2, 3, 4].flatMap((i) => double(`down${i}.maxpool_conv.1`)),
        ...[1, 2, 3, 4].flatMap((i) => [`up${i}.up.weight`, `up${i}.up.bias`, ...double(`up${i}.conv`)]),
        "outc.conv.weight",
        "outc.conv.bias",
      ],
    );
  });

  it("gives every pixel scores, also where a size does not halve evenly", () => {
    for (const bilinear of [false, true]) {
      const model = unet({ ...small, bilinear, seed: 0 }).eval();
      for (const [height, width] of [
        [16, 32],
        [35, 49],
      ] as const)
        assert.deepEqual(model.forward(randn([2, 2, height, width], { seed: 1 })).shape, [2, 3, height, width]);
    }
  });

  it("brings the finest details over the first bridge", () => {
    // Without the way through the bottom (its last convolution's weights on those channels are 0), only the bridge is left.
    const model = shaken(unet({ ...small, seed: 0 }));
    const { weight } = model.up4.conv.double_conv.at(0) as unknown as { weight: Tensor };
    model.setParameter("up4.conv.double_conv.0.weight", weight.mul(randn([1, 8, 1, 1], { seed: 1 }).mul(0).add(bridgeOnly())));
    const x = randn([1, 2, 16, 16], { seed: 2 });
    const before = model.forward(x);
    model.setParameter("down4.maxpool_conv.1.double_conv.0.weight", randn([64, 32, 3, 3], { seed: 3 }));
    assert.deepEqual(model.forward(x).toArray(), before.toArray());
  });

  it("traces for every batch and size, checked on both engines", async () => {
    for (const bilinear of [false, true]) {
      const model = shaken(unet({ ...small, bilinear, seed: 0 }));
      const side = (name: string) => ({ name, min: 16 });
      const traced = await trace(model, randn([2, 2, 32, 48], { seed: 1 }), {
        dynamic: { x: { 0: "batch", 2: side("height"), 3: side("width") } },
      });
      try {
        for (const [height, width] of [
          [64, 16],
          [67, 33],
        ] as const) {
          const x = randn([1, 2, height, width], { seed: 2 });
          const expected = model.forward(x);
          const error = ((await traced.run(x)) as Tensor).sub(expected).abs().amax().item();
          assert.ok(error <= 1e-5 * expected.abs().amax().item(), `${error}`);
        }
      } finally {
        await traced.close();
      }
    }
  });
});

/** 1 for the four channels that the bridge brings, 0 for the rest. */
function bridgeOnly(): Tensor {
  return randn([1, 8, 1, 1], { seed: 1 }).mul(0).add(1).cumsum(1).le(4).float();
}
