// Uses the packed package as a stranger would, from plain JavaScript. The argument is the engine that is expected here.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { EngineError, IngotError, load, randn, topk, trace, verifyCertificate } from "ingot";
import { resnet18 } from "ingot/models";
import Digits from "./model.js";

const [engine] = process.argv.slice(2);
const best = (scores) => topk(scores, 3).indices.toArray();

const model = new Digits().eval();
const x = randn([3, 1, 8, 8], { seed: 1 });
const traced = await trace(model, x, { dynamic: { image: { 0: "batch" } } });
assert.equal(traced.engine, engine);
const eager = best(model.forward(x));
assert.deepEqual(best(await traced.run(x)), eager);
await traced.save("digits.onnx");
await traced.close();
await assert.rejects(traced.run(x), IngotError);

const again = await load("digits.onnx");
assert.equal(again.engine, engine);
assert.deepEqual(best(await again.run(x)), eager);
const many = await Promise.all([1, 2, 5].map((n) => again.run(randn([n, 1, 8, 8], { seed: n }))));
assert.deepEqual(
  many.map((y) => y.shape),
  [
    [1, 10],
    [2, 10],
    [5, 10],
  ],
);
await again.close();
assert.ok((await verifyCertificate("digits.onnx")).ok);

const forced = trace(model, x, { engine: "onnxruntime" });
if (engine === "onnxruntime") await (await forced).close();
else await assert.rejects(forced, (error) => error instanceof EngineError && /npm install onnxruntime-node/.test(error.message));

await assert.rejects(again.save("digits.pt"), IngotError);
assert.ok(!existsSync("digits.pt"));
const zoo = resnet18({ seed: 0 }).eval();
assert.deepEqual(zoo.forward(randn([1, 3, 64, 64], { seed: 2 })).shape, [1, 1000]);
console.log(`the package works from JavaScript (${engine})`);
