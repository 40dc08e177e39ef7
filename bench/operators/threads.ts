// Two threads beside one: a product, the convolutions of ResNet-152 by themselves, and whole models.
import { availableParallelism } from "node:os";
import { getThreads, matmul, randint, randn, setThreads } from "../../src/index.ts";
import { convF32 } from "../../src/kernels/conv.ts";
import { bertBaseUncased, resnet152 } from "../../src/models/index.ts";
import { traceGraph } from "../../src/trace/trace-graph.ts";
import type { Measured } from "../figure.ts";
import { interleaved, pairedRatio } from "../figure.ts";
import { convolutionsOf } from "./conv-layers.ts";

export async function* threads(progress: (what: string) => void): AsyncIterable<Measured> {
  if (availableParallelism() < 2) return progress("this machine has one core");
  const before = getThreads();
  try {
    const square = randn([512, 512], { seed: 1 });
    yield* besideOne("matmul 512³", () => matmul(square, square), 101, "≥ 1.6", progress);
    const model = resnet152({ seed: 0 }).eval();
    const x = randn([1, 3, 224, 224], { seed: 1 });
    const layers = convolutionsOf(traceGraph(model, x).graph);
    // Results go where others were, as in the model: its layers give their memory back.
    const y = new Float32Array(Math.max(...layers.map((layer) => convF32(layer).length)));
    const all = () => {
      for (const layer of layers) convF32({ ...layer, y });
    };
    yield* besideOne(`the ${layers.length} convolutions of ResNet-152`, all, 15, "≥ 1.6", progress);
    yield* besideOne("eager ResNet-152", () => model.forward(x), 15, "≥ 1.6", progress);
    const text = randint(0, 30_000, [1, 128], { seed: 1, dtype: "int64" });
    const bert = bertBaseUncased({ seed: 0 }).eval();
    yield* besideOne("eager BERT-base, sequence 128", () => bert.forward(text), 15, "≥ 1.6", progress);
  } finally {
    setThreads(before);
  }
}

async function* besideOne(
  name: string,
  body: () => unknown,
  rounds: number,
  bar: string,
  progress: (what: string) => void,
): AsyncIterable<Measured> {
  progress(name);
  const on = (count: number) => () => {
    setThreads(count);
    return body();
  };
  const [one = [], two = []] = await interleaved(rounds, on(1), on(2));
  yield { name: `${name}: two threads over one`, unit: "×", bar, ...pairedRatio(one, two) };
}
