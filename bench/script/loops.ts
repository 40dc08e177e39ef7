// What the passes on loops bring on ONNX Runtime: a recurrence over 100 rows as source writes it, against what becomes of it.

import { Tensor as Handle } from "../../src/eager/tensor.ts";
import { prepareOnnxRuntime } from "../../src/engines/onnxruntime/onnxruntime-engine.ts";
import { randn, script, stack, type Tensor, zeros } from "../../src/index.ts";
import { interleavedSettled, type Measured, pairedRatio } from "../figure.ts";

const rows = 100;
const width = 64;
const runs = 60;

export async function* loops(progress: (what: string) => void): AsyncGenerator<Measured> {
  const weight = randn([width, width], { seed: 1 }).mul(0.1);
  const model = (x: Tensor) => {
    const outputs: Tensor[] = [];
    let h = zeros([width]);
    for (let t = 0; t < (x.shape[0] as number); t++) {
      h = x.select(0, t).add(h.matmul(weight)).tanh();
      outputs.push(h);
    }
    return stack(outputs, 0);
  };
  progress("compiling");
  const inputs = { x: `float32[rows=4, ${width}]` };
  await using plain = await script(model, { inputs, engine: "interpreter", passes: [] });
  await using optimised = await script(model, { inputs, engine: "interpreter" });
  const x = [Handle.storageOf(randn([rows, width], { seed: 2 }))].filter((s) => s !== undefined);
  await using asWritten = await prepareOnnxRuntime(plain.graph, { threads: 1, disable: "all" });
  await using asLoop = await prepareOnnxRuntime(optimised.graph, { threads: 1, disable: ["loop-scan"] });
  await using asScan = await prepareOnnxRuntime(optimised.graph, { threads: 1 });
  progress("running");
  const [a = [], b = [], c = []] = await interleavedSettled(
    runs,
    () => asWritten.run(x),
    () => asLoop.run(x),
    () => asScan.run(x),
  );
  yield { name: `a recurrence over ${rows} rows: as written / with all passes`, unit: "×", bar: "≥ 1.5", ...pairedRatio(a, c) };
  yield { name: `a recurrence over ${rows} rows: as a counted Loop / as a Scan`, unit: "×", bar: "≥ 1.1", ...pairedRatio(b, c) };
}
