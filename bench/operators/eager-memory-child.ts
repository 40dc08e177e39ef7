// Peak memory of ResNet-152 eager, above that of the process with its weights. `plain`: as a user would write the network.
import { randn, setThreads } from "../../src/index.ts";
import { resnet152 } from "../../src/models/index.ts";
import { forgetPeak, resident, settle } from "./child.ts";
import { leftToV8 } from "./left-to-v8.ts";

// The memory in which several threads compute is as large as all of this, and there once whatever the model.
setThreads(1);
const model = resnet152({ seed: 0 }).eval();
const x = randn([1, 3, 224, 224], { seed: 1 });
const run = process.argv[2] === "plain" ? () => leftToV8(() => model.forward(x)) : () => model.forward(x);
// Compiles the code and fills V8's own heap, with activations of a fortieth of the size.
for (let i = 0; i < 20; i++) model.forward(randn([1, 3, 32, 32], { seed: 1 }));
await settle();
const before = resident("VmRSS");
forgetPeak();
for (let i = 0; i < 3; i++) run();
console.log(JSON.stringify({ peak: resident("VmHWM") - before }));
