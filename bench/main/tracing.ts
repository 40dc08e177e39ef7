// What recording and the whole of trace() cost, in units of one eager run.
import { getThreads, randn, setThreads, trace } from "../../src/index.ts";
import { resnet152 } from "../../src/models/index.ts";
import { modelName, tensorNames } from "../../src/trace/model.ts";
import { record } from "../../src/trace/record.ts";
import { flattenArguments } from "../../src/trace/structure.ts";
import type { Measured } from "../figure.ts";
import { interleaved, median, pairedRatio, range, time } from "../figure.ts";

export async function* tracing(progress: (what: string) => void): AsyncIterable<Measured> {
  // The bars are in eager runs on one thread: on two, the unit itself shrinks.
  const threads = getThreads();
  setThreads(1);
  const x = randn([1, 3, 224, 224], { seed: 1 });
  const model = resnet152({ seed: 0 }).eval();
  const args = flattenArguments([x], ["x"]);
  const { names } = tensorNames(model, new Map());
  const subject = { model, args, modules: [...model.namedModules()], names, roots: new Map([[modelName(model), model]]) };
  progress("recording beside eager");
  const [recording = [], eager = []] = await interleaved(
    15,
    () => record(subject, { kernels: true }),
    () => model.forward(x),
  );
  yield { name: "recording ResNet-152 over one eager run, one thread", unit: "×", bar: "≤ 1.10", ...pairedRatio(recording, eager) };
  const base = median(eager);
  for (const [what, options, bar] of [
    ["trace() of ResNet-152", {}, "≤ 6"],
    ["trace() of ResNet-152 with a dynamic batch", { dynamic: { x: { 0: "batch" } } }, "≤ 10"],
  ] as const) {
    const ratios: number[] = [];
    for (let i = 0; i < 3; i++) {
      progress(`${what}, ${i + 1} of 3`);
      const one = ((await time(() => model.forward(x))) + base) / 2;
      const ms = await time(async () => {
        const traced = await trace(model, x, options);
        await traced.close();
      });
      ratios.push(ms / one);
    }
    yield { name: `${what}, in eager runs on one thread`, value: median(ratios), unit: "×", bar, spread: range(ratios, 2) };
  }
  setThreads(threads);
}
