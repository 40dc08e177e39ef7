// ResNet-152 as a user would write it, without `through` and `residual`: what passes between its layers is for V8 to collect.
import type { Tensor } from "../../src/index.ts";
import { Bottleneck, ResNet } from "../../src/models/resnet.ts";
import { Sequential } from "../../src/nn/container.ts";

const methods: readonly [target: object, forward: (this: never, x: Tensor) => Tensor][] = [
  [
    Sequential.prototype,
    function (this: Sequential, x) {
      let y = x;
      for (const layer of this) y = layer.forward(y);
      return y;
    },
  ],
  [
    Bottleneck.prototype,
    function (this: Bottleneck, x) {
      let out = this.relu.forward(this.bn1.forward(this.conv1.forward(x)));
      out = this.relu.forward(this.bn2.forward(this.conv2.forward(out)));
      out = this.bn3.forward(this.conv3.forward(out));
      return this.relu.forward(out.add(this.downsample ? this.downsample.forward(x) : x));
    },
  ],
  [
    ResNet.prototype,
    function (this: ResNet, x) {
      const stem = this.maxpool.forward(this.relu.forward(this.bn1.forward(this.conv1.forward(x))));
      const maps = this.layer4.forward(this.layer3.forward(this.layer2.forward(this.layer1.forward(stem))));
      return this.fc.forward(this.avgpool.forward(maps).flatten(1));
    },
  ],
];

/** Runs `body` with those methods in place of the library's. */
export function leftToV8<T>(body: () => T): T {
  const before = methods.map(([target]) => Reflect.get(target, "forward"));
  for (const [target, forward] of methods) Reflect.set(target, "forward", forward);
  try {
    return body();
  } finally {
    methods.forEach(([target], i) => {
      Reflect.set(target, "forward", before[i]);
    });
  }
}
