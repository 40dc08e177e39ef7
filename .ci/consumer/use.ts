// Uses the public surface as a stranger's strict program would: it has to type-check, declarations included, and to run.
import assert from "node:assert/strict";
import { type CompiledModule, type DType, IngotError, nn, randn, type Tensor, tensor, topk, trace } from "ingot";
import { preprocessRgb } from "ingot/image";
import * as models from "ingot/models";
import { Linear, Module } from "ingot/nn";
import Mlp from "./model.js";

class Net extends Module {
  fc = new Linear(8, 4);
  forward(x: Tensor, scale: Tensor): { readonly scores: Tensor; readonly parts: [Tensor, Tensor] } {
    const scores = this.fc.forward(x).mul(scale);
    return { scores, parts: [scores.relu(), scores.neg()] };
  }
}

const net = new Net().eval();
const [x, scale] = [randn([2, 8], { seed: 1 }), tensor([2])];
const traced = await trace(net, [x, scale]);
const { scores, parts }: { readonly scores: Tensor; readonly parts: [Tensor, Tensor] } = await traced.run([x, scale]);
assert.deepEqual(topk(scores, 2).indices.toArray(), topk(net.forward(x, scale).scores, 2).indices.toArray());
assert.deepEqual(parts[1].shape, [2, 4]);
await traced.close();

const mlp: CompiledModule<Tensor> = await trace(new Mlp().eval(), randn([3, 8], { seed: 2 }));
const control = new AbortController();
const best: Tensor = topk(await mlp.run(randn([3, 8], { seed: 3 }), { signal: control.signal }), 2).indices;
const dtype: DType = best.dtype;
assert.equal(dtype, "int64");
assert.equal(typeof mlp.code, "string");
await mlp.close();

try {
  net.fc.forward(randn([2, 3], { seed: 1 }));
  assert.fail("a wrong shape was taken");
} catch (error) {
  assert.ok(error instanceof IngotError && error.hint.length > 0);
}
assert.equal(typeof preprocessRgb, "function");
assert.equal(typeof models.resnet152, "function");
assert.ok(new nn.ReLU() instanceof nn.Module);
console.log("the package works from TypeScript");
