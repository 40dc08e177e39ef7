// A load for its parent to be measured beside: runs ResNet-152 on ONNX Runtime; prints a line when it begins.
import { randn, trace } from "../../src/index.ts";
import { resnet152 } from "../../src/models/index.ts";

const [threads, runs] = process.argv.slice(2).map(Number) as [number, number];
const x = randn([1, 3, 224, 224], { seed: 1 });
const traced = await trace(resnet152({ seed: 0 }).eval(), x, { threads });
await traced.run(x);
console.log("ready");
for (let i = 0; i < runs; i++) await traced.run(x);
await traced.close();
