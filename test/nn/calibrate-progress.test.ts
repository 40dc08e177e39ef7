import assert from "node:assert/strict";
import { nn, randn } from "../../src/index.ts";

describe("calibrate", () => {
  it("tells after each layer of each batch how far it is", () => {
    const model = new nn.Sequential(new nn.Conv2d(1, 2, 1), new nn.BatchNorm2d(2), new nn.BatchNorm2d(2));
    const told: string[] = [];
    nn.calibrate(
      model,
      [0, 1].map((seed) => randn([2, 1, 3, 3], { seed })),
      {
        onProgress: ({ done, total, layer, batch, batches }) => told.push(`${done}/${total} layer ${layer} batch ${batch}/${batches}`),
      },
    );
    assert.deepEqual(told, ["1/4 layer 1 batch 1/2", "2/4 layer 2 batch 1/2", "3/4 layer 1 batch 2/2", "4/4 layer 2 batch 2/2"]);
  });
});
