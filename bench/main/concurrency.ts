// Two runs at once on one compiled module, one engine thread each.
import { randn, trace } from "../../src/index.ts";
import { resnet152 } from "../../src/models/index.ts";
import type { Measured } from "../figure.ts";
import { interleaved, pairedRatio } from "../figure.ts";

export async function* concurrency(progress: (what: string) => void): AsyncIterable<Measured> {
  progress("two runs at once");
  const x = randn([1, 3, 224, 224], { seed: 1 });
  const traced = await trace(resnet152({ seed: 0 }).eval(), x, { threads: 1 });
  const [one = [], two = []] = await interleaved(
    15,
    () => traced.run(x),
    () => Promise.all([traced.run(x), traced.run(x)]),
  );
  yield {
    name: "throughput of two concurrent runs over one, ResNet-152, one thread each",
    unit: "×",
    bar: "≥ 1.7",
    ...pairedRatio(
      one.map((ms) => 2 * ms),
      two,
    ),
  };
  await traced.close();
}
