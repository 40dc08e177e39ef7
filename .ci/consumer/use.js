// Uses the packed package as a stranger would, from plain JavaScript.
import assert from "node:assert/strict";
import { load, nn, randn, topk, trace } from "ingot";

class Net extends nn.Module {
  fc1 = new nn.Linear(8, 16);
  fc2 = new nn.Linear(16, 4);
  forward(x) {
    return this.fc2.forward(this.fc1.forward(x).relu());
  }
}

const model = new Net().eval();
const x = randn([3, 8], { seed: 1 });
const traced = await trace(model, x, { dynamic: { x: { 0: "batch" } } });
const eager = topk(model.forward(x), 2).indices.toArray();
assert.deepEqual(topk(await traced.run(x), 2).indices.toArray(), eager);
await traced.save("net.onnx");
await traced.close();
const again = await load("net.onnx");
assert.deepEqual(topk(await again.run(x), 2).indices.toArray(), eager);
console.log(`the package works (${again.engine})`);
await again.close();
