// Keys of published checkpoints, brought to those of a model.
import assert from "node:assert/strict";
import { type Tensor, tensor } from "../../src/index.ts";
import { adaptKeys, type KeyRules } from "../../src/models/checkpoint-keys.ts";
import { LayerNorm, Linear, Module } from "../../src/nn/index.ts";

class Inner extends Module {
  readonly fc = new Linear(1, 1, { bias: false });
  readonly norm = new LayerNorm(1);
  forward(x: Tensor): Tensor {
    return this.norm.forward(this.fc.forward(x));
  }
}
class Headed extends Module {
  readonly base = new Inner();
  readonly head = new Linear(1, 1, { bias: false });
  forward(x: Tensor): Tensor {
    return this.head.forward(this.base.forward(x));
  }
}

const rules: KeyRules = { base: "base", ignored: /^other_head\./, renamed: { "norm.gamma": "norm.weight", "norm.beta": "norm.bias" } };
const adapted = (model: Module, keys: readonly string[]) => [
  ...adaptKeys(model, new Map(keys.map((key) => [key, tensor([1])])), rules).keys(),
];

describe("keys of checkpoints", () => {
  const own = ["base.fc.weight", "base.norm.weight", "base.norm.bias", "head.weight"];

  it("stay where they fit", () => {
    assert.deepEqual(adapted(new Headed(), own), own);
  });

  it("gain the prefix of the model inside, or lose it", () => {
    assert.deepEqual(adapted(new Headed(), ["fc.weight", "head.weight"]), ["base.fc.weight", "head.weight"]);
    assert.deepEqual(adapted(new Inner(), ["base.fc.weight", "base.norm.bias"]), ["fc.weight", "norm.bias"]);
  });

  it("take today's names", () => {
    assert.deepEqual(adapted(new Inner(), ["base.norm.gamma", "norm.beta"]), ["norm.weight", "norm.bias"]);
  });

  it("are left out only where the family's rules say so; others stay, to be refused", () => {
    assert.deepEqual(adapted(new Inner(), ["fc.weight", "other_head.weight", "mystery.weight"]), ["fc.weight", "mystery.weight"]);
  });

  it("do not overwrite a key that stands there itself", () => {
    assert.deepEqual(adapted(new Headed(), ["base.fc.weight", "fc.weight"]), ["base.fc.weight", "fc.weight"]);
    assert.deepEqual(adapted(new Inner(), ["norm.gamma", "norm.weight"]), ["norm.gamma", "norm.weight"]);
  });
});
