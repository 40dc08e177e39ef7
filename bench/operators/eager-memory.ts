// Memory of a model between its operators: eager, and on the interpreter, against what liveness asks for.
import { randn, trace } from "../../src/index.ts";
import { resnet152 } from "../../src/models/index.ts";
import { LivePool } from "../../src/ops/live-pool.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { interleaved, type Measured, median, pairedRatio, range } from "../figure.ts";
import { child, mib } from "./child.ts";
import { leftToV8 } from "./left-to-v8.ts";
import { largestLiveSet } from "./live-set.ts";

export async function* eagerMemory(progress: (what: string) => void): AsyncIterable<Measured> {
  const model = resnet152({ seed: 0 }).eval();
  const x = randn([1, 3, 224, 224], { seed: 1 });
  progress("the live sets of ResNet-152");
  const traced = await trace(model, x, { engine: "interpreter", passes: [] });
  const live = largestLiveSet(traced.graph);
  const pool = new LivePool();
  runGraph(traced.graph, [x.storage], { pool });
  await traced.close();
  yield {
    name: "memory that the interpreter allocates for ResNet-152's activations, in largest live sets",
    value: pool.allocatedBytes / live,
    unit: "×",
    bar: "≤ 1.5",
    spread: `${mib(pool.allocatedBytes)} for ${mib(live)}`,
  };
  if (process.platform === "linux") {
    for (const [task, what, bar] of [
      ["library", "of eager ResNet-152", "≤ 1.5"],
      ["plain", "of eager ResNet-152 written with plain calls, collected by V8", ""],
    ] as const) {
      progress(`peak memory, ${task}`);
      const peaks = Array.from({ length: 5 }, () => child<{ peak: number }>("eager-memory-child.ts", task).peak);
      yield {
        name: `peak memory ${what} above its weights, in largest live sets`,
        value: median(peaks) / live,
        unit: "×",
        bar,
        spread: `${peaks.map(mib).join(", ")} for ${mib(live)}`,
      };
    }
  } else progress("peak memory needs Linux: it is read from /proc");
  progress("time");
  const [ours = [], plain = []] = await interleaved(
    8,
    () => model.forward(x),
    () => leftToV8(() => model.forward(x)),
  );
  yield {
    name: "time of eager ResNet-152 that gives memory back, against plain calls",
    ...pairedRatio(ours, plain),
    unit: "×",
    bar: "≤ 1.02",
  };
  yield { name: "eager ResNet-152, plain calls", value: median(plain) / 1000, unit: "s", bar: "", spread: range(plain) };
}
